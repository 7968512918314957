// What a GGUF file's metadata says about the model.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf_file.h"

namespace cellm {

enum class GgufArch { kLlama, kQwen3, kQwen35 };

// Sizes that the tensors' names and layouts depend on. All of them are at least 1 and small enough
// that products of two do not overflow.
struct GgufModel {
  GgufArch arch = GgufArch::kLlama;
  std::size_t blocks = 0;  // blk.0 … blk.(blocks − 1)
  std::size_t layers = 0;  // the first of them; the others predict further tokens and are not used
  std::size_t hidden = 0;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t vocab = 0;  // rows of the embedding

  // Qwen3.5 only.
  std::vector<bool> linear_layers;  // which of the layers are DeltaNet layers
  std::size_t conv_kernel = 0;
  std::size_t key_heads = 0;
  std::size_t value_heads = 0;  // a multiple of key_heads
  std::size_t key_dim = 0;      // of one head
  std::size_t value_dim = 0;
};

// Throws Error(kUnsupported) for another architecture or a feature that cellm does not have,
// Error(kData) for keys that are missing, of the wrong type or contradict each other.
GgufModel read_gguf_model(const GgufFile& file);

// The keys of the model's own architecture: "rope.freq_base" is the file's "llama.rope.freq_base".
class GgufModelKeys {
 public:
  // `file` must outlive this.
  GgufModelKeys(const GgufFile& file, GgufArch arch);

  std::string full(std::string_view name) const;
  const GgufValue* find(std::string_view name) const { return file_.find(full(name)); }
  const GgufValue& at(std::string_view name) const { return file_.at(full(name)); }
  // A required or optional size of 1 to `max`.
  std::size_t size(std::string_view name, std::size_t max) const {
    return at(name).as_uint(1, max);
  }
  std::size_t size_or(std::string_view name, std::size_t max, std::size_t fallback) const {
    return find(name) == nullptr ? fallback : size(name, max);
  }

 private:
  const GgufFile& file_;
  std::string_view arch_;
};

}  // namespace cellm
