#include "serve/logprobs_json.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace cellm {
namespace {

// JSON has no −∞; OpenAI's documentation has this for very improbable tokens.
constexpr double kLeast = -9999.0;

double finite(float logprob) {
  return std::isfinite(logprob) ? static_cast<double>(logprob) : kLeast;
}

OrderedJson chat_token(const Tokenizer& tokenizer, const Logprob& logprob) {
  const std::string bytes = tokenizer.token_bytes(logprob.id);
  std::string text;
  append_lossy_utf8(text, bytes, true);
  OrderedJson list = OrderedJson::array();
  for (const char byte : bytes) list.push_back(static_cast<unsigned char>(byte));
  return {{"token", text}, {"logprob", finite(logprob.logprob)}, {"bytes", std::move(list)}};
}

// A token that is no text by itself is spelled as OpenAI does: tokens are keys, so they must
// differ.
std::string text_token(const std::string& bytes) {
  if (find_invalid_utf8(bytes) == std::string::npos) return bytes;
  std::string text = "bytes:";
  for (const char byte : bytes) {
    text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

// Of UTF-8: bytes that do not continue a character.
std::size_t count_characters(std::string_view bytes) {
  std::size_t count = 0;
  for (const char byte : bytes) count += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  return count;
}

}  // namespace

OrderedJson chat_logprob(const Tokenizer& tokenizer, const TokenLogprobs& logprobs) {
  OrderedJson entry = chat_token(tokenizer, logprobs.chosen);
  OrderedJson top = OrderedJson::array();
  for (const Logprob& one : logprobs.top) top.push_back(chat_token(tokenizer, one));
  entry["top_logprobs"] = std::move(top);
  return entry;
}

TextLogprobs::Entry& TextLogprobs::begin(std::uint32_t id) {
  const std::string bytes = tokenizer_->token_bytes(id);
  entries_.push_back({text_token(bytes), std::nullopt, {}, characters_});
  characters_ += count_characters(bytes);
  return entries_.back();
}

void TextLogprobs::add(std::uint32_t id) {
  begin(id);
}

void TextLogprobs::add(const TokenLogprobs& logprobs) {
  Entry& entry = begin(logprobs.chosen.id);
  entry.logprob = finite(logprobs.chosen.logprob);
  bool has_chosen = false;
  for (const Logprob& one : logprobs.top) {
    entry.top.emplace_back(text_token(tokenizer_->token_bytes(one.id)), finite(one.logprob));
    if (one.id == logprobs.chosen.id) has_chosen = true;
  }
  if (!has_chosen) entry.top.emplace_back(entry.token, *entry.logprob);
}

OrderedJson TextLogprobs::take() {
  OrderedJson json{{"text_offset", OrderedJson::array()},
                   {"token_logprobs", OrderedJson::array()},
                   {"tokens", OrderedJson::array()},
                   {"top_logprobs", OrderedJson::array()}};
  for (const Entry& entry : entries_) {
    json["text_offset"].push_back(entry.offset);
    json["token_logprobs"].push_back(entry.logprob ? OrderedJson(*entry.logprob) : OrderedJson());
    json["tokens"].push_back(entry.token);
    OrderedJson top;
    for (const auto& [token, logprob] : entry.top) top[token] = logprob;
    json["top_logprobs"].push_back(std::move(top));
  }
  entries_.clear();
  return json;
}

}  // namespace cellm
