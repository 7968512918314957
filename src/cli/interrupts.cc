#include "cli/interrupts.h"

#include <csignal>

#include <fmt/format.h>

#include "cli/command.h"

namespace cellm {
namespace {

volatile std::sig_atomic_t interrupts = 0;
void on_interrupt(int /*signal*/) {
  interrupts = interrupts + 1;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return interrupts != 0;
}

int run_resumable(bool quiet, const std::function<int()>& work) {
  catch_interrupts();
  try {
    return work();
  } catch (const Interrupted&) {
    if (!quiet) fmt::print(stderr, "interrupted; the same command goes on from here\n");
    return kExitInterrupted;
  }
}

}  // namespace cellm
