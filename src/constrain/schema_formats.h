// Formats of strings in JSON schemas.
#pragma once

#include <string_view>

namespace cellm {

// A pattern whose texts are all of a format; empty: the format is not supported.
//   date, time, date-time   RFC 3339, without leap seconds and years below 1000
//   uuid                    RFC 4122
//   ipv4                    RFC 2673, section 3.2
//   email                   RFC 5321 without quoted local parts and address literals, of
//                           lengths that are always allowed
std::string_view format_pattern(std::string_view format);

}  // namespace cellm
