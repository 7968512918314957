#include "base/mapping_guard.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <signal.h>
#include <string_view>
#include <unistd.h>

#include "base/error.h"

namespace cellm {
namespace {

// Twice the shards of two sources (io/hf_folder.cc); unused entries take no memory.
constexpr std::size_t kMaxMappings = 16384;

// One registered range. The handler can interrupt any code, so it cannot take a lock: it reads
// `version` before and after an entry; the version is odd while the entry changes. The entry that
// contains the faulting address belongs to a mapping in use, so its message outlives the handler.
struct Entry {
  std::atomic<std::uint32_t> version{0};
  std::atomic<bool> used{false};
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<const char*> message{nullptr};
  std::atomic<std::size_t> message_bytes{0};
};
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free &&
              std::atomic<const char*>::is_always_lock_free);

std::array<Entry, kMaxMappings> entries;
std::atomic<std::size_t> entries_used{0};  // all entries in use are below
std::atomic<std::size_t> next_entry{0};    // where the search for a free one starts

// Clears a progress bar on the last line of the terminal.
constexpr std::string_view kClearLine = "\r\x1b[K";
std::atomic<bool> stderr_is_terminal{false};

void store(Entry& entry, std::span<const std::byte> range, std::string_view message) {
  const auto begin = reinterpret_cast<std::uintptr_t>(range.data());
  entry.version.fetch_add(1);
  entry.begin = begin;
  entry.end = begin + range.size();
  entry.message = message.data();
  entry.message_bytes = message.size();
  entry.version.fetch_add(1);
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
    if (put <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

// Written before the handler is installed.
int exit_code_of_loss = 1;

void on_bus_error(int signal, siginfo_t* info, void* /*context*/) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const std::size_t count = info->si_code > 0 ? entries_used.load() : 0;  // ≤ 0: sent by a process
  for (std::size_t i = 0; i < count; ++i) {
    const Entry& entry = entries[i];
    const std::uint32_t version = entry.version;
    const bool inside = entry.begin <= address && address < entry.end;
    const std::string_view message(entry.message, entry.message_bytes);
    if (version % 2 != 0 || entry.version != version || !inside) continue;
    if (stderr_is_terminal) write_all(kClearLine);
    write_all(message);
    ::_exit(exit_code_of_loss);
  }
  // Not a registered mapping: take the default action. The signal is blocked until this function
  // returns.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void install_mapping_guard(int exit_code) {
  exit_code_of_loss = exit_code;
  stderr_is_terminal = ::isatty(STDERR_FILENO) != 0;
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

void GuardedMapping::add(std::span<const std::byte> range, const std::string& path) {
  CELLM_CHECK(entry_ == kNone);
  message_ =
      fmt::format("error: {}: became shorter or unreadable while it was in use\n", printable(path));
  const std::size_t first = next_entry;
  for (std::size_t n = 0; n < entries.size(); ++n) {
    const std::size_t i = (first + n) % entries.size();
    if (entries[i].used.exchange(true)) continue;
    store(entries[i], range, message_);
    entry_ = i;
    next_entry = i + 1;
    std::size_t used = entries_used;
    while (used < i + 1 && !entries_used.compare_exchange_weak(used, i + 1)) {
    }
    return;
  }
  throw error(ErrorKind::kResources, "{}: more than {} files are mapped at once", printable(path),
              kMaxMappings);
}

void GuardedMapping::remove() {
  if (entry_ == kNone) return;
  store(entries[entry_], {}, {});
  entries[entry_].used = false;
  next_entry = entry_;
  entry_ = kNone;
}

}  // namespace cellm
