// The metadata keys that all architectures of GGUF files share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "io/gguf_file.h"

namespace cellm {

struct Family;  // model/arch/family.h

// The keys of the model's own architecture: "rope.freq_base" is the file's "llama.rope.freq_base".
class GgufModelKeys {
 public:
  // `file` must outlive this.
  GgufModelKeys(const GgufFile& file, std::string_view architecture)
      : file_(file), architecture_(architecture) {}

  const GgufFile& file() const { return file_; }
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
  // A required size that may be an array with one of each layer, all the same; 0 for a layer that
  // has none. Throws Error(kUnsupported) if they differ.
  std::size_t size_of_layers(std::string_view name, std::size_t max) const;

 private:
  const GgufFile& file_;
  std::string_view architecture_;
};

// All of them are at least 1 and small enough that products of two do not overflow.
struct GgufSizes {
  std::size_t blocks = 0;  // blk.0 … blk.(blocks − 1)
  std::size_t layers = 0;  // the first blocks; the others predict further tokens and are not used
  std::size_t hidden = 0;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t vocab = 0;  // rows of the embedding
};

// The family of the file's architecture. Throws Error(kUnsupported) if there is none.
const Family& gguf_family(const GgufFile& file);

// Throws Error(kUnsupported) for a feature that cellm does not have, Error(kData) for keys that are
// missing, of the wrong type or contradict each other.
GgufSizes read_gguf_sizes(const GgufModelKeys& keys, const Family& family);

}  // namespace cellm
