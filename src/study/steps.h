// Running the steps of a study.
#pragma once

#include <span>

#include "study/work_plan.h"

namespace cellm {

// Tokens of a speed measurement.
inline constexpr std::size_t kSpeedPrompt = 128;
inline constexpr std::size_t kSpeedDecode = 64;

// Runs steps, which need not be neighbours in the list, and stores their results in study.steps.
// The results that they read must exist: throws Error(kData) naming the missing step otherwise.
// Passes on errors of conversion, evaluation and the hooks.
void run_steps(Study& study, std::span<const StudyStep> steps);

// Writes the stored quality of each file of the study into its header, unless it is there.
void store_qualities(const Study& study);

}  // namespace cellm
