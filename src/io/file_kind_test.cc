#include "io/file_kind.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/advice.h"
#include "base/test_files.h"
#include "io/folder_file.h"

namespace cellm {
namespace {

using std::string_view_literals::operator""sv;

std::string mistake(std::string_view bytes, ErrorKind kind = ErrorKind::kData) {
  const auto error =
      known_mistake(std::as_bytes(std::span(bytes.data(), bytes.size())), "m.safetensors");
  if (!error) return {};
  EXPECT_EQ(static_cast<int>(error->kind()), static_cast<int>(kind)) << error->what();
  return error->what();
}

std::string padded(std::string_view bytes, std::size_t size = 300) {
  std::string text(bytes);
  text.resize(size, '\x01');
  return text;
}

TEST(FileKind, NamesWhatIsNoModel) {
  EXPECT_EQ(mistake("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
            "m.safetensors: is a Git LFS pointer, not the file; run git lfs pull in its folder");
  for (const char* page :
       {"<!DOCTYPE html><html>", "\n <HTML lang=\"en\">", "\xef\xbb\xbf<!doctype html>",
        "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"}) {
    EXPECT_EQ(mistake(page), "m.safetensors: is a web page, not the file; download it again");
  }
  EXPECT_EQ(mistake(R"({"error":"Repository not found"})"),
            R"(m.safetensors: is JSON, not weights: "{"error":"Repository not found"}")");
  EXPECT_EQ(mistake("Entry not found"),
            R"(m.safetensors: is text, not weights: "Entry not found")");
  EXPECT_EQ(
      mistake("FROM ./model.gguf\nPARAMETER temperature 1\n"),
      R"(m.safetensors: is an Ollama Modelfile; give the model that it names: "FROM ./model.gguf")");
  EXPECT_NE(mistake(R"({"layers":[{"mediaType":"application/vnd.ollama.image.model"}]})")
                .find("is an Ollama manifest"),
            std::string::npos);
  EXPECT_EQ(mistake(""), "m.safetensors: is empty; the download is not complete");
  EXPECT_EQ(mistake(std::string(4096, '\0')),
            "m.safetensors: has zeros at its beginning; the download is not complete");
}

TEST(FileKind, NamesOtherContainers) {
  const auto other = [](std::string_view bytes, std::string_view part) {
    const std::string text = mistake(padded(bytes), ErrorKind::kUnsupported);
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  other("PK\x03\x04............model/data.pkl", "is a PyTorch file");
  other("PK\x03\x04............notes.txt", "is a zip archive");
  other("\x80\x02}q", "is a PyTorch file");
  other("\x1f\x8b\x08", "is a compressed archive");
  other("tjgg", "of the time before GGUF");
  other("GGUF", "is a GGUF file");
  other("\x93NUMPY", "NumPy");
  other("\x89HDF\r\n\x1a\n", "TensorFlow");
  std::string tar = padded("model/config.json", 600);
  tar.replace(257, 5, "ustar");
  EXPECT_NE(mistake(tar, ErrorKind::kUnsupported).find("is a tar archive"), std::string::npos);
}

TEST(FileKind, TellsPyTorchByTheName) {
  const std::string zip = padded("PK\x03\x04");
  const auto error =
      known_mistake(std::as_bytes(std::span(zip.data(), zip.size())), "a/pytorch_model.bin");
  EXPECT_NE(std::string(error->what()).find("is a PyTorch file"), std::string::npos);
}

TEST(FileKind, LetsWeightsPass) {
  EXPECT_EQ(mistake("\x20\0\0\0\0\0\0\0{\"a\":{}}"sv), "");
  EXPECT_EQ(mistake(std::string(40, '\0')), "");  // too short to tell
  EXPECT_EQ(mistake("\x01\x02\x03"), "");
}

TEST(FileKind, KnowsWhatShouldBeText) {
  EXPECT_FALSE(known_text_mistake("{}", "config.json"));
  EXPECT_FALSE(known_text_mistake("{{ messages }} <html>", "chat_template.jinja"));
  EXPECT_NE(std::string(known_text_mistake("<!DOCTYPE html>", "config.json")->what())
                .find("is a web page"),
            std::string::npos);
}

class Folders : public ::testing::Test {
 protected:
  Error mistake() const {
    return folder_mistake(folder_.path(), names_in_folder(folder_.path()),
                          "no config.json in this folder");
  }
  void expect(ErrorKind kind, std::string_view part) const {
    expect_error(kind, part, [&] { throw mistake(); });
  }

  const TestFolder folder_;
};

TEST_F(Folders, NamesAdapters) {
  folder_.write("adapter_model.safetensors", "");
  expect(ErrorKind::kUnsupported, "is a LoRA adapter, not a model");
  folder_.write("adapter_config.json", R"({"base_model_name_or_path":"org/base","r":NaN})");
  expect(ErrorKind::kUnsupported, "is a LoRA adapter of org/base, not a model");
  expect_advice(AdviceKind::kMergeAdapter, [&] { throw mistake(); });
  folder_.write("adapter_config.json", "{");
  expect(ErrorKind::kUnsupported, "is a LoRA adapter, not a model");
}

TEST_F(Folders, NamesOtherWeights) {
  expect(ErrorKind::kData, "no config.json in this folder; expected a Hugging Face model folder");
  folder_.write("tokenizer.json", "");
  expect(ErrorKind::kData, "no config.json in this folder; is the download complete?");
  folder_.write("model_index.json", "");
  expect(ErrorKind::kUnsupported, "a pipeline of diffusers");
  folder_.write("tf_model.h5", "");
  expect(ErrorKind::kUnsupported, "weights of TensorFlow");
  folder_.write("pytorch_model-00001-of-00002.bin", "");
  expect(ErrorKind::kUnsupported, "PyTorch .bin files; cellm reads safetensors");
  folder_.write("model.onnx", "");
  expect(ErrorKind::kUnsupported, "ONNX");
  folder_.write("model-Q4_K_M.gguf", "");
  expect(ErrorKind::kData, "give the GGUF file in it, ");
  folder_.write("model.safetensors.incomplete", "");
  expect(ErrorKind::kData,
         "the download is not complete: model.safetensors is missing, only "
         "model.safetensors.incomplete is there");
}

TEST(NumberedName, ReadsParts) {
  const auto name = numbered_name("a-00002-of-00013.gguf");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->prefix, "a-");
  EXPECT_EQ(name->number, 2U);
  EXPECT_EQ(name->count, 13U);
  EXPECT_EQ(name->name_of(13), "a-00013-of-00013.gguf");
  for (const char* other : {"a.gguf", "a-00000-of-00003.gguf", "a-00004-of-00003.gguf",
                            "a-2-of-3.gguf", "a-0x002-of-00003", "-of-00003", "a-00001-of-3"}) {
    EXPECT_FALSE(numbered_name(other)) << other;
  }
}

}  // namespace
}  // namespace cellm
