#include "cli/interrupts.h"

#include <csignal>

#include <fmt/format.h>

#include "cli/exit_codes.h"

namespace cellm {
namespace {

CancelToken token;
cellm_cancel* also_cancelled = nullptr;

void on_interrupt(int /*signal*/) {
  token.cancel();
  cellm_cancel_request(also_cancelled);
}

}  // namespace

void catch_interrupts(cellm_cancel* also) {
  also_cancelled = also;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
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
