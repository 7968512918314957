#include "convert/quantized_store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <xxhash.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

// A record: this, the name, the codes, the scales, and the checksum of all that.
struct RecordHead {
  std::uint64_t name_bytes;
  std::uint64_t code_bytes;
  std::uint64_t scale_count;
  std::uint64_t with_feedback;
};

class Checksum {
 public:
  Checksum() : state_(XXH3_createState()) { XXH3_64bits_reset(state_.get()); }
  void add(const void* bytes, std::size_t count) {
    if (count != 0) XXH3_64bits_update(state_.get(), bytes, count);
  }
  std::uint64_t value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

std::uint64_t record_checksum(const RecordHead& head, const std::string& name,
                              const QuantizedTensor& quantized) {
  Checksum checksum;
  checksum.add(&head, sizeof(head));
  checksum.add(name.data(), name.size());
  checksum.add(quantized.codes.data(), quantized.codes.size());
  checksum.add(quantized.scales.data(), quantized.scales.size() * sizeof(std::uint16_t));
  return checksum.value();
}

bool read_all(int fd, std::uint64_t offset, void* to, std::size_t count) {
  auto* out = static_cast<char*>(to);
  while (count != 0) {
    const ssize_t got = ::pread(fd, out, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

QuantizedStore::QuantizedStore(std::filesystem::path path, std::string_view key,
                               const ConvertPlan& plan)
    : path_(std::move(path)) {
  const auto fail = [&](const char* action) {
    const int code = errno;
    if (fd_ >= 0) ::close(fd_);
    return data_error("{}: cannot {} this file: {}", printable(path_.string()), action,
                      std::generic_category().message(code));
  };
  constexpr int kMode = 0666;
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd_ < 0) throw fail("open");
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(fd_);
    throw data_error("{}: another run is working on this file", printable(path_.string()));
  }
  const std::string line = fmt::format("cellm partial {}\n", key);
  std::string found(line.size(), '\0');
  if (read_all(fd_, 0, found.data(), found.size()) && found == line) {
    read_records(plan, line.size());
  }
  if (::ftruncate(fd_, static_cast<off_t>(end_)) != 0) throw fail("write");
  if (end_ != 0) return;
  try {
    write(line.data(), line.size());
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

QuantizedStore::~QuantizedStore() {
  if (fd_ >= 0) ::close(fd_);
}

void QuantizedStore::read_records(const ConvertPlan& plan, std::uint64_t begin) {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  end_ = begin;
  RecordHead head{};
  while (size - end_ >= sizeof(head) && read_all(fd_, end_, &head, sizeof(head))) {
    std::uint64_t at = end_ + sizeof(head);
    if (head.name_bytes > std::min<std::uint64_t>(kMaxTensorNameBytes, size - at)) return;
    std::string name(head.name_bytes, '\0');
    if (!read_all(fd_, at, name.data(), name.size())) return;
    at += name.size();
    const auto tensor =
        std::find_if(plan.tensors.begin(), plan.tensors.end(),
                     [&](const PlannedTensor& planned) { return planned.name == name; });
    if (tensor == plan.tensors.end()) return;
    auto quantized = std::make_shared<QuantizedTensor>(empty_quantized_tensor(*tensor));
    quantized->with_feedback = head.with_feedback != 0;
    const std::uint64_t scale_bytes = quantized->scales.size() * sizeof(std::uint16_t);
    if (head.code_bytes != quantized->codes.size() || head.scale_count != quantized->scales.size())
      return;
    std::uint64_t checksum = 0;
    if (!read_all(fd_, at, quantized->codes.data(), quantized->codes.size()) ||
        !read_all(fd_, at + quantized->codes.size(), quantized->scales.data(), scale_bytes) ||
        !read_all(fd_, at + quantized->codes.size() + scale_bytes, &checksum, sizeof(checksum)) ||
        checksum != record_checksum(head, name, *quantized)) {
      return;
    }
    end_ = at + quantized->codes.size() + scale_bytes + sizeof(checksum);
    tensors_[name] = std::move(quantized);
  }
}

void QuantizedStore::write(const void* bytes, std::size_t count) {
  write_fully(fd_, end_, {static_cast<const std::byte*>(bytes), count}, path_);
  end_ += count;
}

void QuantizedStore::add(const std::string& name,
                         std::shared_ptr<const QuantizedTensor> quantized) {
  const RecordHead head{name.size(), quantized->codes.size(), quantized->scales.size(),
                        quantized->with_feedback ? 1U : 0U};
  const std::uint64_t checksum = record_checksum(head, name, *quantized);
  write(&head, sizeof(head));
  write(name.data(), name.size());
  write(quantized->codes.data(), quantized->codes.size());
  write(quantized->scales.data(), quantized->scales.size() * sizeof(std::uint16_t));
  write(&checksum, sizeof(checksum));
  tensors_[name] = std::move(quantized);
}

void QuantizedStore::remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace cellm
