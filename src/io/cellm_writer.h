// Writing .cellm files, version 1 (docs/file-format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>
#include <xxhash.h>

#include "base/atomic_file.h"
#include "io/cellm_file.h"
#include "io/payload_writer.h"

namespace cellm {

// Writes the payloads of a file atomically (base/atomic_file.h).
class CellmWriter final : public PayloadWriter {
 public:
  // `header_json` is a compact JSON object with the header's fields but without tensors, blobs and
  // checksums. Of `tensors` (sorted by name) and `blobs`, offsets are assigned here and checksums
  // while writing. Throws Error(kResources) for a full disk, Error(kData) for a path that cannot be
  // written.
  CellmWriter(const std::filesystem::path& path, const std::string& header_json,
              std::vector<CellmEntry> tensors, std::vector<CellmEntry> blobs);
  ~CellmWriter() override;

  void append_tensor(std::size_t index, std::span<const std::byte> bytes) override;
  void append_blob(std::size_t index, std::span<const std::byte> bytes) override;
  void finish() override;

  std::uint64_t file_bytes() const { return file_bytes_; }

 private:
  struct Payload;

  void append(Payload& payload, std::span<const std::byte> bytes);
  std::string header_text(std::uint64_t header_checksum) const;

  std::string header_json_;
  std::vector<Payload> tensors_;
  std::vector<Payload> blobs_;
  std::uint64_t file_bytes_ = 0;
  AtomicFile file_;
};

// The size that a file with these payloads would have, without writing it.
std::uint64_t planned_cellm_bytes(const std::string& header_json, std::vector<CellmEntry> tensors,
                                  std::vector<CellmEntry> blobs);

}  // namespace cellm
