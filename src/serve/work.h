// A request on its way: what the scheduler is asked for, and the response that is formed from what
// happens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chat/chat.h"
#include "schedule/completion.h"
#include "serve/answer_fields.h"
#include "serve/api_error.h"
#include "serve/json_text.h"
#include "serve/usage.h"
#include "toolcall/tool_format.h"

namespace cellm {

// The parts of a model that requests use. Tokenizer and chat must outlive it.
struct ServedModel {
  std::string name;
  std::int64_t created = 0;  // Unix time of the start, in seconds
  std::size_t context = 0;   // tokens
  std::size_t vocab_size = 0;
  std::uint64_t parameters = 0;
  AnswerDefaults defaults = {};
  const Chat* chat = nullptr;       // null: the model has no chat template
  const Chat* tool_chat = nullptr;  // of conversations with tools
  ToolFormat tool_format = {};      // of calls of functions
  std::string chat_template = {};   // its source
  bool reasons = true;              // answers may begin with reasoning
  std::string bos_token = {};
  std::string eos_token = {};
  std::string pad_token = {};

  const Tokenizer& tokenizer() const { return *defaults.tokenizer; }
};

// Forms the response of one request. Functions that return text give bytes of an event stream;
// without streaming they give nothing, and whole() is the response when all has happened.
// Not thread-safe.
class Reply {
 public:
  Reply() = default;
  virtual ~Reply() = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  // `prompt`: the number of the request among those of the work.
  virtual std::string take(std::size_t prompt, const CompletionEvent& event) = 0;
  // Everything has been taken.
  virtual std::string end() = 0;
  // In place of the rest.
  virtual std::string fail(const ApiError& error) = 0;
  virtual OrderedJson whole() = 0;

  const Usage& usage() const { return usage_; }

 protected:
  Usage usage_;
};

struct Work {
  std::vector<CompletionRequest> requests;
  std::unique_ptr<Reply> reply;
  bool stream = false;
};

// Throw ApiError for a request that cannot be answered.
Work make_chat_work(const ServedModel& model, const OrderedJson& request);
Work make_text_work(const ServedModel& model, const OrderedJson& request);
Work make_plain_work(const ServedModel& model, const OrderedJson& request);
Work make_responses_work(const ServedModel& model, const OrderedJson& request);

// Throws ApiError 400 context_length_exceeded if a prompt leaves no room for a token.
void require_room(const ServedModel& model, std::size_t prompt_tokens, const std::string& param);

// 24 random characters, for ids of responses.
std::string random_id();
// Seconds since 1970.
std::int64_t unix_time();

}  // namespace cellm
