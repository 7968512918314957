#include "cli/tuning.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "cli/command.h"
#include "cli/interrupts.h"
#include "cli/own_windows.h"
#include "cli/progress.h"
#include "engine/engine.h"
#include "eval/model_facts.h"
#include "eval/text.h"
#include "io/cellm_file.h"
#include "tune/descent.h"
#include "tune/descent_store.h"
#include "tune/own_text.h"
#include "tune/teacher.h"
#include "tune/tuned_file.h"

namespace cellm {
namespace {

// Steps after which the state is kept on disk.
constexpr std::size_t kStoreSteps = 10;

// Bytes beside both models: each matrix of the student twice as f16, the values that are made of it
// in f32 meanwhile, and at most what a window leaves behind in the layers (LayerRecord): what each
// of their matrices gave, as it was and as it became, and what it was given.
std::uint64_t tuning_bytes(const ModelSource& source) {
  std::uint64_t weights = 0;
  std::uint64_t largest = 0;
  std::uint64_t recorded = 0;
  for (const TensorInfo& info : source.tensors()) {
    const std::uint64_t count = std::uint64_t{info.rows()} * info.cols();
    weights += count;
    largest = std::max(largest, count);
    if (info.name.find("layers.") != std::string::npos)
      recorded += kCalibrationWindow * (2 * std::uint64_t{info.rows()} + info.cols());
  }
  return 2 * sizeof(std::uint16_t) * weights + sizeof(float) * (largest + recorded);
}

// What is learnt from, and what tells whether that was good: sequences that each start anew.
struct Windows {
  std::vector<std::vector<std::uint32_t>> learnt;
  std::vector<std::vector<std::uint32_t>> held_out;
  std::vector<std::string> checksums;  // of the files among the texts
};

// What the names of the texts stand for.
class TextReader {
 public:
  TextReader(const TuningOptions& options, const OpenedModel& file, const Engine& teacher)
      : options_(options), teacher_(teacher), tokenizer_(teacher.opened().tokenizer()) {
    const Tokenizer* other = file.tokenizer();
    if (tokenizer_ != nullptr && other != nullptr) {
      const EvalText sample{"sample", fmt::format("{}{}", kOpenings, kRequests)};
      require_same_tokenizer(*other, *tokenizer_, {&sample, 1}, options.reference);
    }
    model_ = tokenizer_ != nullptr ? &teacher.opened() : &file;
    if (tokenizer_ == nullptr) tokenizer_ = other;
    if (tokenizer_ == nullptr) {
      throw data_error("{}: no tokenizer inside or beside this model; tuning needs it",
                       printable(options.file));
    }
  }

  // An equal share of each text.
  Windows read() const {
    std::vector<std::string> texts = options_.texts;
    if (texts.empty()) {
      texts = {std::string(kDefaultText), std::string(kOwnText)};
      if (own_chat_format(teacher_, *tokenizer_)) texts.emplace_back(kOwnAnswers);
    }
    const std::size_t tokens = std::max(options_.tokens / texts.size(), kCalibrationWindow);
    const std::size_t held_out = (options_.held_out + texts.size() - 1) / texts.size();
    Windows result;
    for (const std::string& text : texts) {
      if (is_own_text(text)) {
        add_own(text, tokens / kCalibrationWindow, held_out, result);
      } else if (options_.calibration != nullptr) {
        add(thinned(*options_.calibration, tokens), result);
      } else {
        add(read_calibration_text(text, *model_, tokens, options_.seed, held_out), result);
      }
    }
    std::mt19937_64 random(options_.seed);
    std::shuffle(result.learnt.begin(), result.learnt.end(), random);
    return result;
  }

 private:
  static void add(CalibrationText text, Windows& result) {
    std::move(text.windows.begin(), text.windows.end(), std::back_inserter(result.learnt));
    std::move(text.held_out.begin(), text.held_out.end(), std::back_inserter(result.held_out));
    result.checksums.push_back(text.label.text_checksum);
  }

  void add_own(std::string_view text, std::size_t windows, std::size_t held_out,
               Windows& result) const {
    auto written =
        own_windows(text, teacher_, *tokenizer_, windows + held_out, options_.seed, options_.quiet);
    const auto first = written.begin();
    const auto middle = first + static_cast<std::ptrdiff_t>(held_out);
    std::move(first, middle, std::back_inserter(result.held_out));
    std::move(middle, written.end(), std::back_inserter(result.learnt));
  }

  const TuningOptions& options_;
  const OpenedModel* model_ = nullptr;  // that has the tokenizer
  const Engine& teacher_;
  const Tokenizer* tokenizer_;
};

// What an unfinished run depends on.
std::string state_key(const TuningOptions& options, std::uint64_t checksum,
                      const Windows& windows) {
  std::string key = fmt::format("{:x} {} {} {} {}\n", checksum, options.reference, options.seed,
                                options.held_out, options.input_channels);
  for (const auto& window : windows.learnt) key += fmt::format("{}\n", fmt::join(window, ","));
  return key;
}

DescentState descend_on(const TuningOptions& options, const std::filesystem::path& state_file,
                        const std::string& key, const Compute& compute, Student& student,
                        const std::vector<std::size_t>& chosen, const Model& teacher,
                        const Windows& windows) {
  DescentState state =
      load_descent(state_file, key, student.parameters(), chosen).value_or(DescentState());
  ProgressBar bar("tuning", !options.quiet);
  const std::size_t resumed = state.step;
  const Stopwatch watch;
  const auto report = [&](const DescentState& now) {
    bar.set_label(fmt::format(
        "tuning, KLD {:.4f} (was {:.4f}), {:.0f} tokens/s", now.best, now.start,
        static_cast<double>((now.step - resumed) * kCalibrationWindow) / watch.seconds()));
    bar.update(now.step, windows.learnt.size());
    if (interrupted() || (now.step != 0 && now.step % kStoreSteps == 0))
      store_descent(state_file, key, now);
    if (interrupted()) throw Interrupted();
  };
  descend(
      compute, student, chosen,
      [&](std::span<const std::uint32_t> tokens) {
        return final_streams(compute, teacher, tokens);
      },
      teacher.lm_head, windows.learnt, windows.held_out, {}, state, report);
  return state;
}

}  // namespace

TuningResult tune_file(const TuningOptions& options) {
  if (!is_cellm_file(options.file)) {
    throw data_error("{}: no .cellm file; convert the model first, then tune the file",
                     printable(options.file));
  }
  // Before the work, not after it: a damaged file, and a target that cannot be written.
  const MappedFile file(options.file);
  verify_cellm(file);
  const CellmHeader header = read_cellm_header(file);
  if (options.input_channels &&
      std::none_of(header.tensors.begin(), header.tensors.end(),
                   [](const auto& entry) { return entry.trellis.has_value(); })) {
    throw usage_error("{}: no matrix is trellis-coded; leave --input-channels out",
                      printable(options.file));
  }
  const std::filesystem::path output = options.output.empty() ? options.file : options.output;
  { const AtomicFile probe(output); }
  const auto opened = open_model(options.file, {options.links});
  const std::uint64_t memory = tuning_bytes(opened->source());
  require_memory(memory, "tuning", AdviceKind::kSmallerModel);
  const Engine teacher(open_model(options.reference, {options.links}),
                       engine_options(options.threads, Activations::kFast));
  Model model = opened->weights();
  require_same_model(teacher.config(), model.config, options.reference);
  const Windows windows = TextReader(options, *opened, teacher).read();
  if (!options.quiet) {
    fmt::print(stderr,
               "tuning on {} windows of {} tokens, with at most {} of memory beside the models\n",
               windows.learnt.size(), kCalibrationWindow, human_bytes(memory));
  }

  ActivationScratch scratch;
  const Compute compute{teacher.kernels(), teacher.pool(), scratch};
  Student student(compute, model, false);
  const auto parameters = student.parameters();
  const std::string prefix = opened->text_prefix();
  auto chosen = storable_parameters(header, prefix, parameters);
  if (!options.input_channels) {
    std::erase_if(chosen, [&](std::size_t index) {
      return parameters[index].kind == ParameterKind::kColumns;
    });
  }
  const std::filesystem::path state_file = output.string() + ".tune.partial";
  const DescentState state =
      descend_on(options, state_file, state_key(options, opened->checksum(), windows), compute,
                 student, chosen, teacher.model(), windows);

  TuningResult result{state.start, state.best, 0};
  if (!state.not_finite.empty()) {
    fmt::print(stderr, "warning: tuning ended at step {} of {}: {} is not finite\n", state.step + 1,
               windows.learnt.size(), state.not_finite);
  }
  for (std::size_t i = 0; i < state.best_step; ++i) result.tokens += windows.learnt[i].size();
  if (state.best_step != 0 || !options.output.empty()) {
    write_tuned(options.file, output, prefix, parameters, chosen,
                [&](nlohmann::ordered_json& json) {
                  json["tuning"] = {{"tokens", result.tokens},
                                    {"texts_xxh3", windows.checksums},
                                    {"seed", options.seed},
                                    {"kld_before", result.before},
                                    {"kld_after", result.after}};
                });
  }
  std::error_code ignored;
  std::filesystem::remove(state_file, ignored);
  return result;
}

}  // namespace cellm
