// The reports of infer about a finished answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/surface.h"

namespace cellm {

struct Answer {
  const std::string& text;
  const std::vector<std::uint32_t>& prompt;
  const std::vector<std::uint32_t>& ids;
  const GenerateResult& result;
  std::uint64_t seed;
  double load_seconds;
};

// One JSON object on stdout, with the log probabilities if the result has them.
void print_json(const Answer& answer, const Model& model);
// One line on stderr.
void print_statistics(const Answer& answer);

}  // namespace cellm
