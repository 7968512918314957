#include "base/mapped_file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/error.h"

namespace cellm {
namespace {

// A file descriptor that closes itself.
struct Descriptor {
  int fd;
  explicit Descriptor(int f) : fd(f) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

// Opens a regular file and returns its size.
int open_regular(const std::string& path, std::size_t& size) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer; it is refused below.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw data_error("{}: cannot open: {}", printable(path), std::strerror(errno));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw data_error("{}: not a regular file", printable(path));
  }
  size = static_cast<std::size_t>(info.st_size);
  return fd;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path.string()) {
  const Descriptor file(open_regular(path_, size_));
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (address == MAP_FAILED) {
    throw error(errno == ENOMEM ? ErrorKind::kResources : ErrorKind::kData,
                "{}: cannot map {} bytes: {}", printable(path_), size_, std::strerror(errno));
  }
  data_ = static_cast<const std::byte*>(address);
  try {
    guard_.add({data_, size_}, path_);
  } catch (...) {
    ::munmap(address, size_);
    throw;
  }
  mapped_ = true;
}

MappedFile::MappedFile(std::string path, std::span<const std::byte> bytes)
    : path_(std::move(path)), data_(bytes.data()), size_(bytes.size()) {}

MappedFile::~MappedFile() {
  if (!mapped_) return;
  guard_.remove();
  ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::forget(std::span<const std::byte> range) const {
  // Memory that is not a mapping would lose its content.
  if (!mapped_ || range.empty() || range.data() < data_ ||
      range.data() + range.size() > data_ + size_)
    return;
  // The mapping starts at a page boundary, so offsets from it give the pages.
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<std::size_t>(range.data() - data_);
  const std::size_t begin = (offset + page - 1) / page * page;
  const std::size_t end = (offset + range.size()) / page * page;
  if (begin < end) ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const std::string name = path.string();
  std::size_t size = 0;
  const Descriptor file(open_regular(name, size));
  if (size > max_bytes) {
    throw data_error("{}: {} bytes, more than the {} allowed for such a file", printable(name),
                     size, max_bytes);
  }
  std::string content(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.fd, content.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw data_error("{}: cannot read: {}", printable(name), std::strerror(errno));
    if (got == 0) throw data_error("{}: ended after {} of {} bytes", printable(name), done, size);
    done += static_cast<std::size_t>(got);
  }
  return content;
}

}  // namespace cellm
