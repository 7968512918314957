// GGUF files for tests, valid or broken on purpose.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unistd.h>
#include <vector>

#include "io/gguf_file.h"

namespace cellm {

// A file in the temporary folder that is removed at the end.
class TemporaryFile {
 public:
  TemporaryFile() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("cellm_gguf_test_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  const std::filesystem::path& write(std::string_view bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path_;
  }

 private:
  std::filesystem::path path_;
};

inline void append_bytes(std::string& out, const auto& value) {
  static_assert(std::is_trivially_copyable_v<std::remove_cvref_t<decltype(value)>>);
  const std::size_t at = out.size();
  out.resize(at + sizeof(value));
  std::memcpy(out.data() + at, &value, sizeof(value));
}

inline void append_string(std::string& out, std::string_view text) {
  append_bytes(out, static_cast<std::uint64_t>(text.size()));
  out += text;
}

// Writes whatever it is told to, in the order it is told.
class GgufBuilder {
 public:
  std::uint32_t version = 3;
  std::size_t alignment = 32;

  GgufBuilder& value(std::string_view key, GgufType type, std::string_view bytes) {
    append_string(keys_, key);
    append_bytes(keys_, static_cast<std::uint32_t>(type));
    keys_ += bytes;
    ++key_count_;
    return *this;
  }
  GgufBuilder& u32(std::string_view key, std::uint32_t number) {
    return value(key, GgufType::kU32, raw(number));
  }
  GgufBuilder& f32(std::string_view key, float number) {
    return value(key, GgufType::kF32, raw(number));
  }
  GgufBuilder& boolean(std::string_view key, bool flag) {
    return value(key, GgufType::kBool, raw(static_cast<std::uint8_t>(flag)));
  }
  GgufBuilder& string(std::string_view key, std::string_view text) {
    std::string bytes;
    append_string(bytes, text);
    return value(key, GgufType::kString, bytes);
  }
  GgufBuilder& i32_array(std::string_view key, const std::vector<std::int32_t>& numbers) {
    std::string bytes = array_head(GgufType::kI32, numbers.size());
    for (const std::int32_t number : numbers) append_bytes(bytes, number);
    return value(key, GgufType::kArray, bytes);
  }
  GgufBuilder& string_array(std::string_view key, const std::vector<std::string>& texts) {
    std::string bytes = array_head(GgufType::kString, texts.size());
    for (const std::string& text : texts) append_string(bytes, text);
    return value(key, GgufType::kArray, bytes);
  }

  // An entry in the list of tensors alone; `dimensions` as the file has them, fastest first.
  GgufBuilder& tensor_info(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                           std::uint32_t type, std::uint64_t offset) {
    append_string(tensors_, name);
    append_bytes(tensors_, static_cast<std::uint32_t>(dimensions.size()));
    for (const std::uint64_t dimension : dimensions) append_bytes(tensors_, dimension);
    append_bytes(tensors_, type);
    append_bytes(tensors_, offset);
    ++tensor_count_;
    return *this;
  }
  // The same with data after what is there.
  GgufBuilder& tensor(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                      std::uint32_t type, std::string_view bytes) {
    data_.resize((data_.size() + alignment - 1) / alignment * alignment);
    tensor_info(name, dimensions, type, data_.size());
    data_ += bytes;
    return *this;
  }
  GgufBuilder& f32_tensor(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                          const std::vector<float>& values) {
    return tensor(name, dimensions, kGgmlF32,
                  {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  GgufBuilder& data(std::size_t bytes) {
    data_.resize(bytes);
    return *this;
  }

  std::string header() const {
    std::string out = "GGUF";
    append_bytes(out, version);
    append_bytes(out, tensor_count_);
    append_bytes(out, key_count_);
    return out + keys_ + tensors_;
  }
  std::string bytes() const {
    std::string out = header();
    out.resize((out.size() + alignment - 1) / alignment * alignment);
    return out + data_;
  }

  template <class T>
  static std::string raw(T number) {
    std::string bytes;
    append_bytes(bytes, number);
    return bytes;
  }
  static std::string array_head(GgufType type, std::uint64_t count) {
    return raw(static_cast<std::uint32_t>(type)) + raw(count);
  }

 private:
  std::string keys_;
  std::string tensors_;
  std::string data_;
  std::uint64_t key_count_ = 0;
  std::uint64_t tensor_count_ = 0;
};

}  // namespace cellm
