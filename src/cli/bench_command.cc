#include <algorithm>
#include <cmath>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/cpu_features.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/machine_speed.h"
#include "cli/progress.h"
#include "convert/random_source.h"
#include "engine/engine.h"
#include "engine/session.h"
#include "format/formats.h"

namespace cellm {
namespace {

struct Arguments {
  std::string model;
  std::string shape;
  std::string format = "int4-g32";
  std::string embedding;
  std::vector<std::size_t> prompts{512};
  std::vector<std::size_t> generations{128};
  std::vector<std::size_t> depths{0};
  std::size_t repetitions = 5;
  std::vector<unsigned> threads;
  std::string output = "md";
  std::string activations = "int8";
  std::string kv_encoding = "f16";
  Links links = Links::kInside;
};

struct Result {
  std::size_t n_prompt;
  std::size_t n_gen;
  std::size_t n_depth;
  unsigned threads;
  std::vector<double> rates;  // tokens per second, one for each repetition

  double mean() const {
    double sum = 0;
    for (const double rate : rates) sum += rate;
    return sum / static_cast<double>(rates.size());
  }
  double deviation() const {
    if (rates.size() < 2) return 0;
    double squares = 0;
    for (const double rate : rates) squares += (rate - mean()) * (rate - mean());
    return std::sqrt(squares / static_cast<double>(rates.size() - 1));
  }
  std::string test() const {
    const std::string name =
        n_prompt != 0 ? fmt::format("pp{}", n_prompt) : fmt::format("tg{}", n_gen);
    return n_depth == 0 ? name : fmt::format("{} @ d{}", name, n_depth);
  }
};

// What the machine can do with these kernels and threads, measured just before the tests.
struct Ceilings {
  double bandwidth = 0;   // bytes per second
  double macs = 0;        // multiply-adds per second, of the kind that the layers need
  const char* kind = "";  // "int8" or "f32"
};

Ceilings measure_ceilings(const Engine& engine) {
  const Linear& matrix = engine.model().layers.front().matrix(TensorRole::kUp);
  const bool int8 = matrix.weights->input_form().block != 0;
  const KernelTable& kernels = engine.kernels();
  return {measured_bandwidth(kernels, engine.pool()),
          measured_peak(int8 ? kernels.int8_peak : kernels.f32_peak, engine.pool()),
          int8 ? "int8" : "f32"};
}

struct Weights {
  std::uint64_t parameters = 0;
  std::uint64_t bytes = 0;  // as stored
  std::uint64_t read_per_token =
      0;  // by decoding: all matrices, the embedding only if it is the output matrix
  std::uint64_t body_macs = 0;  // per token, without the output matrix
};

Weights weights_of(const ModelSource& source, const Model& model) {
  Weights weights;
  const std::string prefix = text_prefix(source);
  for (const auto& spec : model_tensors(model.config)) {
    const auto index = find_tensor(source, prefix + spec.name);
    if (!index) continue;
    const TensorInfo& info = source.tensors()[*index];
    const std::uint64_t count = info.rows() * info.cols();
    weights.parameters += count;
    weights.bytes += info.stored_bytes;
    const bool embedding = spec.id == kEmbeddingId;
    if (!embedding || model.tied) weights.read_per_token += info.stored_bytes;
    if (!embedding && tensor_kind(spec.id.role) == TensorKind::kMatrix) weights.body_macs += count;
  }
  return weights;
}

std::vector<std::uint32_t> random_tokens(std::size_t count, std::size_t vocab) {
  std::mt19937 random(7);
  std::vector<std::uint32_t> tokens(count);
  for (auto& token : tokens) token = static_cast<std::uint32_t>(random() % vocab);
  return tokens;
}

Result measure(const Engine& engine, const Arguments& arguments, std::size_t prompt,
               std::size_t generate, std::size_t depth, unsigned threads) {
  Result result{prompt, generate, depth, threads, {}};
  const SequenceOptions options{parse_kv_encoding(arguments.kv_encoding), 16, 0};
  const auto tokens = random_tokens(depth + std::max(prompt, generate), engine.config().vocab_size);
  for (std::size_t repetition = 0; repetition <= arguments.repetitions; ++repetition) {
    Session session(engine, options);
    const std::span<const std::uint32_t> all = tokens;
    if (depth != 0) session.advance(all.first(depth));
    const double seconds = seconds_of([&] {
      if (prompt != 0) {
        session.advance(all.subspan(depth, prompt));
      } else {
        for (std::size_t i = 0; i < generate; ++i) session.advance(all.subspan(depth + i, 1));
      }
    });
    // The first one warms caches and threads.
    if (repetition != 0)
      result.rates.push_back(static_cast<double>(std::max(prompt, generate)) / seconds);
  }
  return result;
}

// What is the same for all tests with one number of threads.
struct Setting {
  std::string model;
  std::string target;
  Weights weights;
  Ceilings ceilings;
  double load_seconds = 0;
};

// One table for each number of threads, as each has its own ceilings; JSON and CSV are one
// document.
class Report {
 public:
  explicit Report(std::string format) : format_(std::move(format)) {
    if (format_ == "csv") {
      fmt::print(
          "model,model_size,model_n_params,backend,n_threads,n_prompt,n_gen,n_depth,avg_ts,stddev_"
          "ts\n");
    }
  }

  void begin(Setting setting) {
    setting_ = std::move(setting);
    const Ceilings& ceilings = setting_.ceilings;
    if (format_ == "md") {
      fmt::print(
          "| model | size | params | backend | threads | test | t/s | GB/s | of {:.1f} GB/s | "
          "GMAC/s | of {:.0f} {} GMAC/s |\n",
          ceilings.bandwidth / 1e9, ceilings.macs / 1e9, ceilings.kind);
      fmt::print("| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    }
  }

  void add(const Result& result) {
    const auto& [model, target, weights, ceilings, load_seconds] = setting_;
    // Decoding reads every weight once for each token; a prompt is bound by arithmetic.
    const double bytes =
        result.n_gen != 0 ? result.mean() * static_cast<double>(weights.read_per_token) : 0;
    const double macs = result.mean() * static_cast<double>(weights.body_macs);
    if (format_ == "md") {
      fmt::print(
          "| {} | {} | {:.2f} M | CPU | {} | {} | {:.2f} ± {:.2f} | {} | {} | {:.1f} | {:.0f} % "
          "|\n",
          model, human_bytes(weights.bytes), static_cast<double>(weights.parameters) / 1e6,
          result.threads, result.test(), result.mean(), result.deviation(),
          bytes == 0 ? "" : fmt::format("{:.1f}", bytes / 1e9),
          bytes == 0 ? "" : fmt::format("{:.0f} %", 100 * bytes / ceilings.bandwidth), macs / 1e9,
          100 * macs / ceilings.macs);
    } else if (format_ == "csv") {
      fmt::print("{},{},{},CPU,{},{},{},{},{:.6f},{:.6f}\n", model, weights.bytes,
                 weights.parameters, result.threads, result.n_prompt, result.n_gen, result.n_depth,
                 result.mean(), result.deviation());
    } else {
      json_.push_back({{"model_filename", model},
                       {"model_size", weights.bytes},
                       {"model_n_params", weights.parameters},
                       {"backends", "CPU"},
                       {"cpu_target", target},
                       {"n_threads", result.threads},
                       {"n_prompt", result.n_prompt},
                       {"n_gen", result.n_gen},
                       {"n_depth", result.n_depth},
                       {"avg_ts", result.mean()},
                       {"stddev_ts", result.deviation()},
                       {"samples_ts", result.rates},
                       {"gb_per_second", bytes / 1e9},
                       {"bandwidth_gb_per_second", ceilings.bandwidth / 1e9},
                       {"gmac_per_second", macs / 1e9},
                       {"peak_gmac_per_second", ceilings.macs / 1e9},
                       {"load_seconds", load_seconds},
                       {"peak_memory_bytes", peak_memory_bytes()}});
    }
    std::fflush(stdout);
  }

  void end() {
    fmt::print(stderr, "{} | load {:.2f} s | peak memory {}\n", setting_.target,
               setting_.load_seconds, human_bytes(peak_memory_bytes()));
  }

  void finish() {
    if (format_ == "json") fmt::print("{}\n", json_.dump(2));
  }

 private:
  std::string format_;
  Setting setting_;
  nlohmann::ordered_json json_ = nlohmann::ordered_json::array();
};

std::shared_ptr<const OpenedModel> open(const Arguments& arguments) {
  if (arguments.model.empty() == arguments.shape.empty())
    throw usage_error("give --model FILE or --shape NAME");
  if (!arguments.model.empty()) return open_model(arguments.model, {arguments.links});
  GeneralFormats formats;
  formats.body = parse_format_choice(arguments.format);
  formats.embedding =
      arguments.embedding.empty() ? formats.body : parse_format_choice(arguments.embedding);
  formats.lm_head = formats.embedding;
  return std::make_shared<const OpenedModel>(random_model(arguments.shape, formats));
}

int run(const Arguments& arguments) {
  std::vector<unsigned> thread_counts = arguments.threads;
  if (thread_counts.empty()) thread_counts.push_back(physical_cores());
  Report report(arguments.output);
  for (const unsigned threads : thread_counts) {
    std::optional<Engine> engine;
    const double load_seconds = seconds_of([&] {
      engine.emplace(open(arguments),
                     engine_options(threads, parse_activations(arguments.activations)));
    });
    const std::string name = arguments.model.empty()
                                 ? fmt::format("{} {}", arguments.shape, arguments.format)
                                 : std::filesystem::path(arguments.model).filename().string();
    report.begin({name, engine->kernels().name, weights_of(engine->source(), engine->model()),
                  measure_ceilings(*engine), load_seconds});
    for (const std::size_t depth : arguments.depths) {
      for (const std::size_t prompt : arguments.prompts) {
        if (prompt != 0) report.add(measure(*engine, arguments, prompt, 0, depth, threads));
      }
      for (const std::size_t generate : arguments.generations) {
        if (generate != 0) report.add(measure(*engine, arguments, 0, generate, depth, threads));
      }
    }
    report.end();
  }
  report.finish();
  return 0;
}

Run configure(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  app.add_option("-m,--model", a.model, ".cellm file, Hugging Face folder or .gguf file");
  app.add_option("--shape", a.shape,
                 "Instead: random weights of qwen3.5-0.8b, qwen3-0.6b or smollm2-135m");
  app.add_option("-f,--format", a.format, "Format of the layers, with --shape")
      ->capture_default_str();
  app.add_option("--embedding", a.embedding,
                 "Format of embedding and output matrix (default: that of the layers)");
  app.add_option("-p,--n-prompt", a.prompts, "Prompt tokens, several with commas; 0: none")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("-n,--n-gen", a.generations, "Tokens to generate, several with commas; 0: none")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("-d,--n-depth", a.depths, "Tokens in the context before, several with commas")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("-r,--repetitions", a.repetitions, "Runs of each test, after a warm-up")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}));
  app.add_option("-t,--threads", a.threads,
                 "Threads, several with commas (default: one per physical core)")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024));
  app.add_option("-o,--output", a.output, "md, json or csv")
      ->capture_default_str()
      ->check(CLI::IsMember({"md", "json", "csv"}));
  app.add_option("--activations", a.activations, "int8, fast or f32 (see infer)")
      ->capture_default_str()
      ->check(CLI::IsMember({"int8", "fast", "f32"}));
  app.add_option("--kv-encoding", a.kv_encoding, "f16, turboquant or f32")
      ->capture_default_str()
      ->check(CLI::IsMember({"f16", "turboquant", "f32"}));
  add_follow_links(app, a.links);
  app.footer(
      "The columns are those of llama-bench; beside them the bytes of weights read per second when "
      "decoding, multiply-adds\n"
      "per second, and the shares of the memory bandwidth and of the arithmetic peak measured in "
      "the "
      "same run. Examples:\n"
      "  cellm bench --model qwen.cellm -p 512 -n 64 -t 1,2\n"
      "  cellm bench --shape qwen3.5-0.8b --format int4-g32 --embedding int8 -d 0,4096");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kBenchCommand{"bench", "Measure tokens per second", configure};

}  // namespace cellm
