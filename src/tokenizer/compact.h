// A TokenizerSpec as bytes: the compact form inside of .cellm files, which loads fast.
//
// All integers are little-endian and unsigned; "text" is a u32 length and that many bytes of UTF-8.
//
//   u32      magic, "CTOK"
//   u32      version, 1
//   u32      flags: 1 NFC, 2 ignore_merges
//   u32      number of ids in the vocabulary, n
//   n × u16  bytes of each piece, 0 for an unused id
//   u32      bytes of all pieces; then the pieces in the byte alphabet, without separators
//   u32      number of merges, m; then m × (u32 left id, u32 right id), by rank
//   u32      number of added tokens; for each: u32 id, u8 flags (1 special, 2 single_word,
//            4 lstrip, 8 rstrip, 16 normalized), text content
//   u32      number of pre-tokenizer steps; for each: u8 kind, u8 flags, and for a Split:
//            u8 behavior (a SplitBehavior), text pattern. Kind 1 is Split (flags 1 regex,
//            2 invert), kind 2 Digits (1 individual), kind 3 ByteLevel (1 add_prefix_space,
//            2 use_regex)
//   u32      number of ids that the template puts before the text; then u32 each
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"

namespace cellm {

// The spec must have passed check_tokenizer_spec(), as the spec of a Tokenizer has.
std::vector<std::byte> serialize_tokenizer(const TokenizerSpec& spec);

// Throws Error(kData) for damaged bytes, Error(kUnsupported) for another version; `source` names
// the file. The consistency of the parts is checked when a Tokenizer is made from them.
TokenizerSpec parse_compact_tokenizer(std::span<const std::byte> bytes, std::string_view source);

}  // namespace cellm
