#include <cstdlib>

#include "base/advice.h"
#include "capi/chat_choice.h"
#include "capi/handles.h"
#include "chat/chat.h"
#include "model/open_source.h"

using namespace cellm;

namespace {

using Ids = std::vector<std::uint32_t>;

void give_text(const std::string& value, char** text, std::size_t* bytes) {
  required(text, "text");
  char* memory = allocate<char>(value.size() + 1);
  std::memcpy(memory, value.c_str(), value.size() + 1);
  *text = memory;
  if (bytes != nullptr) *bytes = value.size();
}

std::string_view text_of(const char* text, std::size_t bytes) {
  const std::span<const char> array = required_array(text, bytes, "text");
  return {array.data(), array.size()};
}

const Tokenizer& tokenizer_of(const cellm_model* model) {
  return require_tokenizer(*required(model, "model").loaded);
}

Tokenizer open_tokenizer(const cellm_tokenizer_options& o) {
  if ((o.file == nullptr) == (o.model == nullptr)) {
    throw usage_error("cellm_tokenizer_options: give a file or a model");
  }
  if (o.file != nullptr) return load_tokenizer_file(o.file);
  const Links links = links_of(o.follow_links);
  const auto source = open_model_source(o.model, links);
  FoundTokenizer found = find_tokenizer(*source, {links});
  if (!found.tokenizer) {
    throw data_error(AdviceKind::kGiveTokenizer, "{}: no tokenizer inside or beside this model",
                     printable(o.model));
  }
  return *std::move(found.tokenizer);
}

ChatMessage message_of(const cellm_chat_message& message) {
  const char* text = &required(message.text, "text of a message");
  return {&required(message.role, "role of a message"),
          message.bytes == 0 ? std::string(text) : std::string(text, message.bytes)};
}

}  // namespace

cellm_status cellm_tokenize(const cellm_model* model, const char* text, std::size_t bytes,
                            int parse_special, std::uint32_t** ids, std::size_t* count) {
  return guarded([&] {
    const Tokenizer& tokenizer = tokenizer_of(model);
    Ids all = tokenizer.bos_from_template();
    const Ids encoded = tokenizer.encode(text_of(text, bytes), parse_special != 0);
    all.insert(all.end(), encoded.begin(), encoded.end());
    give_ids(all, ids, count);
  });
}

cellm_status cellm_detokenize(const cellm_model* model, const std::uint32_t* ids, std::size_t count,
                              char** text, std::size_t* bytes) {
  return guarded([&] {
    give_text(tokenizer_of(model).decode(required_array(ids, count, "ids"), true), text, bytes);
  });
}

cellm_status cellm_chat_prompt(const cellm_model* model, const cellm_chat_message* messages,
                               std::size_t messages_count, const cellm_chat_options* options,
                               std::uint32_t** ids, std::size_t* count) {
  return guarded([&] {
    const Tokenizer& tokenizer = tokenizer_of(model);
    const cellm_chat_options o = options_of(options, "cellm_chat_options");
    std::vector<ChatMessage> all;
    for (const auto& message : required_array(messages, messages_count, "messages")) {
      all.push_back(message_of(message));
    }
    const ChosenChat chat(model->loaded->engine.opened(), tokenizer, o, false);
    give_ids(chat.get().prompt(tokenizer, all, chat_options_of(o)), ids, count);
  });
}

cellm_status cellm_tokenizer_open(const cellm_tokenizer_options* options,
                                  cellm_tokenizer** tokenizer) {
  return guarded([&] {
    cellm_tokenizer*& out = required(tokenizer, "tokenizer");
    out = new cellm_tokenizer{
        open_tokenizer(options_of(&required(options, "options"), "cellm_tokenizer_options"))};
  });
}

void cellm_tokenizer_free(cellm_tokenizer* tokenizer) {
  delete tokenizer;
}

cellm_status cellm_tokenizer_encode(const cellm_tokenizer* tokenizer, const char* text,
                                    std::size_t bytes, int parse_special, std::uint32_t** ids,
                                    std::size_t* count) {
  return guarded([&] {
    give_ids(
        required(tokenizer, "tokenizer").tokenizer.encode(text_of(text, bytes), parse_special != 0),
        ids, count);
  });
}

cellm_status cellm_tokenizer_decode(const cellm_tokenizer* tokenizer, const std::uint32_t* ids,
                                    std::size_t count, int skip_special, char** text,
                                    std::size_t* bytes) {
  return guarded([&] {
    give_text(required(tokenizer, "tokenizer")
                  .tokenizer.decode(required_array(ids, count, "ids"), skip_special != 0),
              text, bytes);
  });
}
