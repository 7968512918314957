// Ctrl-C, for commands that end cleanly when it comes.
#pragma once

#include <functional>

namespace cellm {

// From now on the first Ctrl-C is only remembered, and the second one ends the program. For the
// whole process; call it once.
void catch_interrupts();

// Whether Ctrl-C came since then.
bool interrupted();

// What the work of such a command throws to break off.
struct Interrupted {};

// Runs work that keeps what is finished, with Ctrl-C caught: exit code 130, and unless `quiet` a
// line that the same command goes on, if it throws Interrupted; else what it returns.
int run_resumable(bool quiet, const std::function<int()>& work);

}  // namespace cellm
