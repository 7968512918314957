// Writing the metadata keys of a model's own architecture.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "io/gguf_layout.h"

namespace cellm {

// "rope.freq_base" becomes the file's "llama.rope.freq_base".
class GgufKeyWriter {
 public:
  // `metadata` must outlive this.
  GgufKeyWriter(GgufMetadata& metadata, std::string_view architecture)
      : metadata_(metadata), architecture_(architecture) {}

  GgufMetadata& metadata() const { return metadata_; }
  std::string full(std::string_view name) const {
    return fmt::format("{}.{}", architecture_, name);
  }
  void u32(std::string_view name, std::size_t value) const { metadata_.add_u32(full(name), value); }
  void f32(std::string_view name, double value) const { metadata_.add_f32(full(name), value); }

 private:
  GgufMetadata& metadata_;
  std::string_view architecture_;
};

}  // namespace cellm
