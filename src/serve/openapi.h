// The description of the interface, in OpenAPI 3.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kOpenApi;

}  // namespace cellm
