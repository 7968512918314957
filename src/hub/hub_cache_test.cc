#include "hub/hub_cache.h"

#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "hub/checksum.h"
#include "hub/file_lock.h"
#include "hub/part_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const std::string kCommit(40, 'c');
const std::string kHash(40, 'b');

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(HubCache, ALinkLeadsToItsBlobFromAnyDepth) {
  const TestFolder folder;
  const RepositoryCache cache = repository_cache(folder.path(), "org/name");
  EXPECT_EQ(folder.path() / "models--org--name", cache.folder);
  make_folders(cache.folder / "blobs");
  folder.write("models--org--name/blobs/" + kHash, "content");
  for (const char* file : {"a", "b/c", "d/e/f"}) {
    link_file(cache, kCommit, file, kHash);
    link_file(cache, kCommit, file, kHash);
    EXPECT_EQ("content", file_bytes(cache.snapshot(kCommit) / file));
  }
  EXPECT_EQ(fs::path("../../../blobs") / kHash, fs::read_symlink(cache.snapshot(kCommit) / "b/c"));
  link_file(cache, kCommit, "a", std::string(40, 'e'));  // a blob that is not there
  EXPECT_EQ((std::vector<std::string>{"b/c", "d/e/f"}), files_in(cache.snapshot(kCommit)));
}

TEST(HubCache, ARevisionNamesACommitThatIsThere) {
  const TestFolder folder;
  const RepositoryCache cache = repository_cache(folder.path(), "org/name");
  write_ref(cache, "refs/pr/1", kCommit);
  EXPECT_FALSE(cached_commit(cache, "refs/pr/1"));
  make_folders(cache.snapshot(kCommit));
  EXPECT_EQ(kCommit, cached_commit(cache, "refs/pr/1"));
  EXPECT_EQ(kCommit, cached_commit(cache, kCommit));
  EXPECT_FALSE(cached_commit(cache, "main"));
  folder.write("models--org--name/refs/main", "../../../x");
  expect_error(ErrorKind::kData, "expected a commit", [&] { cached_commit(cache, "main"); });
}

TEST(HubCache, FoldersAreNamedByRepositories) {
  EXPECT_EQ("org/name", repository_of_folder("models--org--name"));
  for (const char* name :
       {"datasets--org--name", "models--name", "models--a--b--c", "models--..--x"})
    EXPECT_EQ("", repository_of_folder(name)) << name;
}

TEST(PartFile, GoesOnWithWhatIsThere) {
  const TestFolder folder;
  const fs::path path = folder.path() / "x.incomplete";
  {
    PartFile file(path, 10, 4);
    ASSERT_EQ(3U, file.parts());
    EXPECT_EQ(10U, file.end(2));
    file.write(0, bytes_of("abcd"));
    file.write(2, bytes_of("i"));
    file.set_etag("\"tag\"");
  }
  PartFile file(path, 10, 5);  // parts stay as they were
  ASSERT_EQ(3U, file.parts());
  EXPECT_EQ(5U, file.done());
  EXPECT_TRUE(file.is_whole(0));
  EXPECT_EQ(1U, file.done(2));
  EXPECT_EQ("\"tag\"", file.etag());
  file.write(1, bytes_of("efgh"));
  file.write(2, bytes_of("j"));
  file.finish(folder.path() / "x");
  EXPECT_EQ("abcdefghij", file_bytes(folder.path() / "x"));
  EXPECT_FALSE(fs::exists(path));
}

TEST(PartFile, BeginsAnewAfterAnythingElse) {
  const TestFolder folder;
  const fs::path path = folder.path() / "x.incomplete";
  { PartFile(path, 10, 4).write(0, bytes_of("abcd")); }
  const std::string whole = file_bytes(path);
  EXPECT_EQ(4U, PartFile(path, 10, 4).done());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    folder.write("x.incomplete", whole.substr(0, cut));
    EXPECT_EQ(0U, PartFile(path, 10, 4).done()) << cut;
  }
  for (const std::size_t at : {10U, 18U, 26U, 32U, 34U + 255U, 34U + 256U + 7U}) {
    std::string damaged = whole;
    damaged[at] = '\xFF';
    folder.write("x.incomplete", damaged);
    EXPECT_EQ(0U, PartFile(path, 10, 4).done()) << at;
  }
  folder.write("x.incomplete", whole);
  EXPECT_EQ(0U, PartFile(path, 11, 4).done());
  PartFile empty(folder.path() / "y", 0, 4);
  EXPECT_EQ(0U, empty.parts());
}

TEST(Checksum, IsThatOfGitAndOfSha256) {
  const TestFolder folder;
  const fs::path path = folder.write("x", "hello\n");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto checksum = [&](BlobHash hash, std::uint64_t bytes) {
    return checksum_of(fd, bytes, hash, path, [] {});
  };
  // echo hello | git hash-object --stdin, and | sha256sum
  EXPECT_EQ("ce013625030ba8dba906f756967f9e9ca394464a", checksum(BlobHash::kGit, 6));
  EXPECT_EQ("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
            checksum(BlobHash::kSha256, 6));
  EXPECT_EQ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            checksum(BlobHash::kSha256, 0));
  expect_error(ErrorKind::kData, "7 bytes", [&] { checksum(BlobHash::kGit, 7); });
  ::close(fd);
}

TEST(FileLock, IsHeldByOneAtATime) {
  const TestFolder folder;
  const fs::path path = folder.path() / "locks" / "a.lock";
  CancelToken cancel;
  const JobControl control({}, &cancel);
  auto first = std::make_unique<FileLock>(path, control);
  cancel.cancel();
  EXPECT_THROW(FileLock(path, control), Cancelled);
  first->remove();
  const FileLock second(path, control);  // of another file, as filelock's are
  first = std::make_unique<FileLock>(folder.path() / "b.lock", control);
  EXPECT_TRUE(fs::exists(path));
}

}  // namespace
}  // namespace cellm
