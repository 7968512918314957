// Name and version in --version and in written files.
#pragma once

#include <string_view>

namespace cellm {

inline constexpr std::string_view kProgramVersion = "cellm 0.1.0";

}  // namespace cellm
