// Errors of the C++ interface, and what its classes have in common. Included by cellm.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <cellm/cellm.h>

namespace cellm {
inline namespace v1 {

// The message is one line that names the file, then what was expected and what was found.
class Error : public std::runtime_error {
 public:
  Error(cellm_status status, const std::string& message, cellm_advice advice = CELLM_ADVICE_NONE)
      : std::runtime_error(message), status_(status), advice_(advice) {}
  cellm_status status() const { return status_; }
  cellm_advice advice() const { return advice_; }

 private:
  cellm_status status_;
  cellm_advice advice_;
};

// Thrown by a job that was cancelled.
class Cancelled : public Error {
 public:
  explicit Cancelled(const std::string& message) : Error(CELLM_CANCELLED, message) {}
};

namespace detail {

inline void check(cellm_status status) {
  if (status == CELLM_OK) return;
  if (status == CELLM_CANCELLED) throw Cancelled(cellm_last_error());
  throw Error(status, cellm_last_error(), cellm_last_advice());
}

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* handle) const { Free(handle); }
};
template <class T, void (*Free)(T*)>
using Handle = std::unique_ptr<T, Deleter<T, Free>>;

// Move an array allocated by the library into a C++ value and free it.
inline std::vector<std::uint32_t> take(std::uint32_t* ids, std::size_t count) {
  const std::unique_ptr<std::uint32_t, void (*)(void*)> owner(ids, cellm_free);
  return {ids, ids + count};
}
inline std::string take(char* text, std::size_t bytes) {
  const std::unique_ptr<char, void (*)(void*)> owner(text, cellm_free);
  return {text, bytes};
}

inline const char* text_or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

}  // namespace detail

struct AvailableMemory {
  std::uint64_t bytes = 0;  // UINT64_MAX if unknown
  std::string limited_by;   // a description of the binding limit
};

// Memory that this process can still allocate; see cellm_available_memory().
inline AvailableMemory available_memory() {
  AvailableMemory available;
  const char* limited_by = nullptr;
  detail::check(cellm_available_memory(&available.bytes, &limited_by));
  available.limited_by = limited_by;
  return available;
}

// Ends generation or a job early. request() is safe in any thread and in a signal handler. Copies
// share one token.
class Cancel {
 public:
  Cancel() {
    cellm_cancel* handle = nullptr;
    detail::check(cellm_cancel_new(&handle));
    handle_ = std::shared_ptr<cellm_cancel>(handle, cellm_cancel_free);
  }
  void request() const noexcept { cellm_cancel_request(handle_.get()); }
  cellm_cancel* handle() const { return handle_.get(); }

 private:
  std::shared_ptr<cellm_cancel> handle_;
};

}  // namespace v1
}  // namespace cellm
