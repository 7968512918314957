// NumPy's .npy, version 1.0, for matrices of float32 (numpy.lib.format).
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/atomic_file.h"

namespace cellm {

// Writes a float32 matrix row by row. The file appears complete, at finish(). Throws as AtomicFile.
class NpyWriter {
 public:
  NpyWriter(const std::filesystem::path& path, std::size_t rows, std::size_t cols);

  void append_row(std::span<const float> row);  // cols values
  void finish();                                // after exactly `rows` rows

 private:
  AtomicFile file_;
  std::size_t rows_left_;
  std::size_t cols_;
  std::uint64_t offset_ = 0;
};

}  // namespace cellm
