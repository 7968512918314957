// The public C++ interface, for commands that are its clients. A file that includes this one
// includes no header of the engine or of errors, whose classes have the same names: Error would be
// ambiguous (docs/decisions/0073).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <cellm/cellm.hpp>
#include <fmt/format.h>

#include "cli/command.h"

namespace cellm {

// A command whose errors are those of the public interface, for run_program().
Run public_run(Run run);

// throw failure(status, "format", args...) in one call.
template <class... Args>
Error failure(cellm_status status, fmt::format_string<Args...> format, Args&&... args) {
  return {status, fmt::format(format, std::forward<Args>(args)...)};
}

// Parse the values of --activations ("int8", "fast", "f32"), --kv-encoding ("f16", "turboquant",
// "f32") and --lookup ("auto", "on", "off"). Throw Error.
cellm_activations activations_named(std::string_view name);
cellm_kv_encoding kv_encoding_named(std::string_view name);
cellm_lookup lookup_named(std::string_view name);

}  // namespace cellm
