// Map from a piece's spelling to its id.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"

namespace cellm {

// A hash table with open addressing over a PieceTable, which must outlive it and not move.
// Immutable, so it may be shared between threads.
class PieceIndex {
 public:
  // Of ids with the same piece the last is found, as in llama.cpp.
  explicit PieceIndex(const PieceTable& pieces);
  std::optional<std::uint32_t> find(std::string_view piece) const;
  bool has_repeats() const { return has_repeats_; }  // whether two ids have the same piece

 private:
  struct Slot {
    std::uint32_t tag = 0;      // the upper half of the hash; avoids most string comparisons
    std::uint32_t id_plus = 0;  // id + 1, 0: empty
  };
  const PieceTable* pieces_;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  bool has_repeats_ = false;
};

}  // namespace cellm
