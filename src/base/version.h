// The project's version, which the top CMakeLists.txt holds.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kVersion;         // "1.2.3"
extern const std::string_view kProgramVersion;  // "cellm 1.2.3": in --version and in written files

}  // namespace cellm
