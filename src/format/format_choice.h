// The choice of a format for a tensor, and its textual form.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "format/format_id.h"
#include "format/format_spec.h"

namespace cellm {

// A format and, if it has scales, how many weights share one: 0 means the whole row.
struct FormatChoice {
  FormatId format = FormatId::kF16;
  std::size_t group = 0;

  bool operator==(const FormatChoice&) const = default;
};

// Limits of a group in a name.
inline constexpr std::size_t kMinGroup = 8;
inline constexpr std::size_t kMaxGroup = 1024;

// Whether cellm encodes the format, so that it can be chosen. The others (f32, some block
// formats) are only read and kept.
bool is_encodable(const FormatSpec& spec);

// A format's name or dtype, followed by "-gN" if it allows groups of any size: "f16", "int4",
// "int4-g32", "i4-g32". Throws Error(kUsage) listing the formats that cellm encodes, and
// `alternative`, a word that the caller takes in place of a name.
FormatChoice parse_format_choice(std::string_view name, std::string_view alternative = {});
// The name, as parse_format_choice() takes it.
std::string format_choice_name(const FormatChoice& choice);

// The names of the formats that cellm encodes, for help texts and messages: "f16, int8, int4, ...".
std::string encodable_format_names();
// The same one by one, with the usual groups: "f16", "int4", "int4-g32", ...
std::vector<std::string> encodable_formats();

// The group that a row of `cols` weights gets: the largest divisor of cols up to choice.group,
// since version 1 of the file knows equal groups only; cols for a group of 0. Throws Error(kUsage),
// naming `tensor`, if the divisors leave only tiny groups.
std::size_t group_for(const FormatChoice& choice, std::size_t cols, std::string_view tensor);

}  // namespace cellm
