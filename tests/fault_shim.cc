// A library for LD_PRELOAD that injects system failures at a chosen point of a program, so that
// tests need neither exact timing nor a full disk. CELLM_FAULT selects the failure:
//
//   kill:CALL:N      SIGKILL instead of the Nth CALL: pwrite, fsync, rename, fallocate
//   short:CALL:N     the same, but half of the bytes of the Nth pwrite are written first
//   ENOSPC:CALL:N    the Nth CALL and all later ones fail with this error; also EIO, EINTR (once)
//   nomem::N         malloc() and related functions fail from the Nth call on, counted from the
//                    call of signal() at the start of main(): earlier failures cannot be reported
//   shrink:SUFFIX:N  the first mapped file whose name ends in SUFFIX is truncated to N bytes after
//                    it is mapped
//   time::N          time() returns N
//
// With CELLM_FAULT_COUNT=FILE every call of the first kind is counted, and "CALL COUNT" lines are
// written at exit.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
// NOLINTBEGIN(readability-identifier-naming): glibc's own names
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
// NOLINTEND(readability-identifier-naming)
}

namespace {

constexpr std::string_view kCalls[] = {"pwrite", "fsync", "rename", "fallocate"};
enum Call { kPwrite, kFsync, kRename, kFallocate, kCallCount };

std::atomic<long> counts[kCallCount];
std::atomic<long> allocations;
std::atomic<bool> in_main{false};

// CELLM_FAULT, parsed without allocating: this also runs inside malloc().
struct Fault {
  char kind[16] = "";
  char subject[64] = "";
  long number = -1;
};

bool read_fault(Fault& fault) {
  const char* text = std::getenv("CELLM_FAULT");
  if (text == nullptr) return false;
  const char* colon = std::strchr(text, ':');
  const char* last = std::strrchr(text, ':');
  if (colon == nullptr || colon == last) return false;
  const auto copy = [](char* to, std::size_t size, const char* begin, const char* end) {
    const auto length = static_cast<std::size_t>(end - begin);
    if (length < size) std::memcpy(to, begin, length);
  };
  copy(fault.kind, sizeof(fault.kind), text, colon);
  copy(fault.subject, sizeof(fault.subject), colon + 1, last);
  fault.number = std::strtol(last + 1, nullptr, 10);
  return true;
}

const Fault& fault() {
  static Fault parsed;
  static const bool found = read_fault(parsed);
  (void)found;
  return parsed;
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

// Whether this call must fail, with errno set. Kills the process if requested.
bool fails(Call call, bool& halve) {
  const long number = ++counts[call];
  const Fault& f = fault();
  halve = false;
  if (kCalls[call] != f.subject) return false;
  const std::string_view kind = f.kind;
  if (kind == "kill" && number == f.number) die();
  if (kind == "short" && number == f.number) halve = true;
  if (kind == "EINTR" && number == f.number) {
    errno = EINTR;
    return true;
  }
  if (number < f.number || (kind != "ENOSPC" && kind != "EIO")) return false;
  errno = kind == "EIO" ? EIO : ENOSPC;
  return true;
}

bool no_memory() {
  if (!in_main) return false;
  const Fault& f = fault();
  if (std::strcmp(f.kind, "nomem") != 0) return false;
  return ++allocations >= f.number;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

struct Reporter {
  ~Reporter() {
    const char* path = std::getenv("CELLM_FAULT_COUNT");
    if (path == nullptr) return;
    std::FILE* file = std::fopen(path, "w");
    if (file == nullptr) return;
    for (int i = 0; i < kCallCount; ++i)
      std::fprintf(file, "%.*s %ld\n", static_cast<int>(kCalls[i].size()), kCalls[i].data(),
                   counts[i].load());
    std::fclose(file);
  }
} reporter;

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  static auto* const real = next<decltype(pwrite)>("pwrite");
  bool halve = false;
  if (fails(kPwrite, halve)) return -1;
  if (!halve) return real(fd, data, size, offset);
  real(fd, data, size / 2, offset);
  die();
}

int fsync(int fd) {
  static auto* const real = next<decltype(fsync)>("fsync");
  bool halve = false;
  return fails(kFsync, halve) ? -1 : real(fd);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = next<decltype(rename)>("rename");
  bool halve = false;
  return fails(kRename, halve) ? -1 : real(from, to);
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  static auto* const real = next<decltype(fallocate)>("fallocate");
  bool halve = false;
  return fails(kFallocate, halve) ? -1 : real(fd, mode, offset, size);
}

void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  static auto* const real = next<decltype(mmap)>("mmap");
  static std::atomic<bool> done{false};
  void* result = real(address, size, protection, flags, fd, offset);
  const Fault& f = fault();
  if (fd < 0 || std::strcmp(f.kind, "shrink") != 0) return result;
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlink(link, path, sizeof(path) - 1);
  if (length <= 0) return result;
  path[length] = '\0';
  if (std::string_view(path).ends_with(f.subject) && !done.exchange(true)) {
    if (::truncate(path, f.number) != 0) die();
  }
  return result;
}

time_t time(time_t* result) noexcept {
  static auto* const real = next<decltype(time)>("time");
  const Fault& f = fault();
  const time_t now = std::strcmp(f.kind, "time") == 0 ? f.number : real(nullptr);
  if (result != nullptr) *result = now;
  return now;
}

sighandler_t signal(int number, sighandler_t handler) noexcept {
  static auto* const real = next<decltype(signal)>("signal");
  sighandler_t before = real(number, handler);
  in_main = true;
  return before;
}

void* malloc(size_t size) noexcept {
  return no_memory() ? nullptr : __libc_malloc(size);
}

void* calloc(size_t count, size_t size) noexcept {
  return no_memory() ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) noexcept {
  return no_memory() ? nullptr : __libc_realloc(memory, size);
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  return no_memory() ? nullptr : __libc_memalign(alignment, size);
}

}  // extern "C"
