// The study: one model in many formats, measured, as one document.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eval/questions.h"
#include "io/folder_file.h"
#include "io/json.h"
#include "study/formats.h"

namespace cellm {

struct StudyOptions {
  std::filesystem::path source;  // Hugging Face folder, GGUF or .cellm file, with a tokenizer
  std::filesystem::path output;  // folder; created if it does not exist
  std::vector<std::filesystem::path> texts;
  std::vector<std::string> formats;  // names (study/formats.h); empty: the default ones
  // Further rows: .cellm files of the same model, which are only read. A row has the name of its
  // file without the extension.
  std::vector<std::filesystem::path> files;
  // A folder to publish the study in (study/publish.h); empty: none. With it texts and formats have
  // other defaults: the built-in texts, and the formats of publishing (study/formats.h).
  std::filesystem::path publish;
  std::string hub_name;        // the source's on the hub, if it came from there: "ORG/NAME"
  std::string tokenizer;       // tokenizer.json, if it is neither in the source nor beside it
  bool keep = true;            // the .cellm files, after the end
  std::size_t tokens = 16384;  // of the texts that are evaluated, at most
  std::size_t window = 512;    // second half scored
  std::filesystem::path questions = kDefaultQuestions;  // to be answered; empty: none
  std::size_t generate = 128;  // tokens of each text and answer that a format writes, at most
  std::size_t sensitivity_tokens = 512;  // of the texts, for each part of the model; 0: none
  std::size_t split = 1;                 // parts of an evaluation in study_plan()
  std::size_t speed_runs = 3;            // the median counts; 0: no speed and memory
  // Tokens of training of formats that are trained; empty: the default of StudyHooks::make_trained.
  std::optional<std::size_t> tune_tokens;
  unsigned threads = 0;
  std::string target;
  Links links = Links::kInside;  // symbolic links in the source's folder
};

// The speed and memory of a file.
struct SpeedMeasurement {
  double prompt_tokens_per_second = 0.0;
  double decode_tokens_per_second = 0.0;
  std::uint64_t peak_memory_bytes = 0;
};

// Called with the work done and in total of a stage of a step; may throw to cancel.
using StageProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct StudyHooks {
  // Called with the current step and the work done and in total, without steps finished by earlier
  // runs, in units of about one token through the model. May throw to cancel; the next run resumes.
  std::function<void(const std::string& what, double done, double total)> progress;
  // Runs a .cellm file in a separate process, so that its peak memory is measured alone: processes
  // the prompt, then generates `tokens` tokens, ignoring end tokens. Required if speed_runs > 0.
  std::function<SpeedMeasurement(const std::filesystem::path& file,
                                 const std::vector<std::uint32_t>& prompt, std::size_t tokens)>
      measure_speed;
  // Makes the file of a format that data determine (StudyMaking). `base`: the file to be tuned.
  // Required for such formats.
  std::function<void(const StudyFormat& format, const std::filesystem::path& base,
                     const std::filesystem::path& output, const StageProgress& progress)>
      make_trained;
};

// Runs the study and writes study.json, report.md and report.html into the output folder, beside
// the .cellm files, whose headers receive their quality. Results of finished steps are stored in
// the folder `steps`, so that another run repeats only steps that are missing or depend on a
// changed source, text or option. Returns the document of study.json. Throws Error(kUsage) for
// unusable texts, formats or files, Error(kUnsupported) for a model without tokenizer, and what
// converting and evaluating throw.
nlohmann::ordered_json run_study(const StudyOptions& options, const StudyHooks& hooks);

}  // namespace cellm
