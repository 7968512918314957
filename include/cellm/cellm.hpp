// cellm: language models of few bits per weight on CPUs. The C++ interface.
#pragma once

#include <string_view>

#include <cellm/export.h>

namespace cellm {

// The version of the library, "MAJOR.MINOR.PATCH".
CELLM_API std::string_view version();

}  // namespace cellm
