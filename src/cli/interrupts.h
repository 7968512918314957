// Handling of Ctrl-C, for commands that end cleanly.
#pragma once

#include <functional>

#include <cellm/cellm.h>

#include "base/cancel.h"

namespace cellm {

// Installs the handler of the process; call it once. The first Ctrl-C sets interrupted() and
// cancels `also` (may be null, must never be freed); the second one ends the program.
void catch_interrupts(cellm_cancel* also = nullptr);

// Ctrl-C ends the program again.
void release_interrupts();

// The token that Ctrl-C cancels.
const CancelToken& interrupts();
inline bool interrupted() {
  return interrupts().cancelled();
}

// For commands that go on after Ctrl-C: installs a handler that only notes it, each time. Call it
// once. Throws Error(kResources).
void catch_each_interrupt();
// Whether Ctrl-C came since the last take_interrupt(), which forgets it.
bool interrupt_pending();
bool take_interrupt();
// Readable while one is pending: for poll(), since the signal may reach any thread.
int interrupt_descriptor();

// Ctrl-C ends the program at once with exit code 130: for commands with nothing to finish.
void exit_at_interrupt();

// Runs a job with Ctrl-C handled and returns its exit code, or 130 if it was cancelled. Unless
// `quiet`, tells that the same command resumes if is_kept() returns true after cancelling.
int run_job(bool quiet, const std::function<int()>& job, const std::function<bool()>& is_kept);

}  // namespace cellm
