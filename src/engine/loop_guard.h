// Recognizing that a text in generation repeats itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cellm {

// The reaction to a loop.
enum class OnLoop {
  kIgnore,
  kStop,      // the answer ends
  kResample,  // DRY is switched on from there on; a second loop ends the answer
};

// A text loops when, for a period p of at most kLoopLongestPeriod tokens, its last
// loop_tokens(p) tokens all equal the token p before them, counted from the first of the repeated
// span. So a span occurs at least three times in a row and is then begun again, by 32 tokens or so
// many that the whole has 96: shorter repetitions (a ruled line, the borders of a table, a row of
// zeros, a refrain) occur in good text.
inline constexpr std::size_t kLoopLongestPeriod = 512;
constexpr std::size_t loop_tokens(std::size_t period) {
  constexpr std::size_t kLeast = 96;
  const std::size_t tokens = 3 * period + 32;
  return tokens < kLeast ? kLeast : tokens;
}

// Exact. A token costs one comparison per period. Not thread-safe.
class LoopGuard {
 public:
  LoopGuard();

  // Whether the text loops with this token.
  bool push(std::uint32_t id);
  // Begins with an empty text.
  void reset();

 private:
  std::vector<std::uint32_t> latest_;  // ring of the latest tokens, id at its position modulo size
  std::vector<std::uint32_t> runs_;    // for each period from 1: tokens that equal the one before
  std::size_t position_ = 0;
};

}  // namespace cellm
