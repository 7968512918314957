#include "io/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "io/json.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

using std::string_view_literals::operator""sv;

constexpr std::string_view kLfsPointer = "version https://git-lfs.github.com/spec/";
constexpr std::string_view kPyTorch =
    "a PyTorch file; cellm reads safetensors: load the model with transformers and save_pretrained "
    "it with safe_serialization=True";
constexpr std::string_view kArchive = "a compressed archive; unpack it first";
constexpr std::string_view kBeforeGguf =
    "a GGML file of the time before GGUF; convert the original model anew";
constexpr std::string_view kTensorFlow = "a file of TensorFlow or Keras; cellm reads safetensors";

struct Sign {
  std::string_view bytes;
  std::size_t at;
  std::string_view what;
};

// Kinds of files that cellm does not read.
constexpr std::array<Sign, 21> kSigns{{
    {"GGUF", 0, "a GGUF file; give it by itself, not as a part of a folder"},
    {"PK\x03\x04", 0, "a zip archive; unpack it first"},
    {"\x80\x02", 0, kPyTorch},
    {"\x80\x04", 0, kPyTorch},
    {"\x80\x05", 0, kPyTorch},
    {"\x1f\x8b", 0, kArchive},
    {"BZh", 0, kArchive},
    {"\xfd\x37zXZ\0"sv, 0, kArchive},
    {"\x28\xb5\x2f\xfd", 0, kArchive},
    {"7z\xbc\xaf", 0, kArchive},
    {"Rar!", 0, kArchive},
    {"ustar", 257, "a tar archive; unpack it first"},
    {"lmgg", 0, kBeforeGguf},
    {"fmgg", 0, kBeforeGguf},
    {"tjgg", 0, kBeforeGguf},
    {"algg", 0, "a LoRA adapter of the time before GGUF; convert the original adapter anew"},
    {"\x89HDF\r\n\x1a\n", 0, kTensorFlow},
    {"TFL3", 4, kTensorFlow},
    {"\x93NUMPY", 0, "an array of NumPy, not a model"},
    {"%PDF-", 0, "a PDF document"},
    {"\x7f"
     "ELF",
     0, "a program"},
}};

// Bytes looked at for zeros and text.
constexpr std::size_t kHead = 64;
// PyTorch's zip files begin with the member archive/data.pkl.
constexpr std::size_t kZipHead = 512;
constexpr std::size_t kQuotedBytes = 60;

std::string_view without_space(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // byte order mark
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

bool is_web_page(std::string_view text) {
  return starts_with_ignoring_case(text, "<!doctype") || starts_with_ignoring_case(text, "<html") ||
         starts_with_ignoring_case(text, "<head") || starts_with_ignoring_case(text, "<?xml");
}

bool is_text(std::string_view head) {
  return std::all_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
  });
}

std::string quoted(std::string_view text) {
  text = text.substr(0, std::min(kQuotedBytes, text.find_first_of("\r\n")));
  return fmt::format("\"{}\"", printable(text));
}

std::string of_text(std::string_view text) {
  if (text.starts_with('{') || text.starts_with('[')) {
    if (text.find("application/vnd.ollama.image.model") != std::string_view::npos) {
      return "an Ollama manifest; give the blob of its layer application/vnd.ollama.image.model";
    }
    return fmt::format("JSON, not weights: {}", quoted(text));
  }
  if (starts_with_ignoring_case(text, "from ")) {
    return fmt::format("an Ollama Modelfile; give the model that it names: {}", quoted(text));
  }
  return fmt::format("text, not weights: {}", quoted(text));
}

// The kind of a file that should be either; empty for others.
std::string of_any(std::string_view text) {
  if (text.empty()) return "empty; the download is not complete";
  if (text.starts_with(kLfsPointer)) {
    return "a Git LFS pointer, not the file; run git lfs pull in its folder";
  }
  if (is_web_page(without_space(text.substr(0, kZipHead)))) {
    return "a web page, not the file; download it again";
  }
  const std::string_view head = text.substr(0, kHead);
  if (text.size() >= kHead && head.find_first_not_of('\0') == std::string_view::npos) {
    return "zeros at its beginning; the download is not complete";
  }
  return {};
}

bool has_any(const std::vector<std::string>& names,
             std::initializer_list<std::string_view> endings) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return name.ends_with(ending); });
  });
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "BASE" of adapter_config.json, if it can be read.
std::string adapter_base(const fs::path& folder) {
  try {
    const std::string name = printable((folder / "adapter_config.json").string());
    const Json config =
        parse_python_json(read_file(folder / "adapter_config.json", kMaxTextBytes), name);
    const auto base = JsonNode(config, name + ":").find("base_model_name_or_path");
    if (base) return fmt::format(" of {}", printable(base->as_string()));
  } catch (const Error&) {
    return {};  // the folder is refused anyway
  }
  return {};
}

std::string unfinished_text(std::string_view part) {
  const std::string_view whole = part.substr(0, part.rfind('.'));
  return fmt::format("the download is not complete: {} is missing, only {} is there",
                     printable(whole), printable(part));
}

struct FolderSign {
  std::initializer_list<std::string_view> endings;
  std::string_view what;
};

const std::array<FolderSign, 5> kFolderSigns{{
    {{".onnx"}, "an ONNX model; cellm reads safetensors and GGUF"},
    {{".bin", ".pth", ".pt", ".ckpt"},
     "PyTorch .bin files; cellm reads safetensors: load the model with transformers and "
     "save_pretrained it with safe_serialization=True"},
    {{".h5", ".msgpack", ".tflite", ".mlmodel", ".mlpackage"},
     "weights of TensorFlow, Flax or Core ML; cellm reads safetensors"},
    {{"openvino_model.xml", ".engine", ".trt", ".mlc"},
     "a compiled model; cellm reads the original, in safetensors or GGUF"},
    {{"model_index.json"}, "a pipeline of diffusers, no language model"},
}};

}  // namespace

std::optional<Error> known_text_mistake(std::string_view text, std::string_view name) {
  const std::string what = of_any(text);
  if (what.empty()) return std::nullopt;
  return data_error("{}: {}{}", name, what.starts_with("zeros") ? "has " : "is ", what);
}

std::optional<Error> known_mistake(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (auto error = known_text_mistake(text, name)) return error;
  if (text.starts_with("PK\x03\x04") &&
      (text.substr(0, kZipHead).find("data.pkl") != std::string_view::npos ||
       has_any({std::string(name)}, {".bin", ".pt", ".pth", ".ckpt"}))) {
    return unsupported_error("{}: is {}", name, kPyTorch);
  }
  for (const Sign& sign : kSigns) {
    if (text.size() > sign.at && text.substr(sign.at).starts_with(sign.bytes)) {
      return unsupported_error("{}: is {}", name, sign.what);
    }
  }
  const std::string_view head = text.substr(0, kHead);
  if (is_text(head)) return data_error("{}: is {}", name, of_text(without_space(text)));
  return std::nullopt;
}

Error folder_mistake(const fs::path& folder, const std::vector<std::string>& names,
                     std::string_view missing) {
  const std::string name = printable(folder.string());
  if (has(names, "adapter_config.json") || has(names, "adapter_model.safetensors")) {
    return error(ErrorKind::kUnsupported, AdviceKind::kMergeAdapter,
                 "{}: is a LoRA adapter{}, not a model", name, adapter_base(folder));
  }
  for (const std::string& part : names) {
    if (is_unfinished(part)) return data_error("{}: {}", name, unfinished_text(part));
  }
  const auto gguf =
      std::find_if(names.begin(), names.end(), [](const auto& n) { return n.ends_with(".gguf"); });
  if (gguf != names.end()) {
    return data_error("{}: {}; give the GGUF file in it, {}", name, missing,
                      printable((folder / *gguf).string()));
  }
  for (const FolderSign& sign : kFolderSigns) {
    if (has_any(names, sign.endings)) return unsupported_error("{}: has {}", name, sign.what);
  }
  if (has(names, "snapshots")) {
    return data_error("{}: is a folder of the hub's cache; give the one of a revision in snapshots",
                      name);
  }
  if (has(names, "config.json") || has(names, "tokenizer.json")) {
    return data_error("{}: {}; is the download complete?", name, missing);
  }
  return data_error("{}: {}; expected a Hugging Face model folder", name, missing);
}

bool is_unfinished(std::string_view name) {
  constexpr std::array<std::string_view, 7> kEndings{
      ".incomplete", ".part", ".partial", ".crdownload", ".aria2", ".download", ".tmp"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string NumberedName::name_of(std::size_t other) const {
  return fmt::format("{}{:05}-of-{:05}{}", prefix, other, count, suffix);
}

std::optional<NumberedName> numbered_name(std::string_view name) {
  constexpr std::string_view kOf = "-of-";
  constexpr std::size_t kDigits = 5;
  const std::size_t of = name.rfind(kOf);
  if (of == std::string_view::npos || of < kDigits) return std::nullopt;
  const auto number_at = [&](std::size_t at) -> std::size_t {
    if (name.size() < at + kDigits) return 0;
    std::size_t number = 0;
    const char* end = name.data() + at + kDigits;
    const auto parsed = std::from_chars(name.data() + at, end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? number : 0;
  };
  NumberedName result;
  result.number = number_at(of - kDigits);
  result.count = number_at(of + kOf.size());
  if (result.number == 0 || result.count < result.number) return std::nullopt;
  result.prefix = name.substr(0, of - kDigits);
  result.suffix = name.substr(of + kOf.size() + kDigits);
  return result;
}

}  // namespace cellm
