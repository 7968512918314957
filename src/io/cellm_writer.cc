#include "io/cellm_writer.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {
namespace {

// Fixed: magic, version, header length.
constexpr std::uint64_t kPrefixBytes = 10;

std::uint64_t align_up(std::uint64_t offset) {
  return (offset + kCellmAlignment - 1) / kCellmAlignment * kCellmAlignment;
}

std::string hex(std::uint64_t checksum) {
  return fmt::format("{:016x}", checksum);
}

using OrderedJson = nlohmann::ordered_json;

// The header with the entries' offsets and checksums (0 where there is none yet; always 16 digits,
// so the length does not depend on them).
std::string render_header(const std::string& fields, const std::vector<const CellmEntry*>& tensors,
                          const std::vector<const CellmEntry*>& blobs,
                          std::uint64_t header_checksum) {
  OrderedJson header;
  auto& list = header["tensors"] = OrderedJson::array();
  // Names are distinct. An assignment by name would look through all those before it.
  OrderedJson::object_t tensor_sums;
  for (const auto* entry : tensors) {
    list.push_back({{"name", entry->name},
                    {"offset_bytes", entry->offset},
                    {"nbytes", entry->bytes},
                    {"shape", entry->shape},
                    {"dtype", entry->dtype}});
    if (entry->trellis) {
      list.back()["table"] = entry->trellis->table;
      list.back()["rotation"] = entry->trellis->rotation;
    }
    tensor_sums.emplace_back(entry->name, hex(entry->checksum.value_or(0)));
  }
  auto& blob_list = header["blobs"] = OrderedJson::array();
  OrderedJson::object_t blob_sums;
  for (const auto* entry : blobs) {
    blob_list.push_back(
        {{"name", entry->name}, {"offset_bytes", entry->offset}, {"nbytes", entry->bytes}});
    blob_sums.emplace_back(entry->name, hex(entry->checksum.value_or(0)));
  }
  header["checksums"] = {{"algorithm", "xxh3-64"},
                         {"header", hex(header_checksum)},
                         {"tensors", std::move(tensor_sums)},
                         {"blobs", std::move(blob_sums)}};
  // Both are JSON objects: the members of the second are appended to the first.
  std::string text = fields.substr(0, fields.size() - 1);
  if (text.size() > 1) text += ',';
  return text + header.dump().substr(1);
}

std::vector<CellmEntry*> pointers_to(std::vector<CellmEntry>& entries) {
  std::vector<CellmEntry*> pointers;
  for (auto& entry : entries) pointers.push_back(&entry);
  return pointers;
}

// Assigns offsets. The header's length depends on their digits and they on it: repeated until
// stable. Returns the size of the file.
std::uint64_t lay_out(const std::string& header_json, const std::vector<CellmEntry*>& tensors,
                      const std::vector<CellmEntry*>& blobs) {
  const std::vector<const CellmEntry*> tensor_view(tensors.begin(), tensors.end());
  const std::vector<const CellmEntry*> blob_view(blobs.begin(), blobs.end());
  std::uint64_t header_bytes = 0;
  for (;;) {
    std::uint64_t end = kPrefixBytes + header_bytes;
    for (const auto* list : {&tensors, &blobs}) {
      for (auto* entry : *list) {
        entry->offset = align_up(end);
        end = entry->offset + entry->bytes;
      }
    }
    // Offsets only grow with the header and the header with them, so this ends.
    const std::uint64_t needed = render_header(header_json, tensor_view, blob_view, 0).size();
    if (needed <= header_bytes) return end;
    header_bytes = needed;
  }
}

}  // namespace

struct CellmWriter::Payload {
  explicit Payload(CellmEntry e) : entry(std::move(e)), state(XXH3_createState()) {
    if (!state) throw std::bad_alloc();
    XXH3_64bits_reset(state.get());
  }
  struct Free {
    void operator()(XXH3_state_t* s) const { XXH3_freeState(s); }
  };
  CellmEntry entry;
  std::uint64_t written = 0;
  std::unique_ptr<XXH3_state_t, Free> state;
};

CellmWriter::CellmWriter(const std::filesystem::path& path, const std::string& header_json,
                         std::vector<CellmEntry> tensors, std::vector<CellmEntry> blobs)
    : header_json_(header_json), file_(path) {
  file_bytes_ = lay_out(header_json_, pointers_to(tensors), pointers_to(blobs));
  file_.reserve(file_bytes_);
  for (auto& entry : tensors) tensors_.emplace_back(std::move(entry));
  for (auto& entry : blobs) blobs_.emplace_back(std::move(entry));
}

CellmWriter::~CellmWriter() = default;

void CellmWriter::append_tensor(std::size_t index, std::span<const std::byte> bytes) {
  append(tensors_.at(index), bytes);
}

void CellmWriter::append_blob(std::size_t index, std::span<const std::byte> bytes) {
  append(blobs_.at(index), bytes);
}

void CellmWriter::append(Payload& payload, std::span<const std::byte> bytes) {
  CELLM_CHECK(bytes.size() <= payload.entry.bytes - payload.written);
  file_.write_at(payload.entry.offset + payload.written, bytes);
  XXH3_64bits_update(payload.state.get(), bytes.data(), bytes.size());
  payload.written += bytes.size();
}

void CellmWriter::finish() {
  for (auto* list : {&tensors_, &blobs_}) {
    for (auto& payload : *list) {
      CELLM_CHECK(payload.written == payload.entry.bytes);
      payload.entry.checksum = XXH3_64bits_digest(payload.state.get());
    }
  }
  std::string header = header_text(0);
  header = header_text(XXH3_64bits(header.data(), header.size()));
  std::string prefix(kCellmMagic);
  prefix += static_cast<char>(kCellmVersion);
  const auto length = static_cast<std::uint32_t>(header.size());
  for (int shift = 0; shift < 32; shift += 8) prefix += static_cast<char>(length >> shift & 0xFFU);
  prefix += header;
  file_.write_at(0, std::as_bytes(std::span(prefix)));
  file_.commit();
}

std::string CellmWriter::header_text(std::uint64_t header_checksum) const {
  std::vector<const CellmEntry*> tensors;
  std::vector<const CellmEntry*> blobs;
  for (const auto& payload : tensors_) tensors.push_back(&payload.entry);
  for (const auto& payload : blobs_) blobs.push_back(&payload.entry);
  return render_header(header_json_, tensors, blobs, header_checksum);
}

std::uint64_t planned_cellm_bytes(const std::string& header_json, std::vector<CellmEntry> tensors,
                                  std::vector<CellmEntry> blobs) {
  return lay_out(header_json, pointers_to(tensors), pointers_to(blobs));
}

}  // namespace cellm
