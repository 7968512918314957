#include "io/flat_writer.h"

#include <utility>

#include "base/error.h"

namespace cellm {

FlatWriter::FlatWriter(const std::filesystem::path& path, FlatFile layout)
    : layout_(std::move(layout)), written_(layout_.payloads.size()), file_(path) {
  file_.reserve(layout_.bytes);
  file_.write_at(0, std::as_bytes(std::span(layout_.header)));
}

void FlatWriter::append_tensor(std::size_t index, std::span<const std::byte> bytes) {
  const FlatPayload& payload = layout_.payloads.at(index);
  CELLM_CHECK(bytes.size() <= payload.bytes - written_[index]);
  file_.write_at(payload.offset + written_[index], bytes);
  written_[index] += bytes.size();
}

void FlatWriter::finish() {
  for (std::size_t i = 0; i < written_.size(); ++i) {
    CELLM_CHECK(written_[i] == layout_.payloads[i].bytes);
  }
  file_.commit();
}

}  // namespace cellm
