#include "io/hf_folder.h"

#include <cstdint>
#include <cstring>
#include <string>

#include "base/test_files.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::string safetensors(std::string_view header, std::size_t data) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes.append(header).append(data, '\x3c');
}
std::string one_tensor(const std::string& name) {
  return safetensors("{\"" + name + R"(":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]}})", 8);
}

void expect_refused(const TestFolder& folder, std::string_view part,
                    ErrorKind kind = ErrorKind::kData) {
  expect_error(kind, part, [&] { open_hf_folder(folder.path()); });
}

TEST(HfFolder, ReadsShardsThroughTheIndex) {
  const TestFolder folder;
  folder.write("config.json", "{}");
  folder.write("x-1.safetensors", one_tensor("b"));
  folder.write("x-2.safetensors", one_tensor("a"));
  folder.write("unused.safetensors", "not even valid");
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"x-2.safetensors","b":"x-1.safetensors"}})");
  const auto source = open_hf_folder(folder.path());
  ASSERT_EQ(source->tensors().size(), 2U);
  EXPECT_EQ(source->tensors()[0].name, "a");
  EXPECT_EQ(source->tensors()[1].stored_as, "F16");
}

TEST(HfFolder, RefusesWrongIndexes) {
  const TestFolder folder;
  folder.write("config.json", "{}");
  folder.write("x-1.safetensors", one_tensor("a"));
  const auto index = [&](std::string_view json, std::string_view part) {
    folder.write("model.safetensors.index.json", json);
    expect_refused(folder, part);
  };
  index(R"({"weight_map":{"a":"../x-1.safetensors"}})", "is not the name of a safetensors file");
  index(R"({"weight_map":{"a":"/etc/passwd"}})", "is not the name of a safetensors file");
  index(R"({"weight_map":{"a":"config.json"}})", "is not the name of a safetensors file");
  index(R"({"weight_map":{"a":7}})", "expected a string");
  index(R"({"weight_map":[]})", "expected an object");
  index("{}", "weight_map is missing");
  index("{\"weight_map\":{}}", "no *.safetensors file");
  index(R"({"weight_map":{"a":"gone.safetensors"}})",
        "the download is not complete: gone.safetensors is missing");
  index(R"({"weight_map":{"a":"./../x-1.safetensors"}})", "is not the name of a safetensors file");
  index(R"({"weight_map":{"a":"./"}})", "is not the name of a safetensors file");
  index(R"({"weight_map":{"a":"x-1.safetensors","a":"x-1.safetensors"}})", "appears twice");
  index("{", "model.safetensors.index.json: not valid JSON");
}

TEST(HfFolder, TakesNoTensorsFromTheIndex) {
  const TestFolder folder;
  const auto names = [&](std::string_view index) {
    folder.write("model.safetensors.index.json", index);
    const auto source = open_hf_folder(folder.path());
    std::string all;
    for (const TensorInfo& info : source->tensors()) all += info.name;
    return all;
  };
  folder.write("config.json", "{}");
  folder.write("x-1.safetensors", one_tensor("a"));
  folder.write("x-2.safetensors", one_tensor("b"));
  EXPECT_EQ(names(R"({"weight_map":{"a":"././x-1.safetensors","b":"x-2.safetensors"}})"), "ab");
  EXPECT_EQ(names(R"({"weight_map":{"a":"x-1.safetensors","lm_head.weight":"x-1.safetensors"}})"),
            "a");
  // In another file than it says.
  EXPECT_EQ(names(R"({"weight_map":{"a":"x-2.safetensors","b":"x-1.safetensors"}})"), "ab");
  // Of files that are not there: the whole file counts.
  folder.write("model.safetensors", one_tensor("c"));
  EXPECT_EQ(names(R"({"weight_map":{"a":"x-1.safetensors","b":"x-3.safetensors"}})"), "c");
  EXPECT_EQ(names(R"({"weight_map":{"a":"x-1.safetensors","b":"x-2.safetensors"}})"), "ab");
}

TEST(HfFolder, RefusesATensorInTwoFiles) {
  const TestFolder folder;
  folder.write("config.json", "{}");
  folder.write("x-1.safetensors", one_tensor("a"));
  folder.write("x-2.safetensors", one_tensor("a"));
  expect_refused(folder, "tensor a is also in another file");
  folder.write("model.safetensors", one_tensor("a"));  // stands alone if it is there
  EXPECT_EQ(open_hf_folder(folder.path())->tensors().size(), 1U);
}

TEST(HfFolder, RefusesWhatIsMissing) {
  const TestFolder folder;
  expect_refused(folder, "config.json: cannot open");
  folder.write("config.json", "{}");
  expect_refused(folder, "no *.safetensors file");
  folder.write("config.json", "");
  expect_refused(folder, "config.json: is empty");
  folder.write("config.json", "{");
  expect_refused(folder, "config.json: not valid JSON");
  folder.write("config.json", "<!DOCTYPE html><html>");
  expect_refused(folder, "config.json: is a web page");
  expect_error(ErrorKind::kData, "gone", [&] { open_hf_folder(folder.path() / "gone"); });
}

TEST(HfFolder, ReadsTheChatTemplate) {
  const TestFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", one_tensor("a"));
  const auto chat = [&](std::string_view tokenizer_config) {
    folder.write("tokenizer_config.json", tokenizer_config);
    return open_hf_folder(folder.path())->chat_template();
  };
  EXPECT_EQ(chat("{}"), "");
  EXPECT_EQ(chat(R"({"chat_template":"one"})"), "one");
  EXPECT_EQ(
      chat(
          R"({"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"d"}]})"),
      "d");
  folder.write("tokenizer_config.json", R"({"chat_template":[{"name":"default"}]})");
  expect_refused(folder, "template is missing");
  folder.write("tokenizer_config.json", R"({"chat_template":5})");
  expect_refused(folder, "expected a string");
  folder.write("chat_template.jinja", "file");  // wins
  EXPECT_EQ(open_hf_folder(folder.path())->chat_template(), "file");
}

TEST(HfFolder, ReadsChatTemplatesByName) {
  const TestFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", one_tensor("a"));
  const auto templates = [&] { return open_hf_folder(folder.path())->chat_templates(); };
  EXPECT_EQ(templates(), ChatTemplates{});
  folder.write("chat_template.json", R"({"chat_template":"of a processor"})");
  EXPECT_EQ(templates(), (ChatTemplates{{"default", "of a processor"}}));
  folder.write(
      "tokenizer_config.json",
      R"({"chat_template":[{"name":"rag","template":"r"},{"name":"tool_use","template":"t"},
                                    {"name":"rag","template":"again"}]})");
  EXPECT_EQ(templates(), (ChatTemplates{{"rag", "again"}, {"tool_use", "t"}}));
  EXPECT_EQ(open_hf_folder(folder.path())->chat_template(), "");
  folder.write("tokenizer_config.json", R"({"chat_template":{"default":"d","x":"y"}})");
  EXPECT_EQ(templates(), (ChatTemplates{{"default", "d"}, {"x", "y"}}));
  // Files count instead of the configuration.
  fs::create_directory(folder.path() / "additional_chat_templates");
  folder.write("additional_chat_templates/tool_use.jinja", "file t");
  folder.write("additional_chat_templates/README.md", "no template");
  EXPECT_EQ(templates(), (ChatTemplates{{"tool_use", "file t"}}));
  folder.write("chat_template.jinja", "file d");
  EXPECT_EQ(templates(), (ChatTemplates{{"default", "file d"}, {"tool_use", "file t"}}));
  fs::remove(folder.path() / "additional_chat_templates" / "tool_use.jinja");
  fs::create_symlink("/etc/hostname", folder.path() / "additional_chat_templates" / "x.jinja");
  expect_refused(folder, "a symbolic link out of the model's folder");
}

TEST(HfFolder, OtherTypesFailWhenReadOnly) {
  const TestFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors",
               safetensors(R"({"a":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}})", 16));
  const auto source = open_hf_folder(folder.path());
  float values[2];
  expect_error(ErrorKind::kUnsupported, "tensor a is I64; cellm reads BF16, F16 and F32",
               [&] { source->read_rows(0, 0, 1, values); });
}

TEST(HfFolder, ReadsMlxFolders) {
  for (const char* name : {"qwen3_mlx_4bit", "qwen3_5_mlx_4bit"}) {
    const auto source = open_hf_folder(fs::path(CELLM_TESTDATA) / "models" / name);
    std::size_t folded = 0;
    for (std::size_t i = 0; i < source->tensors().size(); ++i) {
      const TensorInfo& info = source->tensors()[i];
      EXPECT_FALSE(info.name.ends_with(".scales") || info.name.ends_with(".biases")) << info.name;
      if (info.stored_as != "MLX-4bit") continue;
      ++folded;
      std::vector<float> row(info.cols());
      source->read_rows(i, info.rows() - 1, info.rows(), row.data());
    }
    EXPECT_GT(folded, 0U);
  }
}

TEST(HfFolder, RefusesOtherMlxQuantizations) {
  const TestFolder folder;
  const auto config = [&](std::string_view quantization, std::string_view part,
                          ErrorKind kind = ErrorKind::kUnsupported) {
    folder.write("config.json", "{\"quantization\":" + std::string(quantization) + "}");
    expect_refused(folder, part, kind);
  };
  const auto triple = [&](std::string_view scales) {
    folder.write(
        "model.safetensors",
        safetensors(R"({"a.weight":{"dtype":"U32","shape":[2,16],"data_offsets":[0,128]},)" +
                        std::string(scales),
                    136 + 8));
  };
  triple(R"("a.scales":{"dtype":"F16","shape":[2,2],"data_offsets":[128,136]},)"
         R"("a.biases":{"dtype":"F16","shape":[2,2],"data_offsets":[136,144]}})");
  folder.write("config.json", R"({"quantization":{"bits":4,"group_size":64}})");
  EXPECT_EQ(open_hf_folder(folder.path())->tensors()[0].shape, (std::vector<std::size_t>{2, 128}));
  // The same shapes with 8 bits are 64 columns in groups of 32.
  folder.write("config.json", R"({"quantization":{"bits":8,"group_size":32}})");
  EXPECT_EQ(open_hf_folder(folder.path())->tensors()[0].shape, (std::vector<std::size_t>{2, 64}));
  config(R"({"bits":7})", "quantization.bits: 7 bits");
  config(R"({"bits":4,"mode":"mxfp4"})", "does not fit codes of shape [2, 16]", ErrorKind::kData);
  config(R"({"bits":4,"mode":"odd"})", "mode: \"odd\"");
  config(R"({"bits":4,"a":{"bits":1}})", "quantization.a.bits: 1 bits");
  config("7", "expected an object", ErrorKind::kData);
  triple(R"("a.scales":{"dtype":"F16","shape":[2,4],"data_offsets":[128,144]}})");
  config("{\"bits\":4}", "its part a.biases is missing", ErrorKind::kData);
  triple(R"("a.scales":{"dtype":"F16","shape":[1,4],"data_offsets":[128,136]},)"
         R"("a.biases":{"dtype":"F16","shape":[2,2],"data_offsets":[136,144]}})");
  config("{\"bits\":4}", "does not fit codes of shape [2, 16]", ErrorKind::kData);
  triple(R"("a.scales":{"dtype":"F16","shape":[2,1],"data_offsets":[128,132]},)"
         R"("a.biases":{"dtype":"F16","shape":[2,3],"data_offsets":[132,144]}})");
  config("{\"bits\":4}", "does not fit codes", ErrorKind::kData);
}

}  // namespace
}  // namespace cellm
