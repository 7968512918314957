// Harnesses for weight containers: safetensors, the shard index, GGUF and .cellm.

#include <algorithm>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "harness.h"
#include "io/cellm_file.h"
#include "io/cellm_quality.h"
#include "io/gguf_file.h"
#include "io/safetensors.h"
#include "io/shard_index.h"
#include "model/gguf/source.h"
#include "model_check.h"
#include "mutate.h"

namespace cellm::fuzz {
namespace {

bool inside(std::span<const std::byte> part, const MappedFile& file) {
  const auto whole = file.bytes();
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void run_safetensors(Bytes input) {
  const auto file = memory_file(input);
  const SafetensorsFile read = parse_safetensors(file);
  std::size_t covered = 0;
  for (std::size_t i = 0; i < read.entries.size(); ++i) {
    const auto& entry = read.entries[i];
    require(inside(entry.data, *file), "a tensor lies inside of the file");
    require(!entry.shape.empty(), "a tensor has a shape");
    require(i == 0 || read.entries[i - 1].name < entry.name, "names are sorted and distinct");
    covered += entry.data.size();
  }
  require(covered + 8 <= input.size(), "tensors do not overlap");
}

void run_shard_index(Bytes input) {
  for (const auto& [name, tensors] : parse_shard_index(text_of(input), "input")) {
    require(name.ends_with(".safetensors") && name.find('/') == std::string::npos &&
                name.find('\0') == std::string::npos,
            "a shard is a name and no path");
    require(!tensors.empty(), "a shard has tensors");
  }
}

// Every accessor on every value: an accessor of another type must throw.
void read_values(const GgufFile& file) {
  const auto attempt = [](const std::function<void()>& read) {
    try {
      read();
    } catch (const Error& failure) {
      require(failure.kind() == ErrorKind::kData,
              "a value of another type is an error of the data");
    }
  };
  for (const GgufValue& value : file.values()) {
    attempt([&] { (void)value.as_uint(); });
    attempt([&] { (void)value.as_number(); });
    attempt([&] { (void)value.as_bool(); });
    attempt([&] { (void)value.as_string(); });
    attempt(
        [&] { require(value.as_integers().size() == value.array_size(), "an array is whole"); });
    attempt([&] { require(value.as_strings().size() == value.array_size(), "an array is whole"); });
    require(file.find(value.key()) == &value, "a key is found");
  }
}

void run_gguf(Bytes input) {
  const auto file = memory_file(input);
  {
    const GgufFile gguf(file);
    read_values(gguf);
    for (const GgufTensor& tensor : gguf.tensors()) {
      require(inside(tensor.bytes, *file), "a tensor lies inside of the file");
      require(gguf.find_tensor(tensor.name) == &tensor, "a tensor is found");
      std::vector<float> row(tensor.cols());
      tensor.read_rows(tensor.rows() - 1, tensor.rows(), row.data());
    }
  }
  check_model(*open_gguf(file));
}

constexpr std::size_t kMaxVerified = 64;

void run_cellm(Bytes input) {
  const auto file = memory_file(input);
  const CellmFile cellm{file, read_cellm_header(*file)};
  const CellmHeader& header = cellm.header;
  std::uint64_t covered = 0;
  for (const auto* list : {&header.tensors, &header.blobs}) {
    for (const CellmEntry& entry : *list) {
      require(entry.offset >= header.data_begin && entry.offset % kCellmAlignment == 0 &&
                  entry.offset <= input.size() && entry.bytes <= input.size() - entry.offset,
              "a payload lies inside of the data");
      covered += entry.bytes;
    }
  }
  require(covered <= input.size(), "payloads do not overlap");
  if (const auto quality = read_quality(header)) {
    const std::string line = quality_summary(*quality);
    require(std::none_of(line.begin(), line.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }),
            "what a file says of its quality is one line");
  }
  check_model(*open_cellm(file));
  const std::size_t checked = verify_cellm(cellm);
  // A file that verify accepts must be rejected after any bit flip.
  if (checked == header.tensors.size() + header.blobs.size() && checked <= kMaxVerified &&
      header.header_checksum) {
    std::vector<std::uint8_t> damaged(input.begin(), input.end());
    const std::size_t at = (input.size() * 7 / 11) % input.size();
    damaged[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
    bool noticed = false;
    try {
      const auto changed = memory_file(damaged);
      verify_cellm({changed, read_cellm_header(*changed)});
    } catch (const Error&) {
      noticed = true;
    }
    require(noticed, "verify notices a changed bit");
  }
}

}  // namespace

constinit const Harness kSafetensors{"safetensors", run_safetensors, mutate_safetensors};
constinit const Harness kShardIndex{
    "shard_index", run_shard_index, [](const std::string& text, Random& random) {
      constexpr std::string_view kKeys[] = {"weight_map", "metadata", "total_size",
                                            "model-00001-of-00002.safetensors", "../x.safetensors"};
      return mutate_json_text(text, kKeys, random);
    }};
constinit const Harness kGguf{"gguf", run_gguf, mutate_gguf};
constinit const Harness kCellm{"cellm", run_cellm, mutate_cellm};

}  // namespace cellm::fuzz
