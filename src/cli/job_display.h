// The events of a job on the terminal: progress as a bar, notes as lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/progress.h"
#include "jobs/job.h"

namespace cellm {

// Prints to stderr. With `quiet` only warnings and measurements. Not thread-safe.
class JobDisplay {
 public:
  // `output`: the output file of the job, for messages.
  explicit JobDisplay(bool quiet, std::string output = {})
      : quiet_(quiet), output_(std::move(output)) {}

  // The control of a job that reports here and is cancelled by Ctrl-C (cli/interrupts.h).
  JobControl control();

  // Clears the bar.
  void finish() { bar_.reset(); }

 private:
  void show(const Event& event);

  bool quiet_;
  std::string output_;
  std::string_view stage_;
  std::optional<ProgressBar> bar_;
};

}  // namespace cellm
