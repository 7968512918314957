// The study: one model in many formats, measured, as one document.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "io/folder_file.h"
#include "io/json.h"

namespace cellm {

struct StudyOptions {
  std::filesystem::path source;  // Hugging Face folder, GGUF or .cellm file, with a tokenizer
  std::filesystem::path output;  // folder; made if it is not there
  std::vector<std::filesystem::path> texts;
  std::vector<std::string> formats;  // names (study/formats.h); empty: the default ones
  // Further rows: .cellm files of the same model, which are read and stay as they are. The row has
  // the name of the file without its ending.
  std::vector<std::filesystem::path> files;
  std::string tokenizer;       // tokenizer.json, if it is neither in the source nor beside it
  bool keep = true;            // the .cellm files, after the end
  std::size_t tokens = 16384;  // of the texts that are evaluated, at most
  std::size_t window = 512;    // second half scored
  std::size_t generate = 128;  // tokens of each text that a format writes
  std::size_t sensitivity_tokens = 512;  // of the texts, for each part of the model; 0: none
  std::size_t speed_runs = 3;            // the median counts; 0: no speed and memory
  unsigned threads = 0;
  std::string target;
  Links links = Links::kInside;  // how far those in the source's folder may lead
};

// How fast a file runs, and what memory that takes.
struct SpeedMeasurement {
  double prompt_tokens_per_second = 0.0;
  double decode_tokens_per_second = 0.0;
  std::uint64_t peak_memory_bytes = 0;
};

struct StudyHooks {
  // What is being done, and how much of the work that had to be done at the start is done, in units
  // of about a token through the model. May throw to break off: the next run goes on from there.
  std::function<void(const std::string& what, double done, double total)> progress;
  // Runs a .cellm file in a process of its own, so that memory is that of this file alone: a prompt
  // and then as many tokens as asked for, without an end of text. Required if speed_runs > 0.
  std::function<SpeedMeasurement(const std::filesystem::path& file,
                                 const std::vector<std::uint32_t>& prompt, std::size_t tokens)>
      measure_speed;
  // The arguments of the front end that convert a model to a format, given by its name; for the
  // report. Optional.
  std::function<std::string(const std::string& format)> flags;
};

// Carries the study out and writes study.json, report.md and report.html into the output folder,
// beside the .cellm files, each of which gets its quality into its header. Finished steps are kept
// in the folder `steps`, so that a second run does only what is missing, or what another source,
// text or option has changed. Returns the document of study.json. Throws Error(kUsage) for texts,
// formats or files that do not do, Error(kUnsupported) for a model without tokenizer, and what
// converting and evaluating throw.
nlohmann::ordered_json run_study(const StudyOptions& options, const StudyHooks& hooks);

}  // namespace cellm
