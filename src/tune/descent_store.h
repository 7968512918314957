// Keeping an unfinished descent in a file beside its output, so that it can go on after a kill.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "tune/descent.h"

namespace cellm {

// Writes the file whole or not at all; about four times the bytes of the parameters. `key` says
// what the state depends on. Throws Error(kResources) for a full disk.
void store_descent(const std::filesystem::path& path, std::string_view key,
                   const DescentState& state);

// Nothing if there is no such file, or one of another key, or one that is damaged: then a descent
// begins anew. `parameters`: sizes of what is trained, which a state must have.
std::optional<DescentState> load_descent(const std::filesystem::path& path, std::string_view key,
                                         const std::vector<Parameter>& parameters,
                                         const std::vector<std::size_t>& chosen);

}  // namespace cellm
