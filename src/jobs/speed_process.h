// Speed and memory of a file in a process of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "study/study.h"

namespace cellm {

// Runs `program infer`, the cellm program: processes the prompt, then generates `tokens` tokens,
// ignoring end tokens. Throws Error(kOther) if the program fails, Error(kData) for output of
// another form.
SpeedMeasurement measure_speed(const std::filesystem::path& program,
                               const std::filesystem::path& file,
                               const std::vector<std::uint32_t>& prompt, std::size_t tokens,
                               unsigned threads);

}  // namespace cellm
