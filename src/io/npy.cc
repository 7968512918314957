#include "io/npy.h"

#include <string>

#include <fmt/format.h>

#include "base/error.h"

namespace cellm {

NpyWriter::NpyWriter(const std::filesystem::path& path, std::size_t rows, std::size_t cols)
    : file_(path), rows_left_(rows), cols_(cols) {
  constexpr std::size_t kPreamble = 10;  // magic, version, u16 length of the rest
  constexpr std::size_t kDataAlignment = 64;
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
  header.append(kDataAlignment - 1 - (kPreamble + header.size()) % kDataAlignment, ' ');
  header += '\n';
  std::string prefix("\x93NUMPY\x01\x00", 8);
  prefix += static_cast<char>(header.size() & 0xFFU);
  prefix += static_cast<char>(header.size() >> 8);
  prefix += header;
  file_.reserve(prefix.size() + std::uint64_t{rows} * cols * sizeof(float));
  file_.write_at(0, std::as_bytes(std::span(prefix)));
  offset_ = prefix.size();
}

void NpyWriter::append_row(std::span<const float> row) {
  CELLM_CHECK(rows_left_ > 0 && row.size() == cols_);
  file_.write_at(offset_, std::as_bytes(row));
  offset_ += row.size_bytes();
  --rows_left_;
}

void NpyWriter::finish() {
  CELLM_CHECK(rows_left_ == 0);
  file_.commit();
}

}  // namespace cellm
