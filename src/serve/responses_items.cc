#include "serve/responses_items.h"

#include <nlohmann/json.hpp>

#include "serve/work.h"

namespace cellm {

void ResponseEvents::add(std::string_view type, const OrderedJson& fields) {
  if (!stream_) return;
  OrderedJson event{{"type", type}, {"sequence_number", number_++}};
  event.update(fields);
  text_ += sse_event(event, type);
}

ResponseItems::ResponseItems(ResponseEvents& events) : events_(&events) {}
ResponseItems::~ResponseItems() = default;

void ResponseItems::add_reasoning(std::string_view text) {
  if (text.empty()) return;
  open(Kind::kReasoning);
  text_ += text;
  OrderedJson fields = place();
  fields["delta"] = text;
  events_->add("response.reasoning_text.delta", fields);
}

void ResponseItems::add_message(std::string_view text) {
  if (text.empty()) return;
  open(Kind::kMessage);
  text_ += text;
  OrderedJson fields = place();
  fields["delta"] = text;
  fields["logprobs"] = OrderedJson::array();
  events_->add("response.output_text.delta", fields);
}

void ResponseItems::add_call(const ToolEvent& event) {
  if (event.kind == ToolEvent::Kind::kCall) {
    close(true);
    call_id_ = event.id;
    name_ = event.name;
    begin(Kind::kCall);
    return;
  }
  text_ += event.text;
  events_->add("response.function_call_arguments.delta",
               {{"item_id", id_}, {"output_index", list_.size()}, {"delta", event.text}});
}

void ResponseItems::close_call() {
  events_->add(
      "response.function_call_arguments.done",
      {{"item_id", id_}, {"output_index", list_.size()}, {"name", name_}, {"arguments", text_}});
}

void ResponseItems::close(bool complete) {
  if (kind_ == Kind::kNone) return;
  if (kind_ == Kind::kCall) {
    close_call();
  } else {
    close_text();
  }
  OrderedJson done = item(complete ? "completed" : "incomplete");
  if (kind_ != Kind::kCall) done["content"].push_back(part(text_));
  events_->add("response.output_item.done", {{"output_index", list_.size()}, {"item", done}});
  list_.push_back(std::move(done));
  kind_ = Kind::kNone;
  text_.clear();
}

void ResponseItems::close_text() {
  OrderedJson fields = place();
  fields["text"] = text_;
  if (kind_ == Kind::kMessage) fields["logprobs"] = OrderedJson::array();
  events_->add(
      kind_ == Kind::kMessage ? "response.output_text.done" : "response.reasoning_text.done",
      fields);
  fields = place();
  fields["part"] = part(text_);
  events_->add("response.content_part.done", fields);
}

void ResponseItems::open(Kind kind) {
  if (kind_ == kind) return;
  close(true);
  begin(kind);
  OrderedJson fields = place();
  fields["part"] = part("");
  events_->add("response.content_part.added", fields);
}

void ResponseItems::begin(Kind kind) {
  kind_ = kind;
  const char* prefix = kind == Kind::kMessage ? "msg_" : kind == Kind::kCall ? "fc_" : "rs_";
  id_ = prefix + random_id();
  events_->add("response.output_item.added",
               {{"output_index", list_.size()}, {"item", item("in_progress")}});
}

OrderedJson ResponseItems::item(std::string_view status) const {
  if (kind_ == Kind::kCall) {
    return {{"id", id_},           {"type", "function_call"}, {"status", status},
            {"call_id", call_id_}, {"name", name_},           {"arguments", text_}};
  }
  if (kind_ == Kind::kReasoning) {
    return {{"id", id_},
            {"type", "reasoning"},
            {"summary", OrderedJson::array()},
            {"content", OrderedJson::array()},
            {"status", status}};
  }
  return {{"id", id_},
          {"type", "message"},
          {"status", status},
          {"role", "assistant"},
          {"content", OrderedJson::array()}};
}

OrderedJson ResponseItems::part(std::string_view text) const {
  if (kind_ == Kind::kReasoning) return {{"type", "reasoning_text"}, {"text", text}};
  return {{"type", "output_text"},
          {"text", text},
          {"annotations", OrderedJson::array()},
          {"logprobs", OrderedJson::array()}};
}

OrderedJson ResponseItems::place() const {
  return {{"item_id", id_}, {"output_index", list_.size()}, {"content_index", 0}};
}

}  // namespace cellm
