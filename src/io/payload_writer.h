// A file that is being written: its payloads, one for each tensor or companion.
#pragma once

#include <cstddef>
#include <span>

namespace cellm {

// The sizes and places of the payloads are fixed at construction, so that they are written as they
// come and not kept in memory. Not thread-safe.
class PayloadWriter {
 public:
  PayloadWriter() = default;
  virtual ~PayloadWriter() = default;
  PayloadWriter(const PayloadWriter&) = delete;
  PayloadWriter& operator=(const PayloadWriter&) = delete;

  // Appends bytes to a payload. Payloads may be filled in any order, each from front to back.
  virtual void append_tensor(std::size_t index, std::span<const std::byte> bytes) = 0;
  // Of a payload besides those of the tensors.
  virtual void append_blob(std::size_t index, std::span<const std::byte> bytes) = 0;

  // Completes the file and puts it into its place. Every payload must be complete.
  virtual void finish() = 0;
};

}  // namespace cellm
