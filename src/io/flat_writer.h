// Files of a header that is known in advance and payloads behind it: GGUF and safetensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "io/payload_writer.h"

namespace cellm {

struct FlatPayload {
  std::uint64_t offset = 0;  // in the file
  std::uint64_t bytes = 0;
};

struct FlatFile {
  std::string header;
  std::vector<FlatPayload> payloads;  // of tensors, then blobs
  std::size_t tensors = 0;            // of the payloads
  std::uint64_t bytes = 0;            // of the file; what neither header nor payloads cover is zero
};

// Writes the file atomically (base/atomic_file.h).
class FlatWriter final : public PayloadWriter {
 public:
  // Throws Error(kResources) for a full disk, Error(kData) for a path that cannot be written.
  FlatWriter(const std::filesystem::path& path, FlatFile layout);

  void append_tensor(std::size_t index, std::span<const std::byte> bytes) override;
  void append_blob(std::size_t index, std::span<const std::byte> bytes) override {
    append_tensor(layout_.tensors + index, bytes);
  }
  void finish() override;

 private:
  FlatFile layout_;
  std::vector<std::uint64_t> written_;  // of each payload
  AtomicFile file_;
};

}  // namespace cellm
