// Notes of jobs in words.
#pragma once

#include <string>

#include "jobs/notes.h"

namespace cellm {

// Whether it is said also to those who want no notes: warnings, and what was measured.
bool is_always_said(const Note& note);

// One or more lines. `output`: the file that the job writes.
std::string note_text(const Note& note, const std::string& output);

}  // namespace cellm
