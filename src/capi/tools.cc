#include "capi/tools.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json_argument.h"
#include "toolcall/tool_constraint.h"
#include "toolcall/tool_prompt.h"

using namespace cellm;

namespace {

nlohmann::ordered_json parse(const char* text, const char* what) {
  return parse_json_argument(&required(text, what), what);
}

std::shared_ptr<const ToolCalls> make_calls(const cellm_model& model, const char* request,
                                            const cellm_chat_options& options) {
  const Tokenizer& tokenizer = require_tokenizer(*model.loaded);
  const nlohmann::ordered_json json = parse(request, "request");
  if (!json.is_object()) throw usage_error("request: expected an object");
  ToolRequest tools = read_tools(json);
  ChosenChat chat(model.loaded->engine.opened(), tokenizer, options, !tools.json.empty());
  ToolFormat format;
  if (!tools.json.empty() || !chat.is_own()) format = detect_tool_format(chat.get());
  ConstraintPtr constraint = tools.json.empty() ? nullptr : tool_constraint(format, tools);
  return std::make_shared<const ToolCalls>(ToolCalls{model.loaded, std::move(tools),
                                                     std::move(chat), chat_options_of(options),
                                                     std::move(format), std::move(constraint)});
}

std::vector<std::uint32_t> prompt_of(const ToolCalls& calls,
                                     const std::vector<ChatMessage>& messages) {
  const Tokenizer& tokenizer = require_tokenizer(*calls.loaded);
  const Chat& chat = calls.chat.get();
  if (!calls.request.json.empty() || !calls.chat.is_own()) {
    return tool_prompt(chat, calls.format, tokenizer, messages, calls.options, calls.request);
  }
  if (!has_calls(messages)) return chat.prompt(tokenizer, messages, calls.options);
  // Earlier answers have called functions that this one is not given.
  const Chat& with_tools = *calls.loaded->engine.opened().chat_with_tools();
  return tool_prompt(with_tools, detect_tool_format(with_tools), tokenizer, messages, calls.options,
                     calls.request);
}

void report(const ToolEvent& event, cellm_on_tool_event on_event, void* user) {
  int kind = CELLM_TOOL_CONTENT;
  if (event.kind == ToolEvent::Kind::kCall) kind = CELLM_TOOL_CALL;
  if (event.kind == ToolEvent::Kind::kArguments) kind = CELLM_TOOL_ARGUMENTS;
  const cellm_tool_event plain{.size = sizeof(cellm_tool_event),
                               .kind = kind,
                               .index = event.index,
                               .text = event.text.c_str(),
                               .bytes = event.text.size(),
                               .id = event.id.c_str(),
                               .name = event.name.c_str()};
  on_event(user, &plain);
}

}  // namespace

namespace cellm {

void hold_to_tools(const LoadedModel& model, const cellm_tools& tools, GenerateOptions& options) {
  const ToolCalls& calls = *tools.calls;
  if (calls.loaded.get() != &model) throw usage_error("tools: of another opened model");
  if (calls.may_call()) options.spelled_ids = control_tokens_of(calls.format, *options.tokenizer);
  options.constraint = options.constraint == nullptr
                           ? calls.constraint
                           : form_or_calls(calls.format, calls.request, options.constraint);
}

}  // namespace cellm

cellm_status cellm_tools_new(const cellm_model* model, const char* request,
                             const cellm_chat_options* options, cellm_tools** tools) {
  return guarded([&] {
    const cellm_model& of = required(model, "model");
    cellm_tools*& out = required(tools, "tools");
    out = new cellm_tools{make_calls(of, request, options_of(options, "cellm_chat_options"))};
  });
}

void cellm_tools_free(cellm_tools* tools) {
  delete tools;
}

cellm_status cellm_tools_prompt(const cellm_tools* tools, const char* messages, std::uint32_t** ids,
                                std::size_t* count) {
  return guarded([&] {
    const ToolCalls& calls = *required(tools, "tools").calls;
    give_ids(prompt_of(calls, read_messages(parse(messages, "messages"))), ids, count);
  });
}

cellm_status cellm_tool_reader_new(const cellm_tools* tools, std::uint64_t id_seed,
                                   cellm_tool_reader** reader) {
  return guarded([&] {
    const auto& calls = required(tools, "tools").calls;
    cellm_tool_reader*& out = required(reader, "reader");
    auto made = std::make_unique<cellm_tool_reader>(cellm_tool_reader{calls});
    if (calls->may_call()) {
      made->text.emplace(calls->format, calls->request, calls->constraint != nullptr, id_seed);
    }
    out = made.release();
  });
}

void cellm_tool_reader_free(cellm_tool_reader* reader) {
  delete reader;
}

cellm_status cellm_tool_reader_push(cellm_tool_reader* reader, const char* text, std::size_t bytes,
                                    int last, cellm_on_tool_event on_event, void* user) {
  return guarded([&] {
    cellm_tool_reader& to = required(reader, "reader");
    const auto array = required_array(text, bytes, "text");
    const std::string_view more(array.data(), array.size());
    if (on_event == nullptr) throw usage_error("on_event is null");
    if (to.ended) throw usage_error("the text of this answer has ended");
    to.ended = last != 0;
    if (!to.text) {
      if (!more.empty()) report({.text = std::string(more)}, on_event, user);
      return;
    }
    to.text->push(more);
    if (to.ended) to.text->finish();
    for (const ToolEvent& event : to.text->take()) report(event, on_event, user);
  });
}
