#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/cpu_features.h"
#include "base/error.h"
#include "base/limits.h"
#include "cli/bench_report.h"
#include "cli/command.h"
#include "cli/engine_options.h"
#include "cli/model_argument.h"
#include "convert/random_source.h"
#include "engine/engine.h"
#include "engine/generation.h"
#include "engine/session.h"
#include "format/formats.h"
#include "jobs/convert_job.h"
#include "jobs/machine_speed.h"

namespace cellm {
namespace {

struct Arguments {
  std::string model;
  std::string shape;
  std::string format = kDefaultFormat;
  std::string embedding;
  std::vector<std::size_t> prompts{512};
  std::vector<std::size_t> generations{128};
  std::vector<std::size_t> depths{0};
  std::vector<std::size_t> drafts{0};
  std::optional<std::size_t> right;
  std::size_t repetitions = 5;
  std::vector<unsigned> threads;
  std::string output = "md";
  std::string activations = "int8";
  std::string kv_encoding = "f16";
  Links links = Links::kInside;
};

BenchCeilings measure_ceilings(const Engine& engine) {
  const Linear& matrix = engine.model().layers.front().matrix(TensorRole::kUp);
  const bool int8 = matrix.weights->input_form().block != 0;
  const KernelTable& kernels = engine.kernels();
  return {measured_bandwidth(kernels, engine.pool()),
          measured_peak(int8 ? kernels.int8_peak : kernels.f32_peak, engine.pool()),
          int8 ? "int8" : "f32"};
}

BenchWeights weights_of(const ModelSource& source, const Model& model) {
  BenchWeights weights;
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

// One by one, or as a lookup reads them: each with a draft, of which the first `right` are kept.
void read_tokens(Session& session, std::span<const std::uint32_t> tokens, std::size_t draft,
                 std::size_t right) {
  while (!tokens.empty()) {
    const std::size_t count = std::min({1 + draft, session.max_tentative(), tokens.size()});
    const std::size_t kept = std::min(count, 1 + right);
    if (count == 1) {
      session.advance(tokens.first(1));
    } else {
      session.advance_tentatively(tokens.first(count));
      session.keep(kept);
    }
    tokens = tokens.subspan(kept);
  }
}

// The test is that of `result`, whose rates are set.
BenchResult measure(const Engine& engine, const Arguments& arguments, BenchResult result) {
  const std::size_t depth = result.n_depth;
  const std::size_t tokens_read = std::max(result.n_prompt, result.n_gen);
  const SequenceOptions options{parse_kv_encoding(arguments.kv_encoding), 16, 0};
  const auto tokens = random_tokens(depth + tokens_read, engine.config().vocab_size);
  for (std::size_t repetition = 0; repetition <= arguments.repetitions; ++repetition) {
    Session session(engine, options);
    const std::span<const std::uint32_t> all = tokens;
    if (depth != 0) session.advance(all.first(depth));
    const double seconds = seconds_of([&] {
      if (result.n_prompt != 0) {
        session.advance(all.subspan(depth, result.n_prompt));
      } else {
        read_tokens(session, all.subspan(depth, result.n_gen), result.n_draft, result.n_right);
      }
    });
    // The first one warms caches and threads.
    if (repetition != 0) {
      result.rates.push_back(static_cast<double>(tokens_read) / seconds);
    }
  }
  return result;
}

std::shared_ptr<const OpenedModel> open(const Arguments& arguments) {
  if (arguments.model.empty() == arguments.shape.empty())
    throw usage_error("give --model FILE or --shape NAME");
  if (!arguments.model.empty()) return open_model(model_path(arguments.model), {arguments.links});
  GeneralFormats formats;
  formats.body = parse_format_choice(arguments.format);
  formats.embedding =
      arguments.embedding.empty() ? formats.body : parse_format_choice(arguments.embedding);
  formats.lm_head = formats.embedding;
  return std::make_shared<const OpenedModel>(random_model(arguments.shape, formats));
}

int run(const Arguments& arguments) {
  std::vector<unsigned> thread_counts = arguments.threads;
  if (thread_counts.empty()) thread_counts.push_back(default_threads());
  BenchReport report(arguments.output);
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
        if (prompt == 0) continue;
        report.add(measure(*engine, arguments, {prompt, 0, depth, 0, 0, threads, {}}));
      }
      for (const std::size_t generate : arguments.generations) {
        if (generate == 0) continue;
        for (const std::size_t draft : arguments.drafts) {
          const std::size_t right = std::min(draft, arguments.right.value_or(draft));
          report.add(measure(*engine, arguments, {0, generate, depth, draft, right, threads, {}}));
        }
      }
    }
    report.end();
  }
  report.finish();
  return 0;
}

Run configure(Options& options) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  options.add("-m,--model", a.model, ".cellm file, Hugging Face folder or .gguf file");
  options.add("--shape", a.shape,
              "Instead: random weights of qwen3.5-0.8b, qwen3-0.6b or smollm2-135m");
  options.add("-f,--format", a.format, "Format of the layers, with --shape").show_default();
  options.add("--embedding", a.embedding,
              "Format of embedding and output matrix (default: that of the layers)");
  options.add("-p,--n-prompt", a.prompts, "Prompt tokens, several with commas; 0: none")
      .delimiter(',')
      .show_default();
  options.add("-n,--n-gen", a.generations, "Tokens to generate, several with commas; 0: none")
      .delimiter(',')
      .show_default();
  options.add("-d,--n-depth", a.depths, "Tokens in the context before, several with commas")
      .delimiter(',')
      .show_default();
  options
      .add("--draft", a.drafts,
           "With -n: tokens read ahead in each step, as by a lookup, several with commas")
      .delimiter(',')
      .show_default()
      .range(std::size_t{0}, kMaxDraftTokens);
  options.add("--right", a.right, "Of these, tokens that are right (default: all)");
  options.add("-r,--repetitions", a.repetitions, "Runs of each test, after a warm-up")
      .show_default()
      .range(std::size_t{1}, std::size_t{1000});
  options
      .add("-t,--threads", a.threads,
           "Threads, several with commas (default: one per core, within the CPU quota)")
      .delimiter(',')
      .range(1U, kMaxThreads);
  options.add("-o,--output", a.output, "md, json or csv")
      .show_default()
      .one_of({"md", "json", "csv"});
  options.add("--activations", a.activations, "int8, fast or f32 (see infer)")
      .show_default()
      .one_of({"int8", "fast", "f32"});
  options.add("--kv-encoding", a.kv_encoding, "f16, turboquant or f32")
      .show_default()
      .one_of({"f16", "turboquant", "f32"});
  add_follow_links(options, a.links);
  options.footer(
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
