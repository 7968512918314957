#include "io/gguf_layout.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kAlignment = 32;  // the format's default, so that no key says it

static_assert(std::endian::native == std::endian::little);

template <class T>
void append(std::string& out, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const std::size_t at = out.size();
  out.resize(at + sizeof(value));
  std::memcpy(out.data() + at, &value, sizeof(value));
}

void append_text(std::string& out, std::string_view text) {
  append(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

std::uint64_t align_up(std::uint64_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

void GgufMetadata::begin(std::string_view key, GgufType type) {
  append_text(bytes_, key);
  append(bytes_, static_cast<std::uint32_t>(type));
  ++count_;
}

void GgufMetadata::begin_array(std::string_view key, GgufType type, std::size_t count) {
  begin(key, GgufType::kArray);
  append(bytes_, static_cast<std::uint32_t>(type));
  append(bytes_, static_cast<std::uint64_t>(count));
}

void GgufMetadata::add_u32(std::string_view key, std::uint64_t value) {
  if (value > UINT32_MAX) throw data_error("{}: {} is more than a GGUF file holds", key, value);
  begin(key, GgufType::kU32);
  append(bytes_, static_cast<std::uint32_t>(value));
}

void GgufMetadata::add_f32(std::string_view key, double value) {
  begin(key, GgufType::kF32);
  append(bytes_, static_cast<float>(value));
}

void GgufMetadata::add_bool(std::string_view key, bool value) {
  begin(key, GgufType::kBool);
  append(bytes_, static_cast<std::uint8_t>(value));
}

void GgufMetadata::add_string(std::string_view key, std::string_view value) {
  begin(key, GgufType::kString);
  append_text(bytes_, value);
}

void GgufMetadata::add_i32s(std::string_view key, std::span<const std::int32_t> values) {
  begin_array(key, GgufType::kI32, values.size());
  for (const std::int32_t value : values) append(bytes_, value);
}

void GgufMetadata::add_bools(std::string_view key, const std::vector<bool>& values) {
  begin_array(key, GgufType::kBool, values.size());
  for (const bool value : values) append(bytes_, static_cast<std::uint8_t>(value));
}

void GgufMetadata::add_strings(std::string_view key, std::span<const std::string_view> values) {
  begin_array(key, GgufType::kString, values.size());
  for (const std::string_view value : values) append_text(bytes_, value);
}

FlatFile lay_out_gguf(const GgufMetadata& metadata, std::span<const GgufEntry> tensors,
                      std::size_t blobs) {
  CELLM_CHECK(blobs <= tensors.size());
  FlatFile file;
  file.tensors = tensors.size() - blobs;
  std::string& header = file.header;
  header = kMagic;
  append(header, kVersion);
  append(header, static_cast<std::uint64_t>(tensors.size()));
  append(header, metadata.count());
  header += metadata.bytes();
  std::uint64_t end = 0;  // of the data
  for (const GgufEntry& tensor : tensors) {
    append_text(header, tensor.name);
    append(header, static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) {
      append(header, static_cast<std::uint64_t>(*size));
    }
    append(header, tensor.type);
    const std::uint64_t offset = align_up(end);
    append(header, offset);
    file.payloads.push_back({offset, tensor.bytes});
    end = offset + tensor.bytes;
  }
  const std::uint64_t data = align_up(header.size());
  for (FlatPayload& payload : file.payloads) payload.offset += data;
  file.bytes = data + align_up(end);
  return file;
}

}  // namespace cellm
