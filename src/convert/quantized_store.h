// Quantized tensors of an unfinished conversion, in a file beside its output from which it resumes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "convert/quantized_tensor.h"

namespace cellm {

// The file has a line with the key of source, text and options, then a record for each tensor with
// its name, sizes, bytes and checksum. Records are appended; the next run drops an incomplete one,
// and everything under another key. The file is locked (flock) during the lifetime of the object.
// Not thread-safe.
class QuantizedStore {
 public:
  // Opens or creates the file and reads its tensors of the plan. Throws Error(kData) if it cannot
  // be opened or another process has locked it.
  QuantizedStore(std::filesystem::path path, std::string_view key, const ConvertPlan& plan);
  ~QuantizedStore();
  QuantizedStore(const QuantizedStore&) = delete;
  QuantizedStore& operator=(const QuantizedStore&) = delete;

  const QuantizedTensors& tensors() const { return tensors_; }

  // Appends a tensor. Throws Error(kResources) if the disk is full.
  void add(const std::string& name, std::shared_ptr<const QuantizedTensor> quantized);

  // Removes the file.
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
