// Structure-aware mutations, which libFuzzer does not provide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "harness.h"
#include "io/json.h"

namespace cellm::fuzz {

// A number below `count`, which is not 0.
std::size_t pick(Random& random, std::size_t count);
// True with probability 1 / `every`.
inline bool once_in(Random& random, std::size_t every) {
  return pick(random, every) == 0;
}
// Boundary values for sizes, counts and offsets.
std::uint64_t odd_number(Random& random);

// Makes one to four changes to a document: replaces a value by one of another kind or size, swaps
// two values, or renames (also to one of `keys`), duplicates, removes or adds a member.
void mutate_json(Json& document, std::span<const std::string_view> keys, Random& random);
// The same for JSON text; other text is returned unchanged.
std::string mutate_json_text(const std::string& text, std::span<const std::string_view> keys,
                             Random& random);

// A container with a length-prefixed JSON header: changes the table of tensors or the payload, and
// most of the time repairs length, offsets and checksums.
std::string mutate_safetensors(const std::string& file, Random& random);
std::string mutate_cellm(const std::string& file, Random& random);
// A GGUF file: changes a count, length, type or value, or duplicates or removes a whole entry.
std::string mutate_gguf(const std::string& file, Random& random);

}  // namespace cellm::fuzz
