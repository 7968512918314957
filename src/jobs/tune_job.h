// Tuning of a .cellm file: its scales and norms are trained to match its source model.
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
  // Files and names of texts; empty: kDefaultText and text written by the reference.
  std::vector<std::string> texts;
  std::size_t tokens = kTuningTokens;
  std::size_t held_out = 8;  // windows of kCalibrationWindow tokens for validation
  std::uint64_t seed = 1;
  bool input_channels = false;  // also train column factors of trellis formats
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

// The state of an unfinished run is kept in OUTPUT.tune.partial. Throws Cancelled, and Error for
// files or texts that cannot be used.
TuneResult run_tune(const TuneJobOptions& options, const JobControl& control);

// Tuning as a part of a larger job: the caller supplies the reference and removes the state file.
struct TuneTask {
  std::filesystem::path file;
  std::filesystem::path
      output;  // empty: the file itself, which is left unchanged without improvement
  std::filesystem::path state;
  std::string reference_name;  // for messages; part of the key of the state
  std::function<std::shared_ptr<const OpenedModel>()>
      reference;  // called after the file is checked
  // Replaces the text of files and kDefaultText.
  const CalibrationText* calibration = nullptr;
  Links links = Links::kInside;
};
TuneResult tune(const TuneTask& task, const TuneOptions& options, const JobControl& control);

}  // namespace cellm
