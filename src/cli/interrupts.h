// Ctrl-C, for commands that end cleanly when it comes.
#pragma once

namespace cellm {

// From now on the first Ctrl-C is only remembered, and the second one ends the program. For the
// whole process; call it once.
void catch_interrupts();

// Whether Ctrl-C came since then.
bool interrupted();

}  // namespace cellm
