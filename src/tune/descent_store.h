// Checkpoint file of an unfinished training, beside its output.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "tune/descent.h"

namespace cellm {

// Writes the file atomically; about four times the bytes of the parameters. `key` identifies the
// model, text and options of the training. Throws Error(kResources) for a full disk.
void store_descent(const std::filesystem::path& path, std::string_view key,
                   const DescentState& state);

// Empty if there is no such file, its key differs, or it is damaged. `parameters`: the trained
// parameters, whose sizes the state must match.
std::optional<DescentState> load_descent(const std::filesystem::path& path, std::string_view key,
                                         const std::vector<Parameter>& parameters,
                                         const std::vector<std::size_t>& chosen);

}  // namespace cellm
