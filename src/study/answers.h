// The answers of each row's model to questions with known answers.
#pragma once

#include <string>

#include "io/json.h"
#include "study/work_plan.h"

namespace cellm {

// Reads study.questions. Throws as read_questions().
void read_questions_of(Study& study);

// kAnswer.
void answer_questions(Study& study, const StudyStep& step);
// The key of a row's step.
std::string answers_key(const Study& study, const StudyRow& row);

// The figures of a row for the document: without the single answers and the time, with those
// relative to the answers of the 16-bit model, and with "outcomes", a character for each question:
// "r" right, "l" not right and looping, "w" wrong otherwise. Null if there are no questions.
nlohmann::ordered_json answers_json(const Study& study, const StudyRow& row);

}  // namespace cellm
