// The checksums by which the hub names the content of files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace cellm {

enum class BlobHash {
  kGit,     // SHA-1 of "blob SIZE\0" and the content: what git names a file by
  kSha256,  // of the content: large files
};

// By the number of its digits.
BlobHash blob_hash_of(const std::string& blob_name);

// The checksum of the first `bytes` of an open file, in lower-case hexadecimal. `step` is called
// after each MiB or so and may throw. Throws Error(kData) if the file cannot be read or is shorter.
std::string checksum_of(int fd, std::uint64_t bytes, BlobHash hash,
                        const std::filesystem::path& path, const std::function<void()>& step);

}  // namespace cellm
