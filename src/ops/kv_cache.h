// Keys and values of past tokens, in blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/copy_on_write.h"
#include "ops/compute.h"

namespace cellm {

// The storage of a row of head_dim values.
enum class KvEncoding {
  kF32,         // exact; for measurements
  kF16,         // IEEE half precision
  kTurboQuant,  // rotated by a signed Hadamard transform, then i8 codes with an f32 scale per row
};

std::string_view kv_encoding_name(KvEncoding encoding);
KvEncoding parse_kv_encoding(std::string_view name);  // throws Error(kUsage)

struct KvShape {
  std::size_t kv_heads;
  std::size_t head_dim;
  KvEncoding encoding;
  std::size_t tokens_per_block;
};

// The cache of one layer of one sequence. Copies share blocks and clone one before they write to
// it.
class KvCache {
 public:
  explicit KvCache(const KvShape& shape);

  const KvShape& shape() const { return shape_; }
  std::size_t blocks() const { return blocks_.size(); }
  static std::size_t block_bytes(const KvShape& shape);

  // Allocates what write() needs for the positions [first, first + count): missing blocks, and
  // clones of shared ones. first: at most one past the last position.
  void reserve(std::size_t first, std::size_t count);

  // Frees the blocks behind those of the first `tokens` tokens.
  void truncate(std::size_t tokens);

  // Stores token `position`, which may be at most one past the last; later ones become invalid.
  // k, v: (kv_heads, head_dim)
  void write(const Compute& compute, std::size_t position, const float* k, const float* v);

  // Keys or values (`values`) of one head at the positions [position, position + count), which must
  // lie in one block; in the rotated basis if the encoding rotates.
  VectorRows rows(std::size_t position, std::size_t count, std::size_t kv_head, bool values) const;
  // Appends the scale of each row, if the encoding has any.
  void read_scales(const VectorRows& rows, std::vector<float>& scales) const;

  // The block_bytes() of a block, as session files store them. The second function clones a shared
  // block.
  std::span<const std::byte> block(std::size_t index) const { return blocks_[index].read().span(); }
  std::span<std::byte> block(std::size_t index) { return blocks_[index].write().span(); }

  // Maps a row (head_dim) to the basis of stored rows and back, in place; the identity unless the
  // encoding rotates. The map is orthogonal: scores of rotated queries with rotated keys are those
  // of the originals.
  void rotate(float* row) const;
  void rotate_back(float* row) const;

 private:
  std::size_t row_bytes() const;
  std::size_t row_offset(std::size_t position, std::size_t kv_head, bool value) const;
  void encode(const Compute& compute, const float* values, std::byte* out) const;

  KvShape shape_;
  std::vector<CopyOnWrite<AlignedBuffer<std::byte>>> blocks_;
};

}  // namespace cellm
