#include "jobs/tune_job.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "base/atomic_file.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "engine/engine.h"
#include "eval/model_facts.h"
#include "eval/text.h"
#include "io/cellm_file.h"
#include "jobs/own_text_windows.h"
#include "tune/descent.h"
#include "tune/descent_store.h"
#include "tune/own_text.h"
#include "tune/teacher.h"
#include "tune/tuned_file.h"

namespace cellm {
namespace {

// Steps after which the state is kept on disk.
constexpr std::size_t kStoreSteps = 10;

// Bytes in addition to both models, an estimate: each matrix of the student twice as f16
// (TunableMatrix), the f32 values of the largest one while they are made, and the activations that
// a window saves in the layers (LayerBuffers).
std::uint64_t tuning_bytes(const OpenedModel& model) {
  const ModelSource& source = model.source();
  const auto ids = tensor_ids(source, model.config());
  std::uint64_t weights = 0;
  std::uint64_t largest = 0;
  std::uint64_t recorded = 0;
  for (const TensorInfo& info : source.tensors()) {
    const std::uint64_t count = std::uint64_t{info.rows()} * info.cols();
    weights += count;
    largest = std::max(largest, count);
    const auto id = ids.find(info.name);
    if (id != ids.end() && is_in_layer(id->second.role))
      recorded += kCalibrationWindow * (2 * std::uint64_t{info.rows()} + info.cols());
  }
  return 2 * sizeof(std::uint16_t) * weights + sizeof(float) * (largest + recorded);
}

// Independent sequences for training and for validation.
struct Windows {
  std::vector<std::vector<std::uint32_t>> learnt;
  std::vector<std::vector<std::uint32_t>> held_out;
  std::vector<std::string> checksums;  // of the files among the texts
};

// Reads the texts of TuneOptions::texts.
class TextReader {
 public:
  TextReader(const TuneTask& task, const OpenedModel& file, const Engine& teacher)
      : task_(task),
        teacher_(teacher),
        model_(&teacher.opened()),
        tokenizer_(teacher.opened().tokenizer()) {
    const Tokenizer* other = file.tokenizer();
    if (tokenizer_ != nullptr && other != nullptr) {
      const EvalText sample{"sample", fmt::format("{}{}", kOpenings, kRequests)};
      require_same_tokenizer(*other, *tokenizer_, {&sample, 1}, task.reference_name);
    }
    if (tokenizer_ == nullptr) {
      model_ = &file;
      tokenizer_ = other;
    }
    if (tokenizer_ == nullptr) {
      throw data_error("{}: no tokenizer inside or beside this model; tuning needs it",
                       printable(task.file.string()));
    }
  }

  // An equal share of each text.
  Windows read(const TuneOptions& options, const JobControl& control) const {
    std::vector<std::string> texts = options.texts;
    if (texts.empty()) {
      texts = {std::string(kDefaultText), std::string(kOwnText)};
      if (teacher_.opened().chat() != nullptr) texts.emplace_back(kOwnAnswers);
    }
    const std::size_t tokens = std::max(options.tokens / texts.size(), kCalibrationWindow);
    const std::size_t held_out = (options.held_out + texts.size() - 1) / texts.size();
    Windows result;
    for (const std::string& text : texts) {
      if (is_own_text(text)) {
        add_own(own_windows(text, teacher_, *tokenizer_, tokens / kCalibrationWindow + held_out,
                            options.seed, control),
                held_out, result);
      } else if (task_.calibration != nullptr) {
        add(thinned(*task_.calibration, tokens), result);
      } else {
        add(read_calibration_text(text, *model_, tokens, options.seed, held_out), result);
      }
    }
    std::mt19937_64 random(options.seed);
    std::shuffle(result.learnt.begin(), result.learnt.end(), random);
    return result;
  }

 private:
  static void add(CalibrationText text, Windows& result) {
    std::move(text.windows.begin(), text.windows.end(), std::back_inserter(result.learnt));
    std::move(text.held_out.begin(), text.held_out.end(), std::back_inserter(result.held_out));
    result.checksums.push_back(text.label.text_checksum);
  }

  static void add_own(std::vector<std::vector<std::uint32_t>> written, std::size_t held_out,
                      Windows& result) {
    const auto first = written.begin();
    const auto middle = first + static_cast<std::ptrdiff_t>(held_out);
    std::move(first, middle, std::back_inserter(result.held_out));
    std::move(middle, written.end(), std::back_inserter(result.learnt));
  }

  const TuneTask& task_;
  const Engine& teacher_;
  const OpenedModel* model_;  // that has the tokenizer
  const Tokenizer* tokenizer_;
};

// The key of the state: everything that an unfinished run depends on.
std::string state_key(const TuneTask& task, const TuneOptions& options, std::uint64_t checksum,
                      const Windows& windows) {
  std::string key = fmt::format("{:x} {} {} {} {}\n", checksum, task.reference_name, options.seed,
                                options.held_out, options.input_channels);
  for (const auto& window : windows.learnt) key += fmt::format("{}\n", fmt::join(window, ","));
  return key;
}

// A student and its trained parameters.
struct Training {
  const Compute& compute;
  Student& student;
  const std::vector<std::size_t>& chosen;
  const Model& teacher;
  const Windows& windows;
};

DescentState train(const Training& training, const std::filesystem::path& state_file,
                   const std::string& key, const JobControl& control) {
  Student& student = training.student;
  const auto& learnt = training.windows.learnt;
  DescentState state =
      load_descent(state_file, key, student.parameters(), training.chosen).value_or(DescentState());
  const std::size_t resumed = state.step;
  const Stopwatch watch;
  const auto report = [&](const DescentState& now) {
    if (now.step != 0 && now.step % kStoreSteps == 0) store_descent(state_file, key, now);
    const double tokens = static_cast<double>((now.step - resumed) * kCalibrationWindow);
    control.progress(kStageTuning, now.step, learnt.size(),
                     fmt::format("KLD {:.4f} (was {:.4f}), {:.0f} tokens/s", now.best, now.start,
                                 tokens / watch.seconds()));
  };
  // Cancels only between steps and before the first, where the state is complete.
  const auto teacher_streams = [&](std::span<const std::uint32_t> tokens) {
    control.check();
    return final_streams(training.compute, training.teacher, tokens);
  };
  const auto keep = [&] {
    if (!state.values.empty()) store_descent(state_file, key, state);
  };
  try {
    descend(training.compute, student, training.chosen, teacher_streams, training.teacher.lm_head,
            learnt, training.windows.held_out, {}, state, report);
  } catch (const Cancelled&) {
    keep();
    throw;
  }
  keep();
  return state;
}

// The parameters of the student that the file can store and the options select.
std::vector<std::size_t> chosen_parameters(const CellmHeader& header, const std::string& prefix,
                                           const std::vector<Parameter>& parameters,
                                           bool input_channels) {
  auto chosen = storable_parameters(header, prefix, parameters);
  if (!input_channels) {
    std::erase_if(chosen, [&](std::size_t index) {
      return parameters[index].kind == ParameterKind::kColumns;
    });
  }
  return chosen;
}

const std::filesystem::path& target_of(const TuneTask& task) {
  return task.output.empty() ? task.file : task.output;
}

std::shared_ptr<const OpenedModel> open_tunable(const TuneTask& task) {
  if (!is_cellm_file(task.file)) {
    throw data_error("{}: no .cellm file; convert the model first, then tune the file",
                     printable(task.file.string()));
  }
  return open_model(task.file, {task.links, {}});
}

// Checks before the work that the file is intact and its target writable.
void check_file(const CellmFile& file, const TuneTask& task, const TuneOptions& options) {
  verify_cellm(file);
  const auto& tensors = file.header.tensors;
  if (options.input_channels && std::none_of(tensors.begin(), tensors.end(), [](const auto& entry) {
        return entry.trellis.has_value();
      })) {
    throw usage_error(AdviceKind::kLeaveInputChannels, "{}: no matrix has a trellis format",
                      printable(task.file.string()));
  }
  const AtomicFile probe(target_of(task));
}

}  // namespace

TuneResult tune(const TuneTask& task, const TuneOptions& options, const JobControl& control) {
  const std::shared_ptr<const OpenedModel> opened = open_tunable(task);
  const OpenedModel& file = *opened;
  const CellmFile& cellm = *file.source().cellm_file();
  check_file(cellm, task, options);
  const std::uint64_t memory = tuning_bytes(file);
  require_memory(memory, "tuning", AdviceKind::kSmallerModel);
  const Engine teacher(task.reference(),
                       {options.target, options.threads, kAllLayers, Activations::kFast});
  Model model = file.weights();
  require_same_model(teacher.config(), model.config, task.reference_name);
  const Windows windows = TextReader(task, file, teacher).read(options, control);
  control.note(TuningBeginsNote{windows.learnt.size(), kCalibrationWindow, memory});

  ActivationScratch scratch;
  const Compute compute{teacher.kernels(), teacher.pool(), scratch};
  Student student(compute, model, false);
  const auto parameters = student.parameters();
  const std::string prefix = file.text_prefix();
  const auto chosen = chosen_parameters(cellm.header, prefix, parameters, options.input_channels);
  const DescentState state = train({compute, student, chosen, teacher.model(), windows}, task.state,
                                   state_key(task, options, file.checksum(), windows), control);

  TuneResult result{state.start, state.best, 0};
  if (!state.not_finite.empty()) {
    control.note(TuningStoppedNote{state.step + 1, windows.learnt.size(), state.not_finite});
  }
  for (std::size_t i = 0; i < state.best_step; ++i) result.tokens += windows.learnt[i].size();
  if (state.best_step != 0 || !task.output.empty()) {
    write_tuned(cellm, target_of(task), prefix, parameters, chosen,
                [&](nlohmann::ordered_json& json) {
                  json["tuning"] = {{"tokens", result.tokens},
                                    {"texts_xxh3", windows.checksums},
                                    {"seed", options.seed},
                                    {"kld_before", result.before},
                                    {"kld_after", result.after}};
                });
  }
  return result;
}

TuneResult run_tune(const TuneJobOptions& options, const JobControl& control) {
  TuneTask task;
  task.file = options.file;
  task.output = options.output;
  task.state = target_of(task).string() + ".tune.partial";
  task.reference_name = options.reference.string();
  task.reference = [&] { return open_model(options.reference, {options.links, {}}); };
  task.links = options.links;
  const TuneResult result = tune(task, options.tuning, control);
  std::error_code ignored;
  std::filesystem::remove(task.state, ignored);
  return result;
}

}  // namespace cellm
