#include <algorithm>
#include <iterator>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/interrupts.h"
#include "cli/progress.h"
#include "convert/calibrate.h"
#include "engine/engine.h"
#include "engine/generate.h"
#include "eval/model_facts.h"
#include "io/cellm_file.h"
#include "tune/descent.h"
#include "tune/descent_store.h"
#include "tune/own_text.h"
#include "tune/teacher.h"
#include "tune/tuned_file.h"

namespace cellm {
namespace {

// The name of the text that the reference writes itself.
constexpr const char* kOwnText = "self";

struct Arguments {
  std::string file;
  std::string reference;
  std::vector<std::string> texts{std::string(kDefaultText), kOwnText};
  std::string output;
  std::size_t tokens = 60000;
  std::size_t held_out = 8;
  std::uint64_t seed = 1;
  unsigned threads = 0;
  Links links = Links::kInside;
  bool quiet = false;
};

// Bytes beside both models: each matrix of the student twice as f16, and the values that are made
// of it in f32 meanwhile.
std::uint64_t tuning_bytes(const ModelSource& source) {
  std::uint64_t weights = 0;
  std::uint64_t largest = 0;
  for (const TensorInfo& info : source.tensors()) {
    const std::uint64_t count = std::uint64_t{info.rows()} * info.cols();
    weights += count;
    largest = std::max(largest, count);
  }
  return 2 * sizeof(std::uint16_t) * weights + sizeof(float) * largest;
}

void require_same_shape(const ModelConfig& model, const ModelConfig& reference,
                        const std::string& name) {
  if (model.vocab_size != reference.vocab_size || model.hidden != reference.hidden ||
      model.layers != reference.layers || model.intermediate != reference.intermediate) {
    throw usage_error(
        "{}: the reference is another model: {} layers of {} and {} ids, not {} of {} "
        "and {}",
        printable(name), reference.layers.size(), reference.hidden, reference.vocab_size,
        model.layers.size(), model.hidden, model.vocab_size);
  }
}

// What is learnt from, and what tells whether that was good: sequences that each start anew.
struct Texts {
  std::vector<std::vector<std::uint32_t>> windows;
  std::vector<std::vector<std::uint32_t>> held_out;
  std::vector<std::string> checksums;  // of the files among them
};

class Tuning {
 public:
  explicit Tuning(const Arguments& arguments) : arguments_(arguments) {}

  int run() {
    if (!is_cellm_file(arguments_.file)) {
      throw data_error("{}: no .cellm file; convert the model first, then tune the file",
                       printable(arguments_.file));
    }
    verify_cellm(MappedFile(arguments_.file));  // before the work, not after it
    const auto source = open_model_source(arguments_.file, arguments_.links);
    file_checksum_ = model_checksum(*source);
    require_memory(tuning_bytes(*source), "tuning", "choose a smaller model");
    const Engine teacher(open_model_source(arguments_.reference, arguments_.links),
                         {.target = target_from_environment(),
                          .threads = arguments_.threads,
                          .activations = Activations::kF32});
    Model model = load_model(*source, SIZE_MAX);
    require_same_shape(model.config, teacher.config(), arguments_.reference);
    const Texts text = read_texts(*source, teacher);

    ActivationScratch scratch;
    const Compute compute{teacher.kernels(), teacher.pool(), scratch};
    Student student(compute, model, false);
    const auto parameters = student.parameters();
    const std::string prefix = text_prefix(*source);
    const auto chosen =
        storable_parameters(read_cellm_header(MappedFile(arguments_.file)), prefix, parameters);
    const DescentState state = descend_on(compute, student, chosen, teacher.model(), text);
    write(prefix, parameters, chosen, state, text);
    return 0;
  }

 private:
  // An equal share of each text.
  Texts read_texts(const ModelSource& source, const Engine& teacher) const {
    Texts result;
    const std::size_t parts = arguments_.texts.size();
    const std::size_t tokens = std::max(arguments_.tokens / parts, kCalibrationWindow);
    const std::size_t held_out = (arguments_.held_out + parts - 1) / parts;
    for (const std::string& text : arguments_.texts) {
      if (text == kOwnText) {
        add_own_text(source, teacher, tokens / kCalibrationWindow, held_out, result);
        continue;
      }
      const auto read = [&](const ModelSource& model) {
        return read_calibration_text(text, model, tokens, arguments_.seed, held_out);
      };
      CalibrationText part = read(source);
      const CalibrationText of_reference = read(teacher.source());
      if (part.windows != of_reference.windows) {
        throw usage_error("{}: the reference's tokenizer is another one",
                          printable(arguments_.reference));
      }
      std::move(part.windows.begin(), part.windows.end(), std::back_inserter(result.windows));
      std::move(part.held_out.begin(), part.held_out.end(), std::back_inserter(result.held_out));
      result.checksums.push_back(part.label.text_checksum);
    }
    std::mt19937_64 random(arguments_.seed);
    std::shuffle(result.windows.begin(), result.windows.end(), random);
    return result;
  }

  void add_own_text(const ModelSource& source, const Engine& teacher, std::size_t windows,
                    std::size_t held_out, Texts& result) const {
    const auto tokenizer = find_tokenizer(source, teacher.config().vocab_size, "");
    if (!tokenizer) {
      throw data_error(
          "{}: the model cannot write a text of its own without a tokenizer; give "
          "--text FILE",
          printable(arguments_.file));
    }
    ProgressBar bar("the reference writes", !arguments_.quiet);
    auto written = own_text(teacher, *tokenizer, windows + held_out, kCalibrationWindow,
                            arguments_.seed, [&](std::size_t done, std::size_t total) {
                              bar.update(done, total);
                              if (interrupted()) throw Interrupted();
                            });
    const auto first = written.begin();
    const auto middle = first + static_cast<std::ptrdiff_t>(held_out);
    std::move(first, middle, std::back_inserter(result.held_out));
    std::move(middle, written.end(), std::back_inserter(result.windows));
  }

  std::filesystem::path output() const {
    return arguments_.output.empty() ? arguments_.file : arguments_.output;
  }
  std::filesystem::path state_file() const { return output().string() + ".tune.partial"; }

  // What an unfinished run depends on.
  std::string key(const Texts& text) const {
    std::string windows;
    for (const auto& window : text.windows) windows += fmt::format("{}\n", fmt::join(window, ","));
    return fmt::format("{:x} {} {} {}", file_checksum_, arguments_.reference, arguments_.seed,
                       windows);
  }

  DescentState descend_on(const Compute& compute, Student& student,
                          const std::vector<std::size_t>& chosen, const Model& teacher,
                          const Texts& text) {
    const std::string state_key = key(text);
    DescentState state = load_descent(state_file(), state_key, student.parameters(), chosen)
                             .value_or(DescentState());
    ProgressBar bar("tuning", !arguments_.quiet);
    const auto report = [&](const DescentState& now) {
      bar.set_label(fmt::format("tuning, KLD {:.4f} (was {:.4f})", now.best, now.start));
      bar.update(now.step, text.windows.size());
      if (interrupted() || (now.step != 0 && now.step % kStoreSteps == 0))
        store_descent(state_file(), state_key, now);
      if (interrupted()) throw Interrupted();
    };
    descend(
        compute, student, chosen,
        [&](std::span<const std::uint32_t> tokens) {
          return final_streams(compute, teacher, tokens);
        },
        teacher.lm_head, text.windows, text.held_out, {}, state, report);
    return state;
  }

  void write(const std::string& prefix, const std::vector<Parameter>& parameters,
             const std::vector<std::size_t>& chosen, const DescentState& state,
             const Texts& text) const {
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < state.best_step; ++i) tokens += text.windows[i].size();
    if (state.best_step != 0 || !arguments_.output.empty()) {
      write_tuned(arguments_.file, output(), prefix, parameters, chosen,
                  [&](nlohmann::ordered_json& header) {
                    header["tuning"] = {{"tokens", tokens},
                                        {"texts_xxh3", text.checksums},
                                        {"seed", arguments_.seed},
                                        {"kld_before", state.start},
                                        {"kld_after", state.best}};
                  });
    }
    std::error_code ignored;
    std::filesystem::remove(state_file(), ignored);
    if (state.best_step == 0) {
      fmt::print("no better scales found: KLD {:.4f} on held-out text\n", state.start);
    } else {
      fmt::print("KLD {:.4f} -> {:.4f} on held-out text, after {} tokens\n", state.start,
                 state.best, tokens);
    }
  }

  static constexpr std::size_t kStoreSteps = 10;

  const Arguments& arguments_;
  std::uint64_t file_checksum_ = 0;
};

int run(const Arguments& arguments) {
  return run_resumable(arguments.quiet, [&] { return Tuning(arguments).run(); });
}

Run configure(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  app.add_option("file", a.file, ".cellm file to tune")->required();
  app.add_option("--reference", a.reference,
                 "The model that it was made of: Hugging Face folder, .gguf or .cellm file")
      ->required();
  app.add_option("--text", a.texts,
                 "UTF-8 text to learn from: a file, \"default\" for the text that comes with "
                 "cellm, or \"self\" for what the reference writes; repeatable, each gets an equal "
                 "share")
      ->capture_default_str();
  app.add_option("-o,--output", a.output, "Write a new file instead of changing this one");
  app.add_option("--tokens", a.tokens, "Tokens of the text to learn from at most")
      ->capture_default_str()
      ->check(CLI::Range(kCalibrationWindow, std::size_t{1} << 32));
  app.add_option("--held-out", a.held_out,
                 fmt::format("Windows of {} tokens that are kept apart to tell what is better",
                             kCalibrationWindow))
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--seed", a.seed, "By which windows are drawn from the text and ordered")
      ->capture_default_str();
  add_threads(app, a.threads);
  add_follow_links(app, a.links);
  app.add_flag("-q,--quiet", a.quiet, "No progress and no notes");
  app.footer(
      "Keeps all codes and learns what goes with them, the scale of each row and the weights of "
      "the\n"
      "norms, so that the file predicts what its reference predicts (KL divergence). The file "
      "keeps\n"
      "its size and layout, and is never worse on the held-out text than before. Ctrl-C ends it "
      "with\n"
      "exit code 130, and the same command goes on.\n"
      "Example:\n"
      "  cellm tune qwen-small.cellm --reference Qwen3.5-0.8B --text novel.txt");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kTuneCommand{
    "tune", "Train the scales and norms of a .cellm file towards the model it was made of",
    configure};

}  // namespace cellm
