// Free text up to a given text, or without it.
#pragma once

#include <cstdint>
#include <string_view>

#include "constrain/grammar.h"

namespace cellm {

// Appends any valid UTF-8 that does not contain `end`, then `end`, which is not empty.
std::uint32_t append_text_until(GrammarBuilder& builder, std::uint32_t from, std::string_view end);
// Appends any valid UTF-8 that does not contain `end`, which is not empty.
std::uint32_t append_text_without(GrammarBuilder& builder, std::uint32_t from,
                                  std::string_view end);

}  // namespace cellm
