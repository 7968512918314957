#include "io/cellm_writer.h"

#include <ctime>
#include <string>
#include <vector>
#include <xxhash.h>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/test_files.h"
#include "io/json.h"

namespace cellm {
namespace {

constexpr const char* kFields = R"({"model_type":"qwen3","vocab_size":8})";

std::string payload(std::size_t seed, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 37 + seed * 11 + 1);
  return text;
}

// `tensors` tensors of one f16 row each, and two blobs, written in small pieces.
std::filesystem::path write_sample(const TestFolder& folder, std::size_t tensors) {
  std::vector<CellmEntry> entries;
  for (std::size_t i = 0; i < tensors; ++i) {
    entries.push_back({"t" + std::to_string(1000 + i), "f16", {5 + i}, 0, 2 * (5 + i), {}});
  }
  std::vector<CellmEntry> blobs{{"tokenizer", "", {}, 0, 7, {}},
                                {"chat_template", "", {}, 0, 64, {}}};
  auto path = folder.path() / "m.cellm";
  const std::uint64_t planned = planned_cellm_bytes(kFields, entries, blobs);
  CellmWriter writer(path, kFields, entries, blobs);
  EXPECT_EQ(writer.file_bytes(), planned);
  for (std::size_t i = 0; i < tensors; ++i) {
    const std::string bytes = payload(i, 2 * (5 + i));
    writer.append_tensor(i, std::as_bytes(std::span(bytes)).first(3));
    writer.append_tensor(i, std::as_bytes(std::span(bytes)).subspan(3));
  }
  const std::string first = payload(90, 7);
  const std::string second = payload(91, 64);
  writer.append_blob(0, std::as_bytes(std::span(first)));
  writer.append_blob(1, std::as_bytes(std::span(second)));
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.finish();
  EXPECT_EQ(std::filesystem::file_size(path), planned);
  return path;
}

TEST(CellmWriter, LayoutIsThatOfVersionOne) {
  // Counts at which the header's length crosses digits of the offsets.
  for (const std::size_t tensors : {0U, 1U, 2U, 7U, 8U, 9U, 40U, 64U, 65U, 66U, 67U, 90U}) {
    const TestFolder folder;
    const auto path = write_sample(folder, tensors);
    const std::string bytes = file_bytes(path);
    const CellmHeader header = read_cellm_header(MappedFile(path));
    EXPECT_EQ(bytes.substr(0, 6), std::string("CELLM\x01", 6));
    std::uint64_t end = 10 + header.json.size();
    ASSERT_EQ(header.tensors.size(), tensors);
    for (const auto* list : {&header.tensors, &header.blobs}) {
      for (const auto& entry : *list) {
        EXPECT_EQ(entry.offset, (end + 63) / 64 * 64) << tensors << " " << entry.name;
        for (std::uint64_t i = end; i < entry.offset; ++i) ASSERT_EQ(bytes[i], '\0');
        end = entry.offset + entry.bytes;
      }
    }
    EXPECT_EQ(end, bytes.size());
    EXPECT_EQ(verify_cellm(open_cellm_file(path)), tensors + 2);
  }
}

TEST(CellmWriter, ChecksumsAreXxh3OfThePayloads) {
  const TestFolder folder;
  const CellmHeader header = read_cellm_header(MappedFile(write_sample(folder, 3)));
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string bytes = payload(i, 2 * (5 + i));
    EXPECT_EQ(header.tensors[i].checksum, XXH3_64bits(bytes.data(), bytes.size()));
  }
  const std::string blob = payload(90, 7);
  EXPECT_EQ(header.blobs[0].checksum, XXH3_64bits(blob.data(), blob.size()));

  const Json json = parse_json(header.json, "header");
  EXPECT_EQ(json["checksums"]["algorithm"], "xxh3-64");
  EXPECT_EQ(json["model_type"], "qwen3");
  std::string zeroed = header.json;
  replace_once(zeroed, "\"header\":\"" + json["checksums"]["header"].get<std::string>(),
               "\"header\":\"0000000000000000");
  EXPECT_EQ(header.header_checksum, XXH3_64bits(zeroed.data(), zeroed.size()));
}

TEST(CellmWriter, VerifyFindsEveryFlippedBit) {
  const TestFolder folder;
  const auto path = write_sample(folder, 1);
  const std::string bytes = file_bytes(path);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&](std::size_t at, char byte) {
    file.seekp(static_cast<std::streamoff>(at)).put(byte).flush();
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      put(i, static_cast<char>(bytes[i] ^ static_cast<char>(1U << bit)));
      EXPECT_THROW(verify_cellm(open_cellm_file(path)), Error) << "bit " << bit << " of byte " << i;
    }
    put(i, bytes[i]);
  }
  EXPECT_EQ(verify_cellm(open_cellm_file(path)), 3U);
}

// As many as a file may have: a header made by looking for each name among the others takes
// minutes.
TEST(CellmWriter, LaysOutManyTensorsInSeconds) {
  constexpr double kMaxSeconds = 20;
  std::vector<CellmEntry> entries;
  for (std::size_t i = 0; i < kMaxTensors; ++i) {
    entries.push_back({std::to_string(kMaxTensors + i), "f16", {1}, 0, 2, {}});
  }
  const std::clock_t start = std::clock();
  EXPECT_GT(planned_cellm_bytes(kFields, std::move(entries), {}), 64 * kMaxTensors);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, kMaxSeconds);
}

TEST(CellmWriter, UnfinishedLeavesTheOldFile) {
  const TestFolder folder;
  folder.write("m.cellm", "old");
  {
    const CellmWriter writer(folder.path() / "m.cellm", kFields, {{"t", "f16", {4}, 0, 8, {}}}, {});
  }
  EXPECT_EQ(file_bytes(folder.path() / "m.cellm"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(CellmWriter, RefusesTargetsThatAreNoFile) {
  const TestFolder folder;
  const auto target = [&](const std::filesystem::path& path) {
    expect_error(ErrorKind::kData, printable(path.string()),
                 [&] { const CellmWriter writer(path, kFields, {}, {}); });
  };
  target(folder.path());
  target("/dev/null");
  target(folder.path() / "none" / "m.cellm");
}

}  // namespace
}  // namespace cellm
