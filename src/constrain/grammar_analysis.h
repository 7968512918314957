// Analysis of a complete grammar.
#pragma once

#include <cstdint>
#include <span>

#include "constrain/grammar.h"

namespace cellm {

// Sorts the edges, given with the nodes that they leave, removes those from which no end can be
// reached, and fills in all that follows from the edges. Throws what GrammarBuilder::finish()
// throws.
void analyse(Grammar& grammar, std::span<const std::uint32_t> froms);

}  // namespace cellm
