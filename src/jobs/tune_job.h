// Tuning a .cellm file: training its scales and norms towards the model it was made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "convert/calibrate.h"
#include "engine/opened_model.h"
#include "jobs/job.h"

namespace cellm {

inline constexpr std::size_t kTuningTokens = 60000;

struct TuneOptions {
  // Files and names of texts; empty: kDefaultText and what the reference can write.
  std::vector<std::string> texts;
  std::size_t tokens = kTuningTokens;
  std::size_t held_out = 8;  // windows of kCalibrationWindow tokens that tell what is better
  std::uint64_t seed = 1;
  bool input_channels = false;  // trains their factors too, of trellis-coded matrices
  unsigned threads = 0;
  std::string target;  // CPU target; empty: the best there is
};

struct TuneJobOptions {
  std::filesystem::path file;
  std::filesystem::path reference;
  std::filesystem::path output;  // empty: the file itself
  TuneOptions tuning;
  Links links = Links::kInside;
};

// An unfinished run is kept in OUTPUT.tune.partial. Throws Cancelled, and Error for what is wrong
// with the files or the texts.
TuneResult run_tune(const TuneJobOptions& options, const JobControl& control);

// A part of a larger job: a reference that may be open already, and a state that the caller
// removes.
struct TuneTask {
  std::filesystem::path file;
  std::filesystem::path
      output;  // empty: the file itself, which stays as it is if nothing is better
  std::filesystem::path state;
  std::string reference_name;  // for messages; the state depends on it
  std::function<std::shared_ptr<const OpenedModel>()> reference;  // asked once the file is checked
  // Stands for the text of files and kDefaultText, whose windows are not read then.
  const CalibrationText* calibration = nullptr;
  Links links = Links::kInside;
};
TuneResult tune(const TuneTask& task, const TuneOptions& options, const JobControl& control);

}  // namespace cellm
