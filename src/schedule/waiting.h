// Requests that wait for a place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>

#include "schedule/request_state.h"
#include "schedule/turns.h"

namespace cellm {

// Clients take turns; requests of one client keep their order. Not thread-safe.
class Waiting {
 public:
  using State = std::shared_ptr<RequestState>;

  std::size_t size() const { return requests_.size(); }
  void push(State request) { requests_.push_back(std::move(request)); }

  // Whose turn it is; null if none waits. Stays until take().
  State next() const {
    const auto first = std::ranges::min_element(
        requests_, {}, [&](const State& one) { return turns_.last(one->request().client); });
    return first == requests_.end() ? nullptr : *first;
  }
  void take(const State& request) {
    std::erase(requests_, request);
    turns_.serve(request->request().client);
    if (turns_.size() <= kMaxClients) return;
    turns_.keep([&](const std::string& client) {
      return std::ranges::any_of(requests_,
                                 [&](const State& one) { return one->request().client == client; });
    });
  }

  // Removes those that were cancelled.
  std::list<State> take_cancelled() {
    std::list<State> cancelled;
    for (auto one = requests_.begin(); one != requests_.end();) {
      const auto here = one++;
      if ((*here)->cancelled()) cancelled.splice(cancelled.end(), requests_, here);
    }
    return cancelled;
  }
  std::list<State> take_all() { return std::exchange(requests_, {}); }

 private:
  // Whose last turn is remembered although none of their requests waits.
  static constexpr std::size_t kMaxClients = 1024;

  std::list<State> requests_;
  Turns turns_;
};

}  // namespace cellm
