// The output items of /v1/responses, and the events that tell of them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/json_text.h"
#include "toolcall/tool_text.h"

namespace cellm {

// Numbered events of a stream, as text; nothing without streaming.
class ResponseEvents {
 public:
  explicit ResponseEvents(bool stream) : stream_(stream) {}

  void add(std::string_view type, const OrderedJson& fields);
  std::string take() { return std::move(text_); }

 private:
  bool stream_;
  std::size_t number_ = 0;
  std::string text_;
};

// Items in the order in which they begin; one is open at a time.
class ResponseItems {
 public:
  explicit ResponseItems(ResponseEvents& events);
  ~ResponseItems();
  ResponseItems(const ResponseItems&) = delete;
  ResponseItems& operator=(const ResponseItems&) = delete;

  // Parts of reasoning and of the message. A change of the kind closes the open item.
  void add_reasoning(std::string_view text);
  void add_message(std::string_view text);
  // A call of a function, or more of the arguments of the latest one.
  void add_call(const ToolEvent& event);
  void open_message() { open(Kind::kMessage); }
  void close(bool complete);

  bool is_empty() const { return kind_ == Kind::kNone && list_.empty(); }
  const std::vector<OrderedJson>& list() const { return list_; }

 private:
  enum class Kind { kNone, kReasoning, kMessage, kCall };

  void open(Kind kind);
  void begin(Kind kind);
  void close_call();
  void close_text();
  OrderedJson item(std::string_view status) const;
  OrderedJson part(std::string_view text) const;
  OrderedJson place() const;

  ResponseEvents* events_;
  Kind kind_ = Kind::kNone;
  std::string id_;
  std::string text_;  // or arguments
  std::string call_id_;
  std::string name_;  // of the function
  std::vector<OrderedJson> list_;
};

}  // namespace cellm
