#include "io/stored_tensors.h"

#include <string>
#include <vector>

#include "base/test_files.h"
#include "io/safetensors_test_file.h"

namespace cellm {
namespace {

std::string file_with(const std::string& name) {
  return safetensors_bytes({small_tensor(name)});
}

class Stored : public ::testing::Test {
 protected:
  StoredTensors read() const { return read_stored_tensors(folder_.path(), Links::kInside); }
  std::string names() const {
    std::string all;
    for (const StoredTensor& tensor : read().tensors) all += tensor.name + " ";
    return all;
  }
  void expect_refused(std::string_view part, ErrorKind kind = ErrorKind::kData) const {
    expect_error(kind, part, [&] { read(); });
  }

  const TestFolder folder_;
};

TEST_F(Stored, NamesMissingFiles) {
  folder_.write("model-00001-of-00003.safetensors", file_with("a"));
  folder_.write("model-00003-of-00003.safetensors", file_with("c"));
  EXPECT_EQ(names(), "a c ");
  EXPECT_EQ(read().incomplete,
            "the download is not complete: model-00002-of-00003.safetensors is missing");
  folder_.write("model.safetensors.index.json",
                R"({"weight_map":{"a":"model-00001-of-00003.safetensors",
                "b":"model-00002-of-00003.safetensors","c":"model-00003-of-00003.safetensors",
                "d":"gone.safetensors"}})");
  EXPECT_EQ(read().incomplete,
            "the download is not complete: gone.safetensors and 1 more are missing");
  EXPECT_EQ(names(), "a c ");
}

TEST_F(Stored, NamesDownloadsThatBegan) {
  folder_.write("model.safetensors.incomplete", "");
  expect_refused("the download is not complete: model.safetensors is missing");
  folder_.write("a.safetensors", file_with("a"));
  EXPECT_EQ(names(), "a ");
  EXPECT_EQ(read().incomplete, "the download is not complete: model.safetensors is missing");
}

TEST_F(Stored, RefusesWhatIsNoWeights) {
  expect_refused("no *.safetensors file");
  folder_.write("pytorch_model.bin", "");
  expect_refused("PyTorch .bin files", ErrorKind::kUnsupported);
  folder_.write("model.safetensors", "<html></html>");
  expect_refused("model.safetensors: is a web page");
  folder_.write("model.safetensors.index.json", "version https://git-lfs.github.com/spec/v1\n");
  expect_refused("index.json: is a Git LFS pointer");
}

TEST_F(Stored, LeavesOutAdaptersAndSecondCopies) {
  folder_.write("adapter_model.safetensors", file_with("lora"));
  folder_.write("adapter_config.json", "{}");
  expect_refused("is a LoRA adapter", ErrorKind::kUnsupported);
  folder_.write("consolidated.safetensors", file_with("a"));
  EXPECT_EQ(names(), "a ");
  folder_.write("x.safetensors", file_with("b"));
  EXPECT_EQ(names(), "b ");
}

TEST_F(Stored, DropsPrefixesOfWrappers) {
  folder_.write("model.safetensors", safetensors_bytes({small_tensor("_orig_mod.model.a"),
                                                        small_tensor("model._orig_mod.b")}));
  EXPECT_EQ(names(), "model.a model.b ");
  EXPECT_EQ(read().notes,
            (std::vector<std::string>{
                R"("_orig_mod." in the names of tensors, from torch.compile, is dropped)"}));
  folder_.write("model.safetensors",
                safetensors_bytes({small_tensor("module.a"), small_tensor("module.b")}));
  EXPECT_EQ(names(), "a b ");
  folder_.write("model.safetensors",
                safetensors_bytes({small_tensor("module.a"), small_tensor("b")}));
  EXPECT_EQ(names(), "b module.a ");
  folder_.write("model.safetensors",
                safetensors_bytes({small_tensor("_orig_mod.a"), small_tensor("a")}));
  expect_refused("tensor a is there with and without a prefix");
}

TEST_F(Stored, NotesEmptyTensors) {
  folder_.write(
      "model.safetensors",
      safetensors_bytes({{"a", "F16", {0}, ""}, small_tensor("b"), {"c", "F16", {4, 0}, ""}}));
  EXPECT_EQ(names(), "b ");
  const StoredTensors stored = read();
  EXPECT_EQ(stored.absent.at("a"), "is empty (saved by ZeRO-3 without gathering)");
  EXPECT_TRUE(stored.absent.contains("c"));
  EXPECT_EQ(stored.find("a"), nullptr);
  EXPECT_NE(stored.find("b"), nullptr);
}

TEST_F(Stored, ReadsMetadataThatIsNull) {
  folder_.write("model.safetensors",
                safetensors_bytes(
                    R"({"__metadata__":null,"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}})",
                    std::string(8, '\0')));
  EXPECT_EQ(names(), "a ");
}

}  // namespace
}  // namespace cellm
