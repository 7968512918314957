#include "hub/checksum.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::size_t kStepBytes = std::size_t{1} << 20;

// A failure of libcrypto in digests that are always there is one of memory.
void require(int success) {
  if (success != 1) throw std::bad_alloc();
}

std::string hex(const unsigned char* bytes, unsigned size) {
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

}  // namespace

BlobHash blob_hash_of(const std::string& blob_name) {
  constexpr std::size_t kSha256Digits = 64;
  return blob_name.size() == kSha256Digits ? BlobHash::kSha256 : BlobHash::kGit;
}

std::string checksum_of(int fd, std::uint64_t bytes, BlobHash hash,
                        const std::filesystem::path& path, const std::function<void()>& step) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  require(EVP_DigestInit_ex(context.get(), hash == BlobHash::kGit ? EVP_sha1() : EVP_sha256(),
                            nullptr));
  if (hash == BlobHash::kGit) {
    const std::string start = fmt::format("blob {}", bytes);
    require(EVP_DigestUpdate(context.get(), start.c_str(), start.size() + 1));
  }
  std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kStepBytes)));
  for (std::uint64_t at = 0; at < bytes;) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(bytes - at, kStepBytes));
    const ssize_t got = ::pread(fd, buffer.data(), want, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw data_error("{}: cannot be read to its end of {} bytes", printable(path.string()),
                       bytes);
    }
    require(EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
    step();
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  require(EVP_DigestFinal_ex(context.get(), digest, &size));
  return hex(digest, size);
}

}  // namespace cellm
