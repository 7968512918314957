// printable() without base/error.h, for sources that use the class Error of the public interface.
#pragma once

#include <string>
#include <string_view>

namespace cellm {

std::string printable(std::string_view text);

}  // namespace cellm
