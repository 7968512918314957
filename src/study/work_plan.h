// The work of a study in tokens through the model, for the time left.
#pragma once

#include "study/state.h"

namespace cellm {

// Decoding in a batch is a little slower than a prompt, a process of its own has to load.
inline constexpr double kGeneratedWeight = 1.3;
inline constexpr double kConvertWork = 400.0;
inline constexpr double kSpeedRunWork = 1200.0;

// Models that are evaluated side by side: the reference then runs once for all of them. More would
// lose more when interrupted, and need more memory.
inline constexpr std::size_t kFormatsTogether = 4;

// Writing the texts of one row.
double coherence_work(const Study& study);
// Measuring the sensitivity of one row to each part of the model.
double parts_work(Study& study);

// Adds the work of all steps without a stored result to study.work.
void plan_work(Study& study);

}  // namespace cellm
