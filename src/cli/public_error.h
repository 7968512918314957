// Errors of the public interface in a program that reports those of the library.
#pragma once

#include <cellm/cellm.h>

namespace cellm {

// Throws the library's Error of the same kind and advice.
[[noreturn]] void throw_error(cellm_status status, const char* message, cellm_advice advice);

}  // namespace cellm
