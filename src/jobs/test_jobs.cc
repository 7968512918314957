#include "jobs/test_jobs.h"

#include <nlohmann/json.hpp>

namespace cellm::test {

std::string byte_tokenizer_json() {
  const auto is_printable = [](int byte) {
    return (byte >= 33 && byte < 127) || (byte >= 161 && byte < 173) || byte >= 174;
  };
  nlohmann::json vocabulary;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const int code = is_printable(byte) ? byte : next++;
    std::string spelling;
    if (code < 128) {
      spelling += static_cast<char>(code);
    } else {
      spelling += static_cast<char>(0xC0 | (code >> 6));
      spelling += static_cast<char>(0x80 | (code & 0x3F));
    }
    vocabulary[spelling] = byte;
  }
  const nlohmann::json byte_level{{"type", "ByteLevel"},
                                  {"add_prefix_space", false},
                                  {"trim_offsets", true},
                                  {"use_regex", false}};
  return nlohmann::json{
      {"version", "1.0"},
      {"added_tokens", nlohmann::json::array()},
      {"normalizer", nullptr},
      {"pre_tokenizer", byte_level},
      {"post_processor", nullptr},
      {"decoder", byte_level},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}}}}
      .dump();
}

}  // namespace cellm::test
