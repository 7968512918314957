// A value on the heap that copies share until one of them is written to.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace cellm {

// Copies may belong to different threads, each used by one thread at a time. A shared value is only
// read; it is written in place once a single copy is left. std::shared_ptr is not enough for this:
// use_count() does not order the reads of a copy that another thread gave up before the writes that
// follow.
template <class T>
class CopyOnWrite {
 public:
  explicit CopyOnWrite(T value) : node_(new Node{std::move(value)}) {}
  CopyOnWrite(const CopyOnWrite& other) noexcept : node_(other.node_) {
    if (node_ != nullptr) node_->copies.fetch_add(1, std::memory_order_relaxed);
  }
  CopyOnWrite(CopyOnWrite&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  CopyOnWrite& operator=(CopyOnWrite other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~CopyOnWrite() {
    if (node_ != nullptr && node_->copies.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete node_;
    }
  }

  bool shared() const { return node_->copies.load(std::memory_order_acquire) > 1; }
  const T& read() const { return node_->value; }
  // The value for writing, cloned first if it is shared.
  T& write() {
    if (shared()) *this = CopyOnWrite(T(node_->value));
    return node_->value;
  }

 private:
  struct Node {
    T value;
    std::atomic<std::size_t> copies{1};
  };
  Node* node_;  // null after a move
};

}  // namespace cellm
