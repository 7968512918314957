#include "io/cellm_file.h"

#include <memory>
#include <string>
#include <vector>

#include "base/test_files.h"
#include "format/rotation.h"
#include "format/trellis.h"
#include "io/cellm_test_file.h"
#include "layout/layout.h"

namespace cellm {
namespace {

std::unique_ptr<ModelSource> open_path(const std::filesystem::path& path) {
  return open_cellm(std::make_shared<MappedFile>(path));
}

void expect_refused(const std::string& bytes, std::string_view part,
                    ErrorKind kind = ErrorKind::kData) {
  const TestFolder folder;
  const auto path = folder.write("m.cellm", bytes);
  expect_error(kind, part, [&] { open_path(path); });
}

void expect_change_refused(std::string_view from, std::string_view to, std::string_view part,
                           ErrorKind kind = ErrorKind::kData) {
  std::string header(kSmallCellmHeader);
  replace_once(header, from, to);
  expect_refused(small_cellm(header), part, kind);
}

TEST(CellmFile, ReadsEveryGoldenFile) {
  std::size_t files = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(CELLM_TESTDATA "/models")) {
    if (item.path().extension() != ".cellm") continue;
    ++files;
    const auto source = open_path(item.path());
    EXPECT_FALSE(source->tensors().empty()) << item.path();
    EXPECT_EQ(verify_cellm(open_cellm_file(item.path())), 0U);  // the original wrote no checksums
    std::vector<float> row;
    for (std::size_t i = 0; i < source->tensors().size(); ++i) {
      row.resize(source->tensors()[i].cols());
      source->read_rows(i, source->tensors()[i].rows() - 1, source->tensors()[i].rows(),
                        row.data());
    }
  }
  EXPECT_EQ(files, 7U);
}

TEST(CellmFile, JoinsTensorsWithTheirScales) {
  const TestFolder folder;
  const auto source = open_path(folder.write("m.cellm", small_cellm()));
  ASSERT_EQ(source->tensors().size(), 2U);
  EXPECT_EQ(source->tensors()[0].name, "a.weight");
  EXPECT_EQ(source->tensors()[0].group, 2U);
  EXPECT_EQ(source->tensors()[0].stored_bytes, 18U);
  std::vector<float> row(4);
  source->read_rows(0, 2, 3, row.data());
  EXPECT_EQ(row, (std::vector<float>{1, -3, 1, -3}));  // nibbles 9 and 5, scale 1
}

TEST(CellmFile, RefusesEveryCut) {
  const TestFolder folder;
  const std::string whole = small_cellm();
  const auto path = folder.write("m.cellm", whole);
  for (std::size_t size = whole.size(); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    expect_error(ErrorKind::kData, "m.cellm", [&] { open_path(path); });
  }
}

TEST(CellmFile, RefusesWrongPrefixes) {
  expect_refused("", "magic");
  expect_refused("CELLX" + small_cellm().substr(5), "does not start with CELLM");
  expect_refused(cellm_bytes(kSmallCellmHeader, "", 2), ".cellm version 2",
                 ErrorKind::kUnsupported);
  expect_refused(std::string("CELLM\x01\x00\x00\x00\x80", 10) + "{}",
                 "2147483648 is above the limit");
  expect_refused(std::string("CELLM\x01\x00\x10\x00\x00", 10) + "{}",
                 "header at byte 10 needs 4096");
  expect_refused(cellm_bytes("{}", ""), "tensors is missing");
  expect_refused(cellm_bytes("[1]", ""), "expected an object");
  expect_refused(cellm_bytes("{\"tensors\":", ""), "not valid JSON");
}

TEST(CellmFile, RefusesWrongRanges) {
  expect_change_refused("640", "704", "overlap at byte 704");
  expect_change_refused("640", "641", "not a multiple of 64");
  expect_change_refused("640", "0", "lie outside");
  expect_change_refused("640", "576", "lie outside");
  expect_change_refused("640", "9223372036854775744", "lie outside");
  expect_change_refused("640", "-64", "expected an integer");
  expect_change_refused("768", "832", "lie outside");
  expect_change_refused("\"nbytes\":6", "\"nbytes\":7", "7 bytes, but i4 of shape [3, 4] takes 6");
  expect_change_refused("\"nbytes\":6", "\"nbytes\":9223372036854775807", "lie outside");
  expect_change_refused("\"nbytes\":6", "\"nbytes\":18446744073709551615", "expected an integer");
  expect_change_refused("\"nbytes\":6", "\"nbytes\":\"6\"", "expected an integer");
  expect_change_refused("\"nbytes\":6,", "", "nbytes is missing");
}

TEST(CellmFile, RefusesWrongShapesAndTypes) {
  expect_change_refused("[3,4]", "[0,4]", "expected an integer from 1");
  expect_change_refused("[3,4]", "[1099511627776,1099511627776]", "larger than any file");
  expect_change_refused("[3,4]", "[12]", "only a matrix can be i4");
  expect_change_refused("[3,4]", "[1,3,4]", "only a matrix can be i4");
  expect_change_refused("\"i4\"", "\"q4_0\"", "its rows are multiples of 32");
  expect_change_refused("[3,4]", "{}", "expected an array");
  expect_change_refused("\"i4\"", "\"i3\"", "unknown dtype i3", ErrorKind::kUnsupported);
  expect_change_refused("\"i4\"", "\"f64\"", "unknown dtype f64", ErrorKind::kUnsupported);
  expect_change_refused("\"i4\"", "null", "dtype is missing");
  expect_change_refused("\"norm.weight\"", "\"a.weight\"", "listed twice");
  expect_change_refused("\"norm.weight\"", "\"\"", "a name of 0 bytes");
}

TEST(CellmFile, RefusesWrongScales) {
  expect_change_refused("a.weight.qscale", "b.weight.qscale", "a.weight.qscale is missing");
  expect_change_refused("[3,2]", "[2,3]", "expected f16 [3] or [3, groups]");
  expect_change_refused("[3,2]", "[6]", "expected f16 [3] or [3, groups]");
  expect_change_refused("[3,2]", "[3,2,1]", "expected f16 [3] or [3, groups]");
  expect_change_refused("\"nbytes\":12,\"shape\":[3,2],\"dtype\":\"f16\"",
                        "\"nbytes\":18,\"shape\":[3,3],\"dtype\":\"f16\"", "[3, groups]");
  expect_change_refused("\"nbytes\":12,\"shape\":[3,2],\"dtype\":\"f16\"",
                        "\"nbytes\":6,\"shape\":[3,2],\"dtype\":\"f8e4m3\"", "[3, groups]");
}

// A packed matrix of 3 × 4: one block of 16 rows, columns padded to 32.
TEST(CellmFile, ReadsAndRefusesPackedMatrices) {
  constexpr std::string_view kHeader =
      R"({"model_type":"qwen3","vocab_size":8,"hidden_dim":4,"tensors":[)"
      R"({"name":"a.weight","offset_bytes":640,"nbytes":256,"shape":[3,4],"dtype":"i4.rows16"},)"
      R"({"name":"a.weight.qscale","offset_bytes":896,"nbytes":32,"shape":[1,1,16],"dtype":"f16"}]})";
  const auto file = [&](std::string_view from, std::string_view to) {
    std::string header(kHeader);
    if (!from.empty()) replace_once(header, from, to);
    header.resize(630, ' ');
    std::string data(256, static_cast<char>(0x99));  // code 9 of every weight, value 1
    for (int i = 0; i < 16; ++i) data += std::string("\x00\x3C", 2);
    return cellm_bytes(header, data);
  };
  const TestFolder folder;
  const auto source = open_path(folder.write("m.cellm", file("", "")));
  ASSERT_EQ(source->tensors().size(), 1U);
  EXPECT_EQ(source->tensors()[0].stored_bytes, 288U);
  EXPECT_EQ(source->tensors()[0].group, 4U);
  EXPECT_EQ(&source->weights(0)->layout(), &kPackedLayout);
  std::vector<float> row(4);
  source->read_rows(0, 2, 3, row.data());
  EXPECT_EQ(row, (std::vector<float>{1, 1, 1, 1}));

  const auto refused = [&](std::string_view from, std::string_view to, std::string_view part,
                           ErrorKind kind = ErrorKind::kData) {
    expect_refused(file(from, to), part, kind);
  };
  refused("[3,4]", "[17,4]", "256 bytes, but i4.rows16 of shape [17, 4] takes 512");
  refused("[3,4]", "[3,33]", "takes 512");
  refused("[3,4]", "[12]", "only a matrix can be i4.rows16");
  refused("[3,4]", "[1099511627776,1099511627776]", "larger than any file");
  refused("[1,1,16]", "[16]", "expected f16 [1, groups, 16]");
  refused("[1,1,16]", "[1,16]", "expected f16 [1, groups, 16]");
  refused("a.weight.qscale", "b.weight.qscale", "a.weight.qscale is missing");
  refused("i4.rows16", "f16.rows16", "unknown dtype", ErrorKind::kUnsupported);
  refused("i4.rows16", "i4.rows32", "unknown dtype", ErrorKind::kUnsupported);
}

// A trellis-coded matrix of 3 × 4: one block of 64 rows, two tiles.
TEST(CellmFile, ReadsAndRefusesTrellisCodes) {
  constexpr std::string_view kHeader =
      R"({"model_type":"qwen3","vocab_size":8,"hidden_dim":4,"tensors":[)"
      R"({"name":"a.weight","offset_bytes":640,"nbytes":128,"shape":[3,4],"dtype":"t2","table":2,"rotation":5},)"
      R"({"name":"a.weight.cscale","offset_bytes":896,"nbytes":8,"shape":[4],"dtype":"f16"},)"
      R"({"name":"a.weight.qscale","offset_bytes":768,"nbytes":128,"shape":[1,64],"dtype":"f16"}]})";
  const auto file = [&](std::string_view from, std::string_view to) {
    std::string header(kHeader);
    if (!from.empty()) replace_once(header, from, to);
    header.resize(630, ' ');
    std::string data(128, '\0');
    for (int i = 0; i < 64; ++i) data += std::string("\x00\x3C", 2);
    for (int i = 0; i < 4; ++i) data += std::string("\x00\x40", 2);
    return cellm_bytes(header, data);
  };
  const TestFolder folder;
  const auto source = open_path(folder.write("m.cellm", file("", "")));
  ASSERT_EQ(source->tensors().size(), 1U);
  EXPECT_EQ(source->tensors()[0].stored_bytes, 264U);
  EXPECT_EQ(source->tensors()[0].stored_as, "t2");
  EXPECT_EQ(&source->weights(0)->layout(), &kTileLayout);
  EXPECT_EQ(source->weights(0)->shape().trellis.rotation, 5U);
  // All windows are 0, so all weights of W R are equal, and W is that times a row of R's transpose,
  // and twice that by the scales of columns.
  const TrellisLevels& levels = default_trellis_table(FormatId::kT2).levels;
  const int mixed = levels.near_mix[0] ^ levels.far_mix[0];
  const float value =
      static_cast<float>(levels.levels[0][mixed] + levels.offsets[0][0]) / 64.0F - 1.0F;
  const auto factors = rotation_factors(5, 4);
  std::vector<float> row(4);
  source->read_rows(0, 2, 3, row.data());
  EXPECT_EQ(row, (std::vector<float>{8.0F * value * factors[0], 0, 0, 0}));
  const auto unscaled = open_path(folder.write("u.cellm", file("weight.cscale", "weight.other")));
  unscaled->read_rows(0, 2, 3, row.data());
  EXPECT_EQ(row, (std::vector<float>{4.0F * value * factors[0], 0, 0, 0}));

  const auto refused = [&](std::string_view from, std::string_view to, std::string_view part,
                           ErrorKind kind = ErrorKind::kData) {
    expect_refused(file(from, to), part, kind);
  };
  refused("[3,4]", "[65,4]", "128 bytes, but t2 of shape [65, 4] takes 256");
  refused("[3,4]", "[3,9]", "takes 256");
  refused("[3,4]", "[12]", "only a matrix can be t2");
  refused("[3,4]", "[1099511627776,1099511627776]", "larger than any file");
  refused("[1,64]", "[64]", "expected f16 [1, 64]");
  refused("a.weight.qscale", "b.weight.qscale", "a.weight.qscale is missing");
  refused("8,\"shape\":[4]", "8,\"shape\":[2,2]",
          "column scales are f16 of shape [2, 2], expected f16 [4]");
  refused("8,\"shape\":[4]", "6,\"shape\":[3]", "expected f16 [4]");
  refused("\"table\":2", "\"table\":0", "table 0 of t2 is unknown", ErrorKind::kUnsupported);
  refused("\"table\":2", "\"table\":4294967296", "table");
  refused("\"table\":2,", "", "table is missing");
  refused("\"rotation\":5", "\"rotation\":-5", "rotation");
  refused(",\"rotation\":5", "", "rotation is missing");
  refused("\"t2\"", "\"t5\"", "unknown dtype", ErrorKind::kUnsupported);
  refused("\"t2\"", "\"t2.rows16\"", "unknown dtype", ErrorKind::kUnsupported);
}

TEST(CellmFile, RefusesWrongExtras) {
  expect_change_refused("\"tensors\"", "\"blobs\":[],\"tensors\"", "blobs but no checksums");
  expect_change_refused("\"tensors\"", "\"blobs\":[{\"name\":\"t\"}],\"tensors\"", "is missing");
  expect_change_refused(
      "\"tensors\"",
      "\"blobs\":[{\"name\":\"t\",\"offset_bytes\":640,\"nbytes\":4}],"
      "\"checksums\":{\"header\":\"0000000000000000\",\"tensors\":{},\"blobs\":{}},\"tensors\"",
      "checksums.tensors.a.weight is missing");
  expect_change_refused("\"tensors\"", "\"checksums\":{\"header\":\"xyz\"},\"tensors\"",
                        "expected 16 hexadecimal digits");
  expect_change_refused("\"model_type\"", "\"source_text_config\":[],\"model_type\"",
                        "expected an object");
  std::string many = "{\"tensors\":[],\"blobs\":[";
  for (int i = 0; i < 65; ++i) many += i == 0 ? "{}" : ",{}";
  expect_refused(cellm_bytes(many + "]}", ""), "65 entries, more than the 64 allowed");
}

TEST(CellmFile, VerifyFindsDirtyPaddingAndTails) {
  const TestFolder folder;
  const auto damaged = [&](std::size_t at) {
    std::string bytes = small_cellm();
    bytes[at] = 1;
    return folder.write("m.cellm", bytes);
  };
  expect_error(ErrorKind::kData, "byte 650 is padding",
               [&] { verify_cellm(open_cellm_file(damaged(650))); });
  expect_error(ErrorKind::kData, "bytes after the last payload", [&] {
    verify_cellm(open_cellm_file(folder.write("m.cellm", small_cellm() + "x")));
  });
}

}  // namespace
}  // namespace cellm
