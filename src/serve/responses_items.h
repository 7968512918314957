// The output items of /v1/responses, and the events that tell of them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/json_text.h"

namespace cellm {

// Numbered events of a stream, as text; nothing without streaming.
class ResponseEvents {
 public:
  explicit ResponseEvents(bool stream) : stream_(stream) {}

  void add(std::string_view type, OrderedJson fields);
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
  void open_message() { open(Kind::kMessage); }
  void close(bool complete);

  const std::vector<OrderedJson>& list() const { return list_; }

 private:
  enum class Kind { kNone, kReasoning, kMessage };

  void open(Kind kind);
  OrderedJson item(std::string_view status) const;
  OrderedJson part(std::string_view text) const;
  OrderedJson place() const;

  ResponseEvents* events_;
  Kind kind_ = Kind::kNone;
  std::string id_;
  std::string text_;
  std::vector<OrderedJson> list_;
};

}  // namespace cellm
