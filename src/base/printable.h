// printable() of base/error.h by itself, for sources that have another class Error in view.
#pragma once

#include <string>
#include <string_view>

namespace cellm {

std::string printable(std::string_view text);

}  // namespace cellm
