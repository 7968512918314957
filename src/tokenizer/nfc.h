// Unicode normalization form C.
#pragma once

#include <string>
#include <string_view>

namespace cellm {

// True if every character is below U+0300, where nothing decomposes further or combines, so that
// the text is in normal form.
bool is_trivially_nfc(std::string_view text);

// The normal form of valid UTF-8, in time n log n.
std::string normalize_nfc(std::string_view text);

}  // namespace cellm
