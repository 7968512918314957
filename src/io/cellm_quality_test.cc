#include "io/cellm_quality.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "io/cellm_file.h"
#include "io/cellm_test_file.h"
#include "io/cellm_writer.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

Quality some_quality() {
  return {.reference_format = "f16",
          .reference_checksum = 0x0123456789abcdefU,
          .text_checksum = 0xfedcba9876543210U,
          .window = 512,
          .scored = "second-half",
          .predictions = 2040,
          .perplexity = 47.9,
          .perplexity_ratio = 1.01,
          .kld_mean = 0.0304,
          .top1 = 0.94,
          .bits_per_weight = 4.5,
          .activations = "int8",
          .kv_encoding = "f16",
          .date = "2026-01-31",
          .writer = "cellm 0.2.0"};
}

std::vector<std::byte> payload(std::size_t bytes, int seed) {
  std::vector<std::byte> result(bytes);
  for (std::size_t i = 0; i < bytes; ++i)
    result[i] = static_cast<std::byte>(i * 31 + static_cast<std::size_t>(seed));
  return result;
}

// A file as the converter writes it: two tensors, two blobs, checksums.
fs::path write_file(const TestFolder& folder) {
  fs::path path = folder.path() / "m.cellm";
  CellmWriter writer(path, R"({"model_type":"qwen3","rms_norm_eps":1e-06,"writer":"cellm"})",
                     {{"a", "f16", {8, 4}, 0, 64, {}}, {"b", "f16", {3}, 0, 6, {}}},
                     {{"tokenizer", "", {}, 0, 100, {}}, {"chat_template", "", {}, 0, 1, {}}});
  writer.append_tensor(0, payload(64, 1));
  writer.append_tensor(1, payload(6, 2));
  writer.append_blob(0, payload(100, 3));
  writer.append_blob(1, payload(1, 4));
  writer.finish();
  return path;
}

nlohmann::json header_of(const fs::path& path) {
  return nlohmann::json::parse(read_cellm_header(MappedFile(path)).json);
}

std::optional<Quality> quality_in(const fs::path& path) {
  return read_quality(open_cellm_file(path).header);
}

void store(const fs::path& path, const Quality& quality) {
  store_quality(open_cellm_file(path), quality);
}

TEST(CellmQuality, IsReadAsItWasStored) {
  const TestFolder folder;
  const auto path = write_file(folder);
  EXPECT_FALSE(quality_in(path).has_value());
  store(path, some_quality());
  const auto quality = quality_in(path);
  ASSERT_TRUE(quality.has_value());
  EXPECT_EQ(quality->reference_checksum, 0x0123456789abcdefU);
  EXPECT_EQ(quality->text_checksum, 0xfedcba9876543210U);
  EXPECT_EQ(quality->window, 512U);
  EXPECT_EQ(quality->scored, "second-half");
  EXPECT_EQ(quality->predictions, 2040U);
  EXPECT_EQ(quality->perplexity, 47.9);
  EXPECT_EQ(quality->perplexity_ratio, 1.01);
  EXPECT_EQ(quality->top1, 0.94);
  EXPECT_EQ(quality->activations, "int8");
  EXPECT_EQ(quality->kv_encoding, "f16");
  EXPECT_EQ(quality->date, "2026-01-31");
  EXPECT_EQ(quality->writer, "cellm 0.2.0");
  EXPECT_EQ(quality_summary(*quality), "KLD 0.030 vs f16, 4.50 bits per weight");
}

TEST(CellmQuality, EverythingElseInTheFileStays) {
  const TestFolder folder;
  const auto path = write_file(folder);
  const std::string before = file_bytes(path);
  const auto old_header = header_of(path);
  const CellmHeader old = read_cellm_header(MappedFile(path));
  store(path, some_quality());
  EXPECT_EQ(verify_cellm(open_cellm_file(path)), 4U);

  const CellmHeader now = read_cellm_header(MappedFile(path));
  const std::string after = file_bytes(path);
  for (const auto& [olds, news] :
       {std::pair(&old.tensors, &now.tensors), std::pair(&old.blobs, &now.blobs)}) {
    ASSERT_EQ(olds->size(), news->size());
    for (std::size_t i = 0; i < olds->size(); ++i) {
      const CellmEntry& was = (*olds)[i];
      const CellmEntry& is = (*news)[i];
      EXPECT_EQ(is.name, was.name);
      EXPECT_EQ(is.dtype, was.dtype);
      EXPECT_EQ(is.shape, was.shape);
      EXPECT_EQ(is.checksum, was.checksum);
      EXPECT_EQ(after.substr(is.offset, is.bytes), before.substr(was.offset, was.bytes));
    }
  }
  auto new_header = header_of(path);
  EXPECT_EQ(new_header["rms_norm_eps"], 1e-6);
  for (const char* key : {"tensors", "blobs", "checksums"}) {
    EXPECT_TRUE(new_header.contains(key));
    new_header[key] = old_header[key];
  }
  new_header.erase("quality");
  EXPECT_EQ(new_header, old_header);

  // The latest entry counts, and storing leaves no other file behind.
  Quality other = some_quality();
  other.kld_mean = 0.5;
  store(path, other);
  EXPECT_EQ(quality_in(path)->kld_mean, 0.5);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(CellmQuality, AFileWithoutChecksumsGetsThem) {
  const TestFolder folder;
  const auto path = folder.write("m.cellm", small_cellm());
  store(path, some_quality());
  EXPECT_EQ(verify_cellm(open_cellm_file(path)), 3U);
  EXPECT_TRUE(quality_in(path).has_value());
}

TEST(CellmQuality, ADamagedFileIsNotMadeGood) {
  const TestFolder folder;
  const auto path = write_file(folder);
  const std::string good = file_bytes(path);
  const std::uint64_t offset = read_cellm_header(MappedFile(path)).tensors[0].offset;
  std::string bad = good;
  bad[offset + 5] = static_cast<char>(bad[offset + 5] ^ 1);
  folder.write("m.cellm", bad);
  expect_error(ErrorKind::kData, "a is damaged", [&] { store(path, some_quality()); });
  EXPECT_EQ(file_bytes(path), bad);
  folder.write("m.cellm", good.substr(0, good.size() - 1));
  expect_error(ErrorKind::kData, "m.cellm", [&] { store(path, some_quality()); });
  folder.write("m.cellm", "GGUF and more");
  expect_error(ErrorKind::kData, "not a .cellm file", [&] { store(path, some_quality()); });
  expect_error(ErrorKind::kData, "none.cellm",
               [&] { store(folder.path() / "none.cellm", some_quality()); });
}

TEST(CellmQuality, ALinkStaysALink) {
  const TestFolder folder;
  const auto path = write_file(folder);
  const auto link = folder.path() / "link.cellm";
  fs::create_symlink("m.cellm", link);
  store(link, some_quality());
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_TRUE(quality_in(path).has_value());
}

TEST(CellmQuality, AnotherProgramsEntryIsNotOurs) {
  const TestFolder folder;
  const auto with_entry = [&](const std::string& entry) {
    std::string header(kSmallCellmHeader);
    header.insert(1, "\"quality\":" + entry + ",");
    return quality_in(folder.write("m.cellm", small_cellm(header)));
  };
  for (const char* entry : {"\"good\"", "{}", "[1]", "null", "{\"kld_mean\":0.1}"})
    EXPECT_FALSE(with_entry(entry).has_value()) << entry;
}

TEST(CellmQuality, EachMemberMustBeWhatItShouldBe) {
  const TestFolder folder;
  const auto path = write_file(folder);
  store(path, some_quality());
  const auto entry = header_of(path)["quality"];
  EXPECT_EQ(entry.size(), 15U);
  for (const auto& [key, value] : entry.items()) {
    for (const nlohmann::json& wrong : {nlohmann::json::array(), nlohmann::json(true)}) {
      auto changed = entry;
      changed[key] = wrong;
      const auto other = folder.path() / "other.cellm";
      CellmWriter writer(other, nlohmann::json{{"quality", changed}}.dump(), {}, {});
      writer.finish();
      EXPECT_FALSE(quality_in(other).has_value()) << key;
    }
  }
}

TEST(CellmQuality, ABrokenModelsPerplexityMayBeInfinite) {
  const TestFolder folder;
  const auto path = write_file(folder);
  Quality quality = some_quality();
  quality.perplexity = std::numeric_limits<double>::infinity();
  store(path, quality);
  EXPECT_EQ(quality_in(path)->perplexity, quality.perplexity);
}

TEST(CellmQuality, SmallDivergencesKeepTheirDigits) {
  Quality quality = some_quality();
  quality.kld_mean = 0.00443;
  EXPECT_EQ(quality_summary(quality), "KLD 0.00443 vs f16, 4.50 bits per weight");
  quality.kld_mean = 12.8;
  EXPECT_EQ(quality_summary(quality), "KLD 12.800 vs f16, 4.50 bits per weight");
}

}  // namespace
}  // namespace cellm
