#include "cli/interrupts.h"

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/exit_codes.h"

namespace cellm {
namespace {

CancelToken token;
cellm_cancel* also_cancelled = nullptr;
int pending_pipe[2] = {-1, -1};
std::atomic<bool> pending = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // so a handler may set it

void on_interrupt(int /*signal*/) {
  token.cancel();
  cellm_cancel_request(also_cancelled);
}

void handle_interrupt(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace

void catch_interrupts(cellm_cancel* also) {
  also_cancelled = also;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

void release_interrupts() {
  handle_interrupt(SIG_DFL);
}

void catch_each_interrupt() {
  if (::pipe2(pending_pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
    throw error(ErrorKind::kResources, "cannot open a pipe");
  }
  handle_interrupt([](int) {
    pending = true;
    [[maybe_unused]] const ssize_t put = ::write(pending_pipe[1], "", 1);
  });
}

bool interrupt_pending() {
  return pending;
}

bool take_interrupt() {
  const bool was = pending.exchange(false);
  char bytes[64];
  while (::read(pending_pipe[0], bytes, sizeof(bytes)) > 0) continue;
  return was;
}

int interrupt_descriptor() {
  return pending_pipe[0];
}

void exit_at_interrupt() {
  handle_interrupt([](int) { ::_exit(kExitInterrupted); });
}

const CancelToken& interrupts() {
  return token;
}

int run_job(bool quiet, const std::function<int()>& job, const std::function<bool()>& is_kept) {
  catch_interrupts();
  try {
    return job();
  } catch (const Cancelled&) {
    if (!quiet) {
      fmt::print(stderr, "interrupted{}\n",
                 is_kept() ? "; the same command goes on from here" : "");
    }
    return kExitInterrupted;
  }
}

}  // namespace cellm
