// Objects of the library as Python holds them. All of this is called with the GIL.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <cellm/cellm.hpp>

#include "interpreter.h"

namespace cellm_python {

[[noreturn]] inline void throw_usage(const std::string& message) {
  throw cellm::Error(CELLM_ERROR_USAGE, message);
}

// An object that can be closed while calls use it: each call has a share. In a forked process it is
// refused, and never freed.
template <class T>
class Held {
 public:
  // what: "model", "session", ..., a static string
  Held(std::shared_ptr<T> object, const char* what)
      : object_(std::make_unique<std::shared_ptr<T>>(std::move(object))),
        what_(what),
        forks_(fork_count()) {}
  ~Held() { close(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  // Throws cellm::Error(CELLM_ERROR_USAGE) if it is closed or of another process.
  std::shared_ptr<T> share() const {
    if (object_ == nullptr) throw_usage(std::string("the ") + what_ + " is closed");
    if (forks_ != fork_count()) {
      throw_usage(std::string("the ") + what_ +
                  " is of the process that this one was forked from: open the model here");
    }
    return *object_;
  }
  void close() {
    if (forks_ != fork_count()) static_cast<void>(object_.release());  // kept for ever
    object_.reset();
  }
  bool closed() const { return object_ == nullptr; }

 private:
  std::unique_ptr<std::shared_ptr<T>> object_;
  const char* what_;
  unsigned forks_;
};

// An object for one call at a time.
template <class T>
struct Single {
  T object;
  bool busy = false;  // read and written with the GIL
};

// The use of it by one call. Released with the GIL.
template <class T>
class Claim {
 public:
  // Throws cellm::Error(CELLM_ERROR_USAGE) if another call uses it.
  Claim(std::shared_ptr<Single<T>> single, const char* what) : single_(std::move(single)) {
    if (single_->busy) {
      throw_usage(std::string("the ") + what + " is in use by another call or stream");
    }
    single_->busy = true;
  }
  ~Claim() { single_->busy = false; }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  T& operator*() const { return single_->object; }
  T* operator->() const { return &single_->object; }

 private:
  std::shared_ptr<Single<T>> single_;
};

}  // namespace cellm_python
