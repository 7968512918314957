// The steps of a study that run texts through its files.
#pragma once

#include <span>

#include "study/work_plan.h"

namespace cellm {

// The engine of a file of the study.
Engine study_engine(const Study& study, const std::filesystem::path& file, Activations activations);

// Evaluates the rows of the steps (kEvaluate), several together.
void evaluate_rows(Study& study, std::span<const StudyStep> steps);
// kScore, kMerge and kFloor.
void score_part(Study& study, const StudyStep& step);
void merge_scores(Study& study, const StudyStep& step);
void evaluate_floor(Study& study, const StudyStep& step);

}  // namespace cellm
