// What this program calls itself, in --version and in the files that it writes.
#pragma once

#include <string_view>

namespace cellm {

inline constexpr std::string_view kProgramVersion = "cellm 0.1.0";

}  // namespace cellm
