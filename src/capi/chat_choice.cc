#include "capi/chat_choice.h"

#include <string_view>

#include "base/advice.h"
#include "base/error.h"

namespace cellm {
namespace {

// ChatML without its control tokens would be text that the model never saw.
void require_chatml_tokens(const Tokenizer& tokenizer) {
  for (const std::string_view token : {"<|im_start|>", "<|im_end|>"}) {
    if (tokenizer.token_to_id(token)) continue;
    throw unsupported_error("the tokenizer has no token \"{}\", which the chat format needs",
                            token);
  }
}

std::optional<bool> thinking_of(int value) {
  switch (value) {
    case CELLM_THINKING_DEFAULT:
      return std::nullopt;
    case CELLM_THINKING_ON:
      return true;
    case CELLM_THINKING_OFF:
      return false;
    default:
      throw usage_error("thinking {} is unknown", value);
  }
}

}  // namespace

void give_ids(std::span<const std::uint32_t> values, std::uint32_t** ids, std::size_t* count) {
  required(ids, "ids");
  required(count, "count");
  auto* memory = allocate<std::uint32_t>(values.size());
  std::copy(values.begin(), values.end(), memory);
  *ids = memory;
  *count = values.size();
}

const Tokenizer& require_tokenizer(const LoadedModel& model) {
  if (model.tokenizer == nullptr) {
    throw data_error(AdviceKind::kGiveTokenizer, "{}: no tokenizer inside or beside this model",
                     printable(model.engine.source().path()));
  }
  return *model.tokenizer;
}

ChosenChat::ChosenChat(const OpenedModel& model, const Tokenizer& tokenizer,
                       const cellm_chat_options& options, bool with_tools) {
  if (options.template_text != nullptr) {
    given_.emplace(options.template_text, "the chat template", model.special_tokens());
    return;
  }
  switch (options.format) {
    case CELLM_CHAT_AUTO:
      own_ = with_tools ? model.chat_with_tools() : model.chat();
      if (own_ != nullptr) return;
      throw error(ErrorKind::kUnsupported, AdviceKind::kGiveChatFormat, "{}: no chat template",
                  printable(model.path()));
    case CELLM_CHAT_CHATML:
      require_chatml_tokens(tokenizer);
      given_.emplace(kChatMlTemplate, "ChatML", SpecialTokens{});
      return;
    case CELLM_CHAT_PLAIN:
      given_.emplace(kPlainTemplate, "plain chat", SpecialTokens{});
      return;
    default:
      throw usage_error("chat format {} is unknown", options.format);
  }
}

ChatOptions chat_options_of(const cellm_chat_options& options) {
  ChatOptions chat;
  chat.thinking = thinking_of(options.thinking);
  chat.variables = text_or_empty(options.variables);
  return chat;
}

}  // namespace cellm
