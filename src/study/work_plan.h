// The work of a study in tokens through the model, for the time left.
#pragma once

#include "study/state.h"

namespace cellm {

// Relative to a prompt's token: one generated in a batch; then the overhead of converting and of a
// speed measurement, in tokens.
inline constexpr double kGeneratedWeight = 1.3;
inline constexpr double kConvertWork = 400.0;
inline constexpr double kSpeedRunWork = 1200.0;

// Models that are evaluated side by side, so that the reference runs once for all of them. More
// would need more memory and lose more work when interrupted.
inline constexpr std::size_t kFormatsTogether = 4;

// Writing the texts of one row.
double coherence_work(const Study& study);
// Measuring the sensitivity of one row to each part of the model.
double parts_work(Study& study);

// Adds the work of all steps without a stored result to study.work.
void plan_work(Study& study);

}  // namespace cellm
