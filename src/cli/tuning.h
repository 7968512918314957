// Tuning a .cellm file, as the commands tune and convert do it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "convert/calibrate.h"
#include "io/folder_file.h"
#include "io/model_source.h"

namespace cellm {

inline constexpr std::size_t kTuningTokens = 60000;

struct TuningOptions {
  std::string file;
  std::string reference;
  // Files and names; empty: kDefaultText and what the reference can write.
  std::vector<std::string> texts;
  // Stands for the text of files and kDefaultText, whose windows are not read then.
  const CalibrationText* calibration = nullptr;
  std::string output;  // empty: the file itself
  std::size_t tokens = kTuningTokens;
  std::size_t held_out = 8;
  std::uint64_t seed = 1;
  bool input_channels = false;  // trains their factors too, of trellis-coded matrices
  unsigned threads = 0;
  Links links = Links::kInside;
  bool quiet = false;
};

// What came of it, by KL divergence on held-out text, in nats.
struct TuningResult {
  double before = 0.0;
  double after = 0.0;
  std::size_t tokens = 0;  // that the best values were learnt from; 0 if the first were the best
};

// Shows its progress, and keeps an unfinished run in OUTPUT.tune.partial. Throws Interrupted, and
// Error for what is wrong with the files or the texts.
TuningResult tune_file(const TuningOptions& options);

}  // namespace cellm
