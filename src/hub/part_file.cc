#include "hub/part_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <numeric>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/limits.h"
#include "hub/headers.h"

namespace cellm {
namespace {

constexpr char kMagic[8] = {'c', 'e', 'l', 'l', 'm', 'd', 'l', '1'};

struct State {
  char magic[sizeof(kMagic)];
  std::uint64_t bytes;
  std::uint64_t part_bytes;
  char etag[kMaxHubEtagBytes];
};

bool read_fully(int fd, void* out, std::size_t bytes, std::uint64_t offset) {
  auto* at = static_cast<char*>(out);
  while (bytes > 0) {
    const ssize_t got = ::pread(fd, at, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    bytes -= static_cast<std::size_t>(got);
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

std::size_t part_count(std::uint64_t bytes, std::uint64_t part_bytes) {
  return static_cast<std::size_t>((bytes + part_bytes - 1) / part_bytes);
}

}  // namespace

PartFile::PartFile(const std::filesystem::path& path, std::uint64_t bytes, std::uint64_t part_bytes)
    : path_(path), bytes_(bytes) {
  const std::uint64_t least = bytes / kMaxHubParts + 1;
  part_bytes_ = std::min(std::max(part_bytes, least), std::max<std::uint64_t>(bytes, 1));
  constexpr unsigned kMode = 0666;  // less the umask, as huggingface_hub's files
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd_ < 0) throw_file_failure(path, "create");
  try {
    if (!take_over()) restart(part_bytes_);
    if (bytes_ > 0 && ::fallocate(fd_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes_)) != 0 &&
        (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
      throw_file_failure(path, "write");
    }
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

PartFile::~PartFile() {
  ::close(fd_);
}

bool PartFile::take_over() {
  State state{};
  if (!read_fully(fd_, &state, sizeof(state), bytes_)) return false;
  if (std::memcmp(state.magic, kMagic, sizeof(kMagic)) != 0 || state.bytes != bytes_) return false;
  if (state.part_bytes <= bytes_ / kMaxHubParts ||
      state.part_bytes > std::max<std::uint64_t>(bytes_, 1))
    return false;
  if (state.etag[kMaxHubEtagBytes - 1] != '\0' ||
      (state.etag[0] != '\0' && !is_strong_etag(state.etag)))
    return false;
  std::vector<std::uint64_t> done(part_count(bytes_, state.part_bytes));
  if (!read_fully(fd_, done.data(), done.size() * sizeof(done[0]), bytes_ + sizeof(state)))
    return false;
  part_bytes_ = state.part_bytes;
  for (std::size_t part = 0; part < done.size(); ++part) {
    if (done[part] > end(part) - begin(part)) return false;
  }
  done_ = std::move(done);
  etag_ = state.etag;
  return true;
}

void PartFile::write_state() {
  State state{};
  std::memcpy(state.magic, kMagic, sizeof(kMagic));
  state.bytes = bytes_;
  state.part_bytes = part_bytes_;
  std::copy(etag_.begin(), etag_.end(), state.etag);
  write_fully(fd_, bytes_, std::as_bytes(std::span(&state, 1)), path_);
  write_fully(fd_, bytes_ + sizeof(state), std::as_bytes(std::span(done_)), path_);
}

void PartFile::restart(std::uint64_t part_bytes) {
  if (::ftruncate(fd_, 0) != 0) throw_file_failure(path_, "write");
  part_bytes_ = std::max<std::uint64_t>(part_bytes, 1);
  etag_.clear();
  done_.assign(part_count(bytes_, part_bytes_), 0);
  write_state();
}

std::uint64_t PartFile::end(std::size_t part) const {
  return std::min(begin(part) + part_bytes_, bytes_);
}

std::uint64_t PartFile::done() const {
  return std::accumulate(done_.begin(), done_.end(), std::uint64_t{0});
}

void PartFile::write(std::size_t part, std::span<const std::byte> bytes) {
  CELLM_CHECK(bytes.size() <= end(part) - begin(part) - done_[part]);
  write_fully(fd_, begin(part) + done_[part], bytes, path_);
  done_[part] += bytes.size();
  write_fully(fd_, bytes_ + sizeof(State) + part * sizeof(done_[0]),
              std::as_bytes(std::span(&done_[part], 1)), path_);
}

void PartFile::set_etag(std::string_view etag) {
  if (etag.size() >= kMaxHubEtagBytes) return;
  etag_ = etag;
  write_state();
}

void PartFile::finish(const std::filesystem::path& target) {
  if (::ftruncate(fd_, static_cast<off_t>(bytes_)) != 0 || ::fsync(fd_) != 0)
    throw_file_failure(path_, "write");
  replace_file(path_, target);
}

void PartFile::remove() {
  ::unlink(path_.c_str());
}

}  // namespace cellm
