// Calls of functions in the C++ interface. Included by cellm.hpp. Details are in tools.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cellm/cellm.h>
#include <cellm/error.hpp>

namespace cellm {
inline namespace v1 {

struct ToolEvent {
  cellm_tool_event_kind kind = CELLM_TOOL_CONTENT;
  std::size_t index = 0;  // of the call
  std::string text = {};  // content, or more of the arguments
  std::string id = {};    // of a call that begins
  std::string name = {};
};

// Functions that an answer may call; made by Model::tools(). Copies share them.
class Tools {
 public:
  explicit Tools(cellm_tools* handle) : handle_(handle, cellm_tools_free) {}

  // The ids of messages, which are a JSON array.
  std::vector<std::uint32_t> prompt(const std::string& messages) const {
    std::uint32_t* ids = nullptr;
    std::size_t count = 0;
    detail::check(cellm_tools_prompt(handle_.get(), messages.c_str(), &ids, &count));
    return detail::take(ids, count);
  }
  // For GenerateOptions::tools.
  const std::shared_ptr<cellm_tools>& handle() const { return handle_; }

 private:
  std::shared_ptr<cellm_tools> handle_;
};

// Splits the text of an answer into content and calls.
class ToolReader {
 public:
  ToolReader(const Tools& tools, std::uint64_t id_seed) {
    cellm_tool_reader* handle = nullptr;
    detail::check(cellm_tool_reader_new(tools.handle().get(), id_seed, &handle));
    handle_.reset(handle);
  }

  // What is certain with this text; `last`: none follows.
  std::vector<ToolEvent> push(std::string_view text, bool last) {
    struct Call {
      std::vector<ToolEvent> events;
      std::exception_ptr failure;
    } call;
    const cellm_on_tool_event add = [](void* user, const cellm_tool_event* event) {
      Call& c = *static_cast<Call*>(user);
      try {
        c.events.push_back({static_cast<cellm_tool_event_kind>(event->kind), event->index,
                            std::string(event->text, event->bytes), event->id, event->name});
      } catch (...) {
        c.failure = std::current_exception();
      }
    };
    detail::check(
        cellm_tool_reader_push(handle_.get(), text.data(), text.size(), last ? 1 : 0, add, &call));
    if (call.failure) std::rethrow_exception(call.failure);
    return std::move(call.events);
  }

 private:
  detail::Handle<cellm_tool_reader, cellm_tool_reader_free> handle_;
};

}  // namespace v1
}  // namespace cellm
