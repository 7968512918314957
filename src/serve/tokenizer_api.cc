#include "serve/tokenizer_api.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "serve/chat_work.h"

namespace cellm {
namespace {

std::vector<std::uint32_t> ids_of_messages(const ServedModel& model, const Fields& request,
                                           const OrderedJson& body) {
  ChatRequest chat;
  read_conversation(request.need("messages"), body, chat);
  read_chat_options(request, chat);
  return render(model, chat, chat.messages,
                request.boolean("add_generation_prompt").value_or(true));
}

std::vector<std::uint32_t> ids_of_text(const ServedModel& model, const Fields& request) {
  const bool is_prompt = request.has("prompt");
  const char* name = is_prompt ? "prompt" : "content";
  request.need(name);
  const std::string text = *request.text(name);
  // The defaults of the two servers whose names these are.
  const auto special = request.boolean(is_prompt ? "add_special_tokens" : "add_special");
  const bool parse = request.boolean("parse_special").value_or(true);
  std::vector<std::uint32_t> ids;
  if (special.value_or(is_prompt)) ids = model.tokenizer().bos_from_template();
  try {
    const auto rest = model.tokenizer().encode(text, parse);
    ids.insert(ids.end(), rest.begin(), rest.end());
  } catch (const Error& error) {
    throw request_error(error, name);
  }
  return ids;
}

OrderedJson with_pieces(const Tokenizer& tokenizer, const std::vector<std::uint32_t>& ids) {
  OrderedJson list = OrderedJson::array();
  for (const std::uint32_t id : ids) {
    const std::string bytes = tokenizer.token_bytes(id);
    OrderedJson piece = bytes;
    if (find_invalid_utf8(bytes) != std::string::npos) {
      piece = OrderedJson::array();
      for (const char byte : bytes) piece.push_back(static_cast<unsigned char>(byte));
    }
    list.push_back({{"id", id}, {"piece", std::move(piece)}});
  }
  return list;
}

OrderedJson text_or_null(const std::string& text) {
  return text.empty() ? OrderedJson() : OrderedJson(text);
}

}  // namespace

OrderedJson tokenize(const ServedModel& model, const OrderedJson& body) {
  const Fields request(body);
  const auto ids =
      request.has("messages") ? ids_of_messages(model, request, body) : ids_of_text(model, request);
  OrderedJson tokens = ids;
  if (request.boolean("with_pieces").value_or(false)) tokens = with_pieces(model.tokenizer(), ids);
  return {{"tokens", std::move(tokens)}, {"count", ids.size()}, {"max_model_len", model.context}};
}

OrderedJson detokenize(const ServedModel& model, const OrderedJson& body) {
  const Fields request(body);
  const auto ids = read_ids(request.need("tokens"), "tokens", model.vocab_size);
  try {
    const std::string text = model.tokenizer().decode(ids, false);
    return {{"prompt", text}, {"content", text}};
  } catch (const Error& error) {
    throw request_error(error, "tokens");
  }
}

OrderedJson tokenizer_info(const ServedModel& model) {
  return {{"bos_token", text_or_null(model.bos_token)},
          {"eos_token", text_or_null(model.eos_token)},
          {"pad_token", text_or_null(model.pad_token)},
          {"chat_template", text_or_null(model.chat_template)},
          {"vocab_size", model.vocab_size},
          {"model_max_length", model.context}};
}

}  // namespace cellm
