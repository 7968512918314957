// What a job says, on the terminal: progress as a bar, notes as lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/progress.h"
#include "jobs/job.h"

namespace cellm {

// Prints to stderr. With `quiet` only warnings and what was measured. Not thread-safe.
class JobDisplay {
 public:
  // `output`: the file that the job writes, for what is said of it.
  explicit JobDisplay(bool quiet, std::string output = {})
      : quiet_(quiet), output_(std::move(output)) {}

  // A job under this display, which Ctrl-C cancels (cli/interrupts.h).
  JobControl control();

  // Takes the bar off the terminal.
  void finish() { bar_.reset(); }

 private:
  void show(const Event& event);

  bool quiet_;
  std::string output_;
  std::string_view stage_;
  std::optional<ProgressBar> bar_;
};

}  // namespace cellm
