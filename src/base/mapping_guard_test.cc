#include "base/mapping_guard.h"

#include <csignal>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "base/mapped_file.h"
#include "base/test_files.h"

namespace cellm {
namespace {

constexpr int kExitCode = 3;

namespace fs = std::filesystem;

constexpr std::size_t kBytes = 4 * 65536;  // several pages of up to 64 KiB

// Death tests: each body runs in a process of its own.
class MappingGuard : public ::testing::Test {
 protected:
  static unsigned read_all(const MappedFile& file) {
    unsigned sum = 0;
    for (const std::byte byte : file.bytes()) sum += std::to_integer<unsigned>(byte);
    return sum;
  }

  const TestFolder folder_;
  const fs::path path_ = folder_.write("a\nb.cellm", std::string(kBytes, 'x'));
};

TEST_F(MappingGuard, AFileThatShrinksIsAnErrorWithItsName) {
  EXPECT_EXIT(
      {
        install_mapping_guard(kExitCode);
        const MappedFile before(folder_.write("other", "y"));
        const MappedFile file(path_);
        const MappedFile after(folder_.write("third", "z"));
        fs::resize_file(path_, 1);
        std::_Exit(static_cast<int>(read_all(file) % 2));
      },
      ::testing::ExitedWithCode(kExitCode),
      "^error: .*/a\\\\x0ab.cellm: became shorter or unreadable while it was in use\n$");
}

TEST_F(MappingGuard, OtherBusErrorsKillAsEver) {
  EXPECT_EXIT(
      {
        install_mapping_guard(kExitCode);
        auto file = std::make_unique<MappedFile>(path_);
        const std::byte* address = file->bytes().data();
        file.reset();
        // The old mapping is no longer registered, nor is another mapping of the same file at the
        // same address.
        const int fd = ::open(path_.c_str(), O_RDONLY);
        void* again = ::mmap(const_cast<std::byte*>(address), kBytes, PROT_READ,
                             MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
        if (again == MAP_FAILED) std::_Exit(9);
        fs::resize_file(path_, 0);
        std::_Exit(static_cast<int>(*static_cast<volatile const char*>(again)));
      },
      ::testing::KilledBySignal(SIGBUS), "");
  EXPECT_EXIT(
      {
        install_mapping_guard(kExitCode);
        const MappedFile file(path_);
        ::raise(SIGBUS);
        std::_Exit(0);
      },
      ::testing::KilledBySignal(SIGBUS), "");
}

TEST_F(MappingGuard, ALibraryAloneTakesNoSignal) {
  EXPECT_EXIT(
      {
        ::signal(SIGBUS, SIG_DFL);  // sanitizers have a handler of their own
        const MappedFile file(path_);
        fs::resize_file(path_, 0);
        std::_Exit(static_cast<int>(read_all(file) % 2));
      },
      ::testing::KilledBySignal(SIGBUS), "");
}

TEST_F(MappingGuard, EntriesAreUsedAgainAndMayRunOut) {
  const std::vector<std::byte> memory(1);
  for (int i = 0; i < 20000; ++i) {
    GuardedMapping mapping;
    mapping.add(memory, "m");
  }
  std::vector<std::unique_ptr<GuardedMapping>> many;
  expect_error(ErrorKind::kResources, "m: more than 16384 files are mapped at once", [&] {
    for (int i = 0; i <= 16384; ++i) {
      many.push_back(std::make_unique<GuardedMapping>());
      many.back()->add(memory, "m");
    }
  });
}

}  // namespace
}  // namespace cellm
