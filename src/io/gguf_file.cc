#include "io/gguf_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::size_t kDefaultAlignment = 32;
constexpr std::size_t kMinValueBytes = 8 + 4 + 1;           // empty key, type, one byte
constexpr std::size_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;  // empty name, rank 1, type, offset
constexpr std::size_t kArrayHeadBytes = 4 + 8;              // element type and count

GgufType read_type(ByteReader& reader, std::string_view key) {
  const auto number = reader.read<std::uint32_t>("value type");
  if (number > static_cast<std::uint32_t>(GgufType::kF64)) {
    throw data_error("{}: key '{}': value type {} does not exist", reader.source(), printable(key),
                     number);
  }
  return static_cast<GgufType>(number);
}

struct ArrayHead {
  GgufType type;
  std::size_t count;
};

// Reads an array's element type and count and moves past the elements.
ArrayHead skip_array(ByteReader& reader, std::string_view key, int depth) {
  if (depth > kMaxGgufArrayDepth) {
    throw data_error("{}: key '{}': arrays are nested deeper than {}", reader.source(),
                     printable(key), kMaxGgufArrayDepth);
  }
  const GgufType type = read_type(reader, key);
  const std::size_t size = gguf_number_bytes(type);
  if (size != 0) {
    const std::size_t count = reader.read_count<std::uint64_t>(size, "array");
    reader.read_bytes(count * size, "array");
    return {type, count};
  }
  const bool strings = type == GgufType::kString;
  const std::size_t count = reader.read_count<std::uint64_t>(strings ? 8 : 12, "array");
  for (std::size_t i = 0; i < count; ++i) {
    if (strings) {
      reader.read_text(reader.read<std::uint64_t>("string length"), "string");
    } else {
      skip_array(reader, key, depth + 1);
    }
  }
  return {type, count};
}

// a × b, or nothing if it does not fit.
std::optional<std::size_t> product(std::size_t a, std::size_t b) {
  std::size_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

}  // namespace

std::size_t GgufTensor::rows() const {
  std::size_t result = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) result *= shape[i];
  return result;
}

void GgufTensor::read_rows(std::size_t begin, std::size_t end, float* out) const {
  CELLM_CHECK(begin <= end && end <= rows());
  const std::size_t blocks = cols() / type->block;  // per row
  type->dequantize(bytes.data() + begin * blocks * type->block_bytes, (end - begin) * blocks, out);
}

bool looks_like_gguf(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

// A tensor as the header lists it.
struct GgufFile::TensorPlace {
  GgufTensor tensor;
  std::uint64_t offset = 0;  // from the start of the data
  std::size_t size = 0;
};

GgufFile::GgufFile(const std::filesystem::path& path)
    : GgufFile(std::make_shared<const MappedFile>(path)) {}

GgufFile::GgufFile(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  ByteReader reader(file_->bytes(), file_->path());
  read_header(reader);
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto it = std::ranges::lower_bound(values_, key, {}, &GgufValue::key);
  return it != values_.end() && it->key() == key ? &*it : nullptr;
}

const GgufValue& GgufFile::at(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) throw data_error("{}: key '{}' is missing", path(), printable(key));
  return *value;
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  const auto it = std::ranges::lower_bound(tensors_, name, {}, &GgufTensor::name);
  return it != tensors_.end() && it->name == name ? &*it : nullptr;
}

void GgufFile::read_header(ByteReader& reader) {
  if (reader.read_text(kMagic.size(), "magic") != kMagic) {
    throw data_error("{}: is no GGUF file: it does not start with 'GGUF'", path());
  }
  const auto version = reader.read<std::uint32_t>("version");
  if (version != 2 && version != 3) {
    if (const std::uint32_t swapped = __builtin_bswap32(version); swapped == 2 || swapped == 3) {
      throw unsupported_error("{}: is a big-endian GGUF file; only little-endian ones can be read",
                              path());
    }
    throw unsupported_error("{}: GGUF version is {}; versions 2 and 3 can be read", path(),
                            version);
  }
  const std::size_t tensor_count =
      reader.read_count<std::uint64_t>(kMinTensorBytes, "tensor count");
  const std::size_t key_count = reader.read_count<std::uint64_t>(kMinValueBytes, "key count");
  if (tensor_count > kMaxTensors || key_count > kMaxGgufKeys) {
    throw data_error("{}: has {} tensors and {} keys; at most {} and {} are allowed", path(),
                     tensor_count, key_count, kMaxTensors, kMaxGgufKeys);
  }

  values_.reserve(key_count);
  for (std::size_t i = 0; i < key_count; ++i) {
    const auto length = reader.read<std::uint64_t>("key length");
    if (length == 0 || length > kMaxGgufKeyBytes) {
      throw data_error("{}: key {} is {} bytes long; expected 1 to {}", path(), i, length,
                       kMaxGgufKeyBytes);
    }
    values_.push_back(read_value(reader, reader.read_text(length, "key")));
  }
  std::ranges::sort(values_, {}, &GgufValue::key);
  const auto twice = std::ranges::adjacent_find(values_, {}, &GgufValue::key);
  if (twice != values_.end()) {
    throw data_error("{}: key '{}' appears twice", path(), printable(twice->key()));
  }

  std::vector<TensorPlace> places;
  places.reserve(tensor_count);
  for (std::size_t i = 0; i < tensor_count; ++i) places.push_back(read_tensor(reader));
  header_bytes_ = reader.offset();
  place_tensors(std::move(places));
}

GgufValue GgufFile::read_value(ByteReader& reader, std::string_view key) const {
  const GgufType type = read_type(reader, key);
  if (type == GgufType::kString) {
    const auto size = reader.read<std::uint64_t>("string length");
    return {path(), key, type, reader.read_bytes(size, "string"), type, 0};
  }
  if (type == GgufType::kArray) {
    const std::size_t begin = reader.offset();
    const ArrayHead head = skip_array(reader, key, 1);
    const std::size_t elements = begin + kArrayHeadBytes;
    return {path(),    key,
            type,      file_->bytes().subspan(elements, reader.offset() - elements),
            head.type, head.count};
  }
  return {path(), key, type, reader.read_bytes(gguf_number_bytes(type), "value"), type, 0};
}

GgufFile::TensorPlace GgufFile::read_tensor(ByteReader& reader) const {
  TensorPlace place;
  GgufTensor& tensor = place.tensor;
  const auto length = reader.read<std::uint64_t>("tensor name length");
  if (length == 0 || length > kMaxGgufTensorNameBytes) {
    throw data_error("{}: a tensor name is {} bytes long; expected 1 to {}", path(), length,
                     kMaxGgufTensorNameBytes);
  }
  tensor.name = reader.read_text(length, "tensor name");
  const std::string name = printable(tensor.name);

  const auto rank = reader.read<std::uint32_t>("tensor rank");
  if (rank == 0 || rank > kMaxGgufDimensions) {
    throw data_error("{}: tensor '{}' has {} dimensions; expected 1 to {}", path(), name, rank,
                     kMaxGgufDimensions);
  }
  tensor.shape.resize(rank);
  std::size_t elements = 1;
  for (std::size_t i = rank; i > 0; --i) {  // the fastest dimension comes first
    const auto size = reader.read<std::uint64_t>("tensor dimension");
    const auto total = product(elements, size);
    if (size == 0 || !total) {
      throw data_error("{}: tensor '{}': dimension {} is {}", path(), name, rank - i, size);
    }
    elements = *total;
    tensor.shape[i - 1] = size;
  }

  const auto type = reader.read<std::uint32_t>("tensor type");
  tensor.type = find_ggml_type(type);
  if (tensor.type == nullptr) {
    throw unsupported_error("{}: tensor '{}' has the unknown type {}; can be read: {}", path(),
                            name, type, readable_ggml_types());
  }
  if (tensor.type->block == 0) {
    throw unsupported_error(
        "{}: tensor '{}' has the type {}, which is not supported; can be read: {}", path(), name,
        tensor.type->name, readable_ggml_types());
  }
  set_size(place);
  place.offset = reader.read<std::uint64_t>("tensor offset");
  return place;
}

void GgufFile::set_size(TensorPlace& place) const {
  const GgufTensor& tensor = place.tensor;
  const std::string name = printable(tensor.name);
  const std::size_t elements = tensor.rows() * tensor.cols();  // checked when the shape was read
  if (tensor.cols() % tensor.type->block != 0) {
    throw data_error("{}: tensor '{}': rows of {} weights are no multiple of the {} in a {} block",
                     path(), name, tensor.cols(), tensor.type->block, tensor.type->name);
  }
  const auto size = product(elements / tensor.type->block, tensor.type->block_bytes);
  // Readers hold rows as f32, so that size must be a size too.
  if (!size || !product(elements, sizeof(float))) {
    throw data_error("{}: tensor '{}' has {} weights, more than a file can hold", path(), name,
                     elements);
  }
  place.size = *size;
}

// Whether the tensors of `type`, if their blocks were those of `meant`, reached to the tensors that
// follow them, but for the alignment. `places` are in the order of their offsets.
bool GgufFile::fill_rooms(const std::vector<TensorPlace>& places, const GgmlType& type,
                          const GgmlType& meant, std::size_t data_bytes) const {
  const std::size_t align = alignment();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const GgufTensor& tensor = places[i].tensor;
    if (tensor.type != &type) continue;
    if (tensor.cols() % meant.block != 0) return false;
    const std::uint64_t begin = places[i].offset;
    const std::uint64_t end = i + 1 < places.size() ? places[i + 1].offset : data_bytes;
    // No product here is above the one that set_size() checked.
    const std::uint64_t size = tensor.rows() * tensor.cols() / meant.block * meant.block_bytes;
    if (begin > end || size > end - begin || end - begin - size >= align) return false;
  }
  return true;
}

// A type number with several sizes of a block means today's, unless the places of the tensors show
// another one.
void GgufFile::choose_block_sizes(std::vector<TensorPlace>& places, std::size_t data_bytes) const {
  for (const GgmlType& type : ggml_types()) {
    const GgmlType* other = other_block_size(type);
    if (other == nullptr || fill_rooms(places, type, type, data_bytes) ||
        !fill_rooms(places, type, *other, data_bytes)) {
      continue;
    }
    for (TensorPlace& place : places) {
      if (place.tensor.type != &type) continue;
      place.tensor.type = other;
      set_size(place);
    }
  }
}

std::size_t GgufFile::alignment() const {
  const GgufValue* value = find("general.alignment");
  if (value == nullptr) return kDefaultAlignment;
  const std::uint64_t alignment = value->as_uint(1, kMaxGgufAlignment);
  if (!std::has_single_bit(alignment)) {
    throw data_error("{}: key 'general.alignment': expected a power of two, found {}", path(),
                     alignment);
  }
  return alignment;
}

void GgufFile::place_tensors(std::vector<TensorPlace> places) {
  const std::size_t align = alignment();
  const std::size_t file_bytes = file_->bytes().size();
  // header_bytes_ ≤ file_bytes, which is far from overflowing: it is mapped.
  const std::size_t data_begin = (header_bytes_ + align - 1) / align * align;
  const std::size_t data_bytes = file_bytes > data_begin ? file_bytes - data_begin : 0;

  std::ranges::sort(places, {}, &TensorPlace::offset);
  choose_block_sizes(places, data_bytes);
  std::uint64_t end = 0;  // of the tensor before
  std::string_view before;
  for (TensorPlace& place : places) {
    GgufTensor& tensor = place.tensor;
    if (place.offset % align != 0) {
      throw data_error("{}: tensor '{}' starts at data byte {}, no multiple of {}", path(),
                       printable(tensor.name), place.offset, align);
    }
    if (place.offset > data_bytes || place.size > data_bytes - place.offset) {
      throw data_error("{}: tensor '{}' takes {} bytes from data byte {}, but the data has {}",
                       path(), printable(tensor.name), place.size, place.offset, data_bytes);
    }
    if (place.offset < end) {
      throw data_error("{}: tensors '{}' and '{}' overlap", path(), printable(before),
                       printable(tensor.name));
    }
    end = place.offset + place.size;
    before = tensor.name;
    tensor.bytes = file_->bytes().subspan(data_begin + place.offset, place.size);
    tensors_.push_back(std::move(tensor));
  }
  std::ranges::sort(tensors_, {}, &GgufTensor::name);
  const auto twice = std::ranges::adjacent_find(tensors_, {}, &GgufTensor::name);
  if (twice != tensors_.end()) {
    throw data_error("{}: tensor '{}' appears twice", path(), printable(twice->name));
  }
}

}  // namespace cellm
