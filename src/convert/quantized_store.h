// Coded tensors of an unfinished conversion, kept beside its output so that it can go on after a
// kill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "convert/quantized_tensor.h"

namespace cellm {

// One file: a line with the key of what the tensors depend on, then a record for each tensor with
// its name, sizes, bytes and their checksum. Records are appended; one that a kill cut short is
// dropped by the next run, as is everything of another key. The file is locked (flock) as long as
// this lives. Not thread-safe.
class QuantizedStore {
 public:
  // Opens the file, or makes it, and reads what it has of the plan's tensors. Throws Error(kData)
  // if that cannot be done or another process works on it.
  QuantizedStore(std::filesystem::path path, std::string_view key, const ConvertPlan& plan);
  ~QuantizedStore();
  QuantizedStore(const QuantizedStore&) = delete;
  QuantizedStore& operator=(const QuantizedStore&) = delete;

  const QuantizedTensors& tensors() const { return tensors_; }

  // Keeps one more. Throws Error(kResources) if the disk is full.
  void add(const std::string& name, std::shared_ptr<const QuantizedTensor> quantized);

  // Removes the file: the work is done.
  void remove();

 private:
  void read_records(const ConvertPlan& plan, std::uint64_t begin);
  void write(const void* bytes, std::size_t count);

  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t end_ = 0;  // of the last whole record
  QuantizedTensors tensors_;
};

}  // namespace cellm
