// A value that is computed at its first use.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

namespace cellm {

// Thread-safe. If computing throws, the next use computes again. std::call_once is no alternative:
// an exception that leaves glibc's pthread_once() makes glibc load its unwinder, which ends the
// process when memory is short.
template <class T>
class Lazy {
 public:
  // The value, made by make() at the first call.
  template <class Make>
  const T& get(Make&& make) const {
    const std::lock_guard lock(mutex_);
    if (!value_) value_.emplace(std::forward<Make>(make)());
    return *value_;
  }
  bool is_ready() const {
    const std::lock_guard lock(mutex_);
    return value_.has_value();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::optional<T> value_;
};

}  // namespace cellm
