#include "ops/kv_cache.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::array<std::pair<std::string_view, KvEncoding>, 3> kNames{
    {{"f32", KvEncoding::kF32},
     {"f16", KvEncoding::kF16},
     {"turboquant", KvEncoding::kTurboQuant}}};

// A turboquant row: f32 scale, then head_dim codes; rows stay on 4 bytes.
constexpr std::size_t kScaleBytes = sizeof(float);

// The sign of element i: the top bit of splitmix64(i). Fixed, so that a stored state stays
// readable.
float sign_of(std::size_t i) {
  std::uint64_t z = (i + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (z ^ (z >> 31)) >> 63 != 0 ? -1.0F : 1.0F;
}

// Walsh-Hadamard transform of each run of `block` elements (a power of two), scaled to be
// orthogonal.
void hadamard(float* x, std::size_t n, std::size_t block) {
  const float scale = 1.0F / std::sqrt(static_cast<float>(block));
  for (std::size_t base = 0; base < n; base += block) {
    for (std::size_t half = 1; half < block; half *= 2) {
      for (std::size_t i = 0; i < block; i += 2 * half) {
        for (std::size_t j = base + i; j < base + i + half; ++j) {
          const float a = x[j];
          const float b = x[j + half];
          x[j] = a + b;
          x[j + half] = a - b;
        }
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) x[i] *= scale;
}

// The largest power of two that divides n.
std::size_t hadamard_block(std::size_t n) {
  return n & (~n + 1);
}

}  // namespace

std::string_view kv_encoding_name(KvEncoding encoding) {
  for (const auto& [name, value] : kNames) {
    if (value == encoding) return name;
  }
  return "";
}

KvEncoding parse_kv_encoding(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (known == name) return value;
  }
  throw usage_error("KV encoding \"{}\" is unknown; use f16, turboquant or f32", printable(name));
}

KvCache::KvCache(const KvShape& shape) : shape_(shape) {}

std::size_t KvCache::row_bytes() const {
  switch (shape_.encoding) {
    case KvEncoding::kF32:
      return shape_.head_dim * sizeof(float);
    case KvEncoding::kF16:
      return shape_.head_dim * sizeof(std::uint16_t);
    case KvEncoding::kTurboQuant:
      return kScaleBytes + (shape_.head_dim + 3) / 4 * 4;
  }
  return 0;
}

std::size_t KvCache::block_bytes(const KvShape& shape) {
  return 2 * shape.kv_heads * shape.tokens_per_block * KvCache(shape).row_bytes();
}

// In its block, which holds (key | value, kv_heads, tokens_per_block) rows.
std::size_t KvCache::row_offset(std::size_t position, std::size_t kv_head, bool value) const {
  const std::size_t head = (value ? shape_.kv_heads : 0) + kv_head;
  return (head * shape_.tokens_per_block + position % shape_.tokens_per_block) * row_bytes();
}

void KvCache::reserve(std::size_t first, std::size_t count) {
  const std::size_t end = (first + count + shape_.tokens_per_block - 1) / shape_.tokens_per_block;
  for (std::size_t index = first / shape_.tokens_per_block; index < end; ++index) {
    CELLM_CHECK(index <= blocks_.size());
    if (index == blocks_.size()) {
      blocks_.emplace_back(AlignedBuffer<std::byte>(block_bytes(shape_)));
    } else {
      blocks_[index].write();
    }
  }
}

void KvCache::truncate(std::size_t tokens) {
  const std::size_t count = (tokens + shape_.tokens_per_block - 1) / shape_.tokens_per_block;
  CELLM_CHECK(count <= blocks_.size());
  blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(count), blocks_.end());
}

void KvCache::write(const Compute& compute, std::size_t position, const float* k, const float* v) {
  reserve(position, 1);
  std::byte* block = blocks_[position / shape_.tokens_per_block].write().data();
  for (std::size_t head = 0; head < shape_.kv_heads; ++head) {
    const std::size_t at = head * shape_.head_dim;
    encode(compute, k + at, block + row_offset(position, head, false));
    encode(compute, v + at, block + row_offset(position, head, true));
  }
}

void KvCache::encode(const Compute& compute, const float* values, std::byte* out) const {
  const std::size_t n = shape_.head_dim;
  if (shape_.encoding == KvEncoding::kF32) {
    std::memcpy(out, values, n * sizeof(float));
    return;
  }
  if (shape_.encoding == KvEncoding::kF16) {
    compute.kernels.f32_to_f16(values, reinterpret_cast<std::uint16_t*>(out), n);
    return;
  }
  std::vector<float> rotated(values, values + n);
  rotate(rotated.data());
  float largest = 0.0F;
  for (const float value : rotated) largest = std::max(largest, std::fabs(value));
  const float scale = largest / 127.0F;
  std::memcpy(out, &scale, kScaleBytes);
  const float inverse = scale > 0.0F ? 1.0F / scale : 0.0F;
  for (std::size_t i = 0; i < n; ++i) {
    const float code = std::clamp(std::nearbyint(rotated[i] * inverse), -127.0F, 127.0F);
    out[kScaleBytes + i] = static_cast<std::byte>(static_cast<std::int8_t>(code));
  }
}

VectorRows KvCache::rows(std::size_t position, std::size_t count, std::size_t kv_head,
                         bool values) const {
  CELLM_CHECK(position % shape_.tokens_per_block + count <= shape_.tokens_per_block);
  const auto& block = blocks_[position / shape_.tokens_per_block].read();
  const auto* data =
      reinterpret_cast<const unsigned char*>(block.data()) + row_offset(position, kv_head, values);
  switch (shape_.encoding) {
    case KvEncoding::kF32:
      return {VectorFormat::kF32, data, row_bytes(), count, shape_.head_dim};
    case KvEncoding::kF16:
      return {VectorFormat::kF16, data, row_bytes(), count, shape_.head_dim};
    case KvEncoding::kTurboQuant:
      break;
  }
  return {VectorFormat::kI8, data + kScaleBytes, row_bytes(), count, shape_.head_dim};
}

void KvCache::read_scales(const VectorRows& rows, std::vector<float>& scales) const {
  if (shape_.encoding != KvEncoding::kTurboQuant) return;
  for (std::size_t i = 0; i < rows.count; ++i) {
    float scale = 0.0F;
    std::memcpy(&scale, rows.data + i * rows.row_bytes - kScaleBytes, kScaleBytes);
    scales.push_back(scale);
  }
}

void KvCache::rotate(float* row) const {
  if (shape_.encoding != KvEncoding::kTurboQuant) return;
  for (std::size_t i = 0; i < shape_.head_dim; ++i) row[i] *= sign_of(i);
  hadamard(row, shape_.head_dim, hadamard_block(shape_.head_dim));
}

void KvCache::rotate_back(float* row) const {
  if (shape_.encoding != KvEncoding::kTurboQuant) return;
  hadamard(row, shape_.head_dim, hadamard_block(shape_.head_dim));
  for (std::size_t i = 0; i < shape_.head_dim; ++i) row[i] *= sign_of(i);
}

}  // namespace cellm
