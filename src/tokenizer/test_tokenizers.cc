#include "tokenizer/test_tokenizers.h"

#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "tokenizer/byte_level.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm::test {
namespace {

std::string unpack(const std::string& name) {
  const std::string path = std::string(CELLM_TESTDATA) + "/tokenizers/" + name;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("gzip -dc '" + path + "'").c_str(), "r"),
                                                   &pclose);
  if (pipe == nullptr) throw std::runtime_error("cannot run gzip");
  std::string text;
  char buffer[65536];
  while (const std::size_t size = fread(buffer, 1, sizeof(buffer), pipe.get())) {
    text.append(buffer, size);
  }
  if (text.empty()) throw std::runtime_error("cannot read " + path);
  return text;
}

}  // namespace

const std::string& published_json(const std::string& name) {
  static std::map<std::string, std::string> read;
  auto& text = read[name];
  if (text.empty()) text = unpack(name + ".tokenizer.json.gz");
  return text;
}

const Tokenizer& published_tokenizer(const std::string& name) {
  static std::map<std::string, std::unique_ptr<Tokenizer>> made;
  auto& tokenizer = made[name];
  if (tokenizer == nullptr) {
    tokenizer = std::make_unique<Tokenizer>(read_tokenizer_json(published_json(name), name), name);
  }
  return *tokenizer;
}

const std::vector<Vector>& published_vectors(const std::string& name) {
  static std::map<std::string, std::vector<Vector>> read;
  auto& vectors = read[name];
  if (!vectors.empty()) return vectors;
  for (const auto& item : nlohmann::json::parse(unpack(name + ".vectors.json.gz"))) {
    Vector vector;
    item.at("text").get_to(vector.text);
    item.at("ids").get_to(vector.ids);
    item.at("decoded").get_to(vector.decoded);
    vector.ids_as_plain_text = item.value("ids_as_plain_text", vector.ids);
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

nlohmann::json small_json() {
  nlohmann::json vocab = nlohmann::json::object();
  for (std::size_t byte = 0; byte < 256; ++byte) vocab[byte_level_alphabet()[byte]] = byte;
  vocab["he"] = 256;
  vocab["ll"] = 257;
  vocab["llo"] = 258;
  vocab["hello"] = 259;
  vocab["\u0120hello"] = 260;
  const nlohmann::json byte_level = {{"type", "ByteLevel"},
                                     {"add_prefix_space", false},
                                     {"trim_offsets", false},
                                     {"use_regex", true}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", {added_token(300, "<end>", true), added_token(301, "<tool>", false)}},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", nullptr},
          {"decoder", byte_level},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", ""},
            {"end_of_word_suffix", ""},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocab},
            {"merges", {"h e", "l l", "ll o", "he llo", "\u0120 hello"}}}}};
}

nlohmann::json added_token(std::uint32_t id, const std::string& content, bool special) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", special}};
}

Tokenizer make_tokenizer(const nlohmann::json& document) {
  return {read_tokenizer_json(document.dump(), "small.json"), "small.json"};
}

}  // namespace cellm::test
