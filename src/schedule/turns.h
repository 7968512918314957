// Whose turn it is.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace cellm {

// Turns of clients: who was served longest ago comes next, who was never served first of all. Not
// thread-safe.
class Turns {
 public:
  // When the client was served last, comparable with others; 0: never.
  std::uint64_t last(const std::string& client) const {
    const auto found = served_.find(client);
    return found == served_.end() ? 0 : found->second;
  }
  void serve(const std::string& client) { served_[client] = ++time_; }
  // Forgets all clients for which present(client) is false.
  template <class Present>
  void keep(Present&& present) {
    std::erase_if(served_, [&](const auto& one) { return !present(one.first); });
  }
  std::size_t size() const { return served_.size(); }

 private:
  std::map<std::string, std::uint64_t> served_;
  std::uint64_t time_ = 0;
};

}  // namespace cellm
