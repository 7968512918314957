// For tests only: .cellm files put together by hand, and a small valid one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cellm {

inline std::string cellm_bytes(std::string_view header, std::string_view data, char version = 1) {
  std::string bytes = "CELLM";
  bytes += version;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>(static_cast<std::uint32_t>(header.size()) >> shift & 0xFFU);
  }
  bytes += header;
  bytes.resize((bytes.size() + 63) / 64 * 64);
  return bytes.append(data);
}

// Two tensors, one with scales in two groups, as a version 1 writer makes them; data at 640.
inline constexpr std::string_view kSmallCellmHeader =
    R"({"model_type":"qwen3","vocab_size":8,"hidden_dim":4,"tensors":[)"
    R"({"name":"a.weight","offset_bytes":640,"nbytes":6,"shape":[3,4],"dtype":"i4"},)"
    R"({"name":"a.weight.qscale","offset_bytes":704,"nbytes":12,"shape":[3,2],"dtype":"f16"},)"
    R"({"name":"norm.weight","offset_bytes":768,"nbytes":8,"shape":[4],"dtype":"f16"}]})";

inline std::string small_cellm(std::string_view header = kSmallCellmHeader) {
  std::string padded(header);
  padded.resize(630, ' ');  // so that offsets stay right whatever the header says
  std::string data(136, '\0');
  for (std::size_t i = 0; i < 6; ++i) data[i] = static_cast<char>(0x59);
  for (std::size_t i = 64; i < 76; ++i) data[i] = static_cast<char>(i % 2 == 0 ? 0 : 0x3C);
  for (std::size_t i = 128; i < 136; ++i) data[i] = static_cast<char>(i % 2 == 0 ? 0 : 0x3C);
  return cellm_bytes(padded, data);
}

}  // namespace cellm
