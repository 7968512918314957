// Heap memory on a 64-byte boundary: a cache line and the widest vector register.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace cellm {

inline constexpr std::size_t kAlignment = 64;

// A fixed-size array of trivial T, zero-initialized. A page of a large one takes no memory until it
// is written to. Throws std::bad_alloc.
template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size)
      : memory_(std::calloc(bytes_with_padding(size), 1)), size_(size) {
    if (memory_ == nullptr) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
    const std::size_t padding = (kAlignment - address % kAlignment) % kAlignment;
    data_ = reinterpret_cast<T*>(static_cast<std::byte*>(memory_.get()) + padding);
  }
  AlignedBuffer(const AlignedBuffer& other) : AlignedBuffer(other.size_) {
    std::copy_n(other.data(), size_, data());
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : memory_(std::move(other.memory_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~AlignedBuffer() = default;

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> span() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  static std::size_t bytes_with_padding(std::size_t size) {
    constexpr std::size_t kMost = static_cast<std::size_t>(-1) - kAlignment;
    if (size > kMost / sizeof(T)) throw std::bad_alloc();
    return size * sizeof(T) + kAlignment;
  }

  std::unique_ptr<void, Free> memory_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cellm
