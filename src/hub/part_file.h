// The unfinished download of a blob: its content in parts that grow independently, and what is
// there of each, in one file, so that a killed download goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// Bytes 0 to `bytes` are the content. Behind them, in the machine's byte order: 8 bytes magic, u64
// bytes, u64 bytes of a part, 256 bytes with the server's ETag, and for each part a u64 with how
// many bytes of it are there. A part's content is written before its count. Not thread-safe.
class PartFile {
 public:
  // Takes over what an earlier download of so many bytes has left in the file, else begins anew.
  // Reserves the space. Throws Error(kResources) when the disk is full, else Error(kData).
  PartFile(const std::filesystem::path& path, std::uint64_t bytes, std::uint64_t part_bytes);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  // Parts; the last one may be shorter.
  std::size_t parts() const { return done_.size(); }
  std::uint64_t part_bytes() const { return part_bytes_; }
  std::uint64_t begin(std::size_t part) const { return part * part_bytes_; }
  std::uint64_t end(std::size_t part) const;
  std::uint64_t done(std::size_t part) const { return done_[part]; }
  bool is_whole(std::size_t part) const { return begin(part) + done(part) == end(part); }
  std::uint64_t done() const;

  // Appends to a part, in which there is room for the bytes.
  void write(std::size_t part, std::span<const std::byte> bytes);
  // The ETag, in quotes, of the server that sends the content; empty if none is known.
  const std::string& etag() const { return etag_; }
  void set_etag(std::string_view etag);
  // Forgets everything.
  void restart(std::uint64_t part_bytes);

  int fd() const { return fd_; }
  // Makes the whole content the file `target`, durably.
  void finish(const std::filesystem::path& target);
  void remove();

 private:
  bool take_over();
  void write_state();

  std::filesystem::path path_;
  std::uint64_t bytes_;
  std::uint64_t part_bytes_ = 1;
  std::string etag_;
  std::vector<std::uint64_t> done_;
  int fd_ = -1;
};

}  // namespace cellm
