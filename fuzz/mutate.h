// Mutations that know what they change: the part that libFuzzer's own cannot do.
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
// True once in `every` times.
inline bool once_in(Random& random, std::size_t every) {
  return pick(random, every) == 0;
}
// Values at which sizes, counts and offsets go wrong.
std::uint64_t odd_number(Random& random);

// Changes one to four places of a document: a value replaced by one of another kind or size, two
// exchanged, a member renamed (also to one of `keys`), repeated, removed or added.
void mutate_json(Json& document, std::span<const std::string_view> keys, Random& random);
// The same for JSON text; text that is no JSON comes back as it is.
std::string mutate_json_text(const std::string& text, std::span<const std::string_view> keys,
                             Random& random);

// A container whose header is a JSON text behind a length: changes the table of tensors or the
// payload, and puts length, offsets and checksums right again, most of the time.
std::string mutate_safetensors(const std::string& file, Random& random);
std::string mutate_cellm(const std::string& file, Random& random);
// A GGUF file: one of its counts, lengths, types or values, or a whole entry repeated or removed.
std::string mutate_gguf(const std::string& file, Random& random);

}  // namespace cellm::fuzz
