// Ctrl-C, for commands that end cleanly when it comes.
#pragma once

#include <functional>

#include <cellm/cellm.h>

#include "base/cancel.h"

namespace cellm {

// From now on the first Ctrl-C is only remembered, and cancels `also` (may be null), which is never
// to be freed; the second one ends the program. For the whole process; call it once.
void catch_interrupts(cellm_cancel* also = nullptr);

// What Ctrl-C cancels since then.
const CancelToken& interrupts();
inline bool interrupted() {
  return interrupts().cancelled();
}

// Runs a job with Ctrl-C caught: exit code 130 if it was cancelled, else what it returns. Says
// unless `quiet` that the same command goes on, if is_kept() says so when it was cancelled.
int run_job(bool quiet, const std::function<int()>& job, const std::function<bool()>& is_kept);

}  // namespace cellm
