// How a person names a format for a tensor.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "format/tensor.h"

namespace cellm {

// A format and, if it has scales, how many weights share one: 0 means the whole row.
struct FormatChoice {
  FormatId format = FormatId::kF16;
  std::size_t group = 0;

  bool operator==(const FormatChoice&) const = default;
};

// "f16", "int8", "int4", "int4-g32" (any group from 8 to 1024), "int2", "q1", "fp8", "t4", "t3",
// "t2", "t1h", "t1".
// Throws Error(kUsage) listing them.
FormatChoice parse_format_choice(std::string_view name);
std::string format_choice_name(const FormatChoice& choice);

// The group that a row of `cols` weights gets: the largest divisor of cols up to choice.group,
// since version 1 knows equal groups only; cols for a group of 0. Throws Error(kUsage), naming
// `tensor`, if the divisors leave only tiny groups.
std::size_t group_for(const FormatChoice& choice, std::size_t cols, std::string_view tensor);

}  // namespace cellm
