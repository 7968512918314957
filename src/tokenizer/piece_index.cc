#include "tokenizer/piece_index.h"

#include <bit>
#include <xxhash.h>

namespace cellm {

PieceIndex::PieceIndex(const PieceTable& pieces)
    : pieces_(&pieces), slots_(std::bit_ceil(pieces.size() * 2 + 2)), mask_(slots_.size() - 1) {
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const std::string_view piece = pieces[id];
    if (piece.empty()) continue;
    const std::uint64_t hash = XXH3_64bits(piece.data(), piece.size());
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    std::size_t at = hash & mask_;
    while (slots_[at].id_plus != 0) {
      if (slots_[at].tag == tag && pieces[slots_[at].id_plus - 1] == piece) {
        has_repeats_ = true;
        break;
      }
      at = (at + 1) & mask_;
    }
    slots_[at] = {tag, static_cast<std::uint32_t>(id + 1)};
  }
}

std::optional<std::uint32_t> PieceIndex::find(std::string_view piece) const {
  const std::uint64_t hash = XXH3_64bits(piece.data(), piece.size());
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask_; slots_[at].id_plus != 0; at = (at + 1) & mask_) {
    const std::uint32_t id = slots_[at].id_plus - 1;
    if (slots_[at].tag == tag && (*pieces_)[id] == piece) return id;
  }
  return std::nullopt;
}

}  // namespace cellm
