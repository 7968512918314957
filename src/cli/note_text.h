// The texts of job notes.
#pragma once

#include <string>

#include "jobs/notes.h"

namespace cellm {

// Whether the note is printed also with --quiet: warnings and measurements.
bool is_always_said(const Note& note);

// One or more lines. `output`: the output file of the job.
std::string note_text(const Note& note, const std::string& output);

}  // namespace cellm
