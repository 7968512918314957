// Jobs: converting, tuning and evaluating models, and bringing them from the hub.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <cellm/cellm.hpp>
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "hub.h"
#include "worker.h"

namespace cellm_python {
namespace {

struct Progress {
  std::string stage;
  std::uint64_t done;
  std::uint64_t total;
};
using Value = std::variant<std::uint64_t, double, std::string>;
using Result = std::map<std::string, Value>;
using Work = std::function<Result(const cellm::OnProgress&, const cellm::Cancel&)>;

class Job {
 public:
  explicit Job(Work work)
      : worker_(
            [work = std::move(work)](const cellm::Cancel& cancel, const auto& report) {
              const auto on_progress = [&](std::string_view stage, std::uint64_t done,
                                           std::uint64_t total) {
                report({std::string(stage), done, total});
                return true;
              };
              return work(on_progress, cancel);
            },
            [](const Progress& latest, const Progress& next) {
              return latest.stage == next.stage;
            }) {}

  std::optional<std::tuple<std::string, std::uint64_t, std::uint64_t>> next() {
    const auto progress = worker_.next();
    if (!progress) return std::nullopt;
    return std::tuple(progress->stage, progress->done, progress->total);
  }
  Result result() { return worker_.result(); }
  void close() { worker_.stop(); }

 private:
  Worker<Progress, Result> worker_;
};

using HeldJob = Held<Job>;

std::unique_ptr<HeldJob> start(Work work) {
  return std::make_unique<HeldJob>(std::make_shared<Job>(std::move(work)), "job");
}

const char* text_or_null(const std::optional<std::string>& text) {
  return text ? text->c_str() : nullptr;
}

// Captured by value, a reference becomes a copy.
using Text = const std::string&;
using OptionalText = const std::optional<std::string>&;

std::unique_ptr<HeldJob> convert(Text input, Text output, OptionalText format, double target_bits,
                                 OptionalText embedding, OptionalText calibrate,
                                 std::size_t tune_tokens, bool text_only, bool packed,
                                 bool follow_links, OptionalText target, unsigned threads) {
  return start([=](const cellm::OnProgress& on_progress, const cellm::Cancel& cancel) {
    cellm_convert_options o{};
    o.input = input.c_str();
    o.output = output.c_str();
    o.format = text_or_null(format);
    o.target_bits = target_bits;
    o.embedding = text_or_null(embedding);
    o.calibrate = text_or_null(calibrate);
    o.tune_tokens = tune_tokens;
    o.text_only = text_only ? 1 : 0;
    o.packed = packed ? 1 : 0;
    o.follow_links = follow_links ? 1 : 0;
    o.target = text_or_null(target);
    o.threads = threads;
    const cellm_convert_result result = cellm::convert(o, on_progress, &cancel);
    return Result{{"file_bytes", result.file_bytes},
                  {"bits_per_weight", result.bits_per_weight},
                  {"kld", result.kld}};
  });
}

std::unique_ptr<HeldJob> tune(Text file, Text reference, OptionalText output, OptionalText text,
                              std::size_t tokens, bool follow_links, OptionalText target,
                              unsigned threads) {
  return start([=](const cellm::OnProgress& on_progress, const cellm::Cancel& cancel) {
    cellm_tune_options o{};
    o.file = file.c_str();
    o.reference = reference.c_str();
    o.output = text_or_null(output);
    o.text = text_or_null(text);
    o.tokens = tokens;
    o.follow_links = follow_links ? 1 : 0;
    o.target = text_or_null(target);
    o.threads = threads;
    const cellm_tune_result result = cellm::tune(o, on_progress, &cancel);
    return Result{{"kld_before", result.kld_before},
                  {"kld_after", result.kld_after},
                  {"tokens", std::uint64_t{result.tokens}}};
  });
}

std::unique_ptr<HeldJob> evaluate(Text model, Text text, OptionalText reference, std::size_t window,
                                  std::size_t max_tokens, OptionalText questions,
                                  std::size_t answer_tokens, int activations, bool follow_links,
                                  OptionalText target, unsigned threads) {
  return start([=](const cellm::OnProgress& on_progress, const cellm::Cancel& cancel) {
    cellm_evaluate_options o{};
    o.model = model.c_str();
    o.text = text.c_str();
    o.reference = text_or_null(reference);
    o.window = window;
    o.max_tokens = max_tokens;
    o.questions = text_or_null(questions);
    o.answer_tokens = answer_tokens;
    o.activations = activations;
    o.follow_links = follow_links ? 1 : 0;
    o.target = text_or_null(target);
    o.threads = threads;
    const cellm_evaluate_result result = cellm::evaluate(o, on_progress, &cancel);
    return Result{{"perplexity", result.perplexity},
                  {"predictions", std::uint64_t{result.predictions}},
                  {"kld", result.kld},
                  {"top1", result.top1},
                  {"questions", std::uint64_t{result.questions}},
                  {"right", result.right},
                  {"right_of_reference", result.right_of_reference},
                  {"looping", result.looping},
                  {"distinct1", result.distinct1},
                  {"distinct2", result.distinct2},
                  {"distinct3", result.distinct3}};
  });
}

// Pointers to the texts, which must live.
std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  for (const std::string& text : texts) result.push_back(text.c_str());
  return result;
}

std::unique_ptr<HeldJob> study(Text source, OptionalText hub_name, Text output,
                               const std::vector<std::string>& texts,
                               const std::vector<std::string>& formats,
                               const std::vector<std::string>& files, OptionalText publish,
                               OptionalText program, std::size_t tokens, std::size_t window,
                               std::size_t generate, std::size_t sensitivity_tokens,
                               std::size_t tune_tokens, std::size_t speed_runs, bool remove_files,
                               bool follow_links, OptionalText target, unsigned threads) {
  return start([=](const cellm::OnProgress& on_progress, const cellm::Cancel& cancel) {
    const auto text_pointers = pointers(texts);
    const auto format_pointers = pointers(formats);
    const auto file_pointers = pointers(files);
    cellm_study_options o{};
    o.source = source.c_str();
    o.output = output.c_str();
    o.hub_name = text_or_null(hub_name);
    o.texts = text_pointers.data();
    o.text_count = text_pointers.size();
    o.formats = format_pointers.data();
    o.format_count = format_pointers.size();
    o.files = file_pointers.data();
    o.file_count = file_pointers.size();
    o.publish = text_or_null(publish);
    o.program = text_or_null(program);
    o.speed_runs = speed_runs;
    o.tokens = tokens;
    o.window = window;
    o.generate = generate;
    o.sensitivity_tokens = sensitivity_tokens;
    o.tune_tokens = tune_tokens;
    o.remove_files = remove_files ? 1 : 0;
    o.follow_links = follow_links ? 1 : 0;
    o.target = text_or_null(target);
    o.threads = threads;
    const cellm_study_result result = cellm::study(o, on_progress, &cancel);
    return Result{{"formats", std::uint64_t{result.formats}}};
  });
}

std::unique_ptr<HeldJob> resolve(Text model, bool original, unsigned threads) {
  return start([=](const cellm::OnProgress& on_progress, const cellm::Cancel& cancel) {
    std::string path;
    cellm::detail::run_job(on_progress, &cancel, [&](const cellm_job_control* control) {
      return resolve_model(model, original, threads, *control, path);
    });
    return Result{{"path", path}};
  });
}

}  // namespace

void add_jobs(nb::module_& module) {
  nb::class_<HeldJob>(module, "Job")
      .def("next", [](const HeldJob& self) { return self.share()->next(); })
      .def("result", [](const HeldJob& self) { return self.share()->result(); })
      .def("close", [](const HeldJob& self) { self.share()->close(); });
  module.def("convert", convert, nb::arg("input"), nb::arg("output"), nb::arg("format").none(),
             nb::arg("target_bits"), nb::arg("embedding").none(), nb::arg("calibrate").none(),
             nb::arg("tune_tokens"), nb::arg("text_only"), nb::arg("packed"),
             nb::arg("follow_links"), nb::arg("target").none(), nb::arg("threads"));
  module.def("tune", tune, nb::arg("file"), nb::arg("reference"), nb::arg("output").none(),
             nb::arg("text").none(), nb::arg("tokens"), nb::arg("follow_links"),
             nb::arg("target").none(), nb::arg("threads"));
  module.def("evaluate", evaluate, nb::arg("model"), nb::arg("text"), nb::arg("reference").none(),
             nb::arg("window"), nb::arg("max_tokens"), nb::arg("questions").none(),
             nb::arg("answer_tokens"), nb::arg("activations"), nb::arg("follow_links"),
             nb::arg("target").none(), nb::arg("threads"));
  module.def("study", study, nb::arg("source"), nb::arg("hub_name").none(), nb::arg("output"),
             nb::arg("texts"), nb::arg("formats"), nb::arg("files"), nb::arg("publish").none(),
             nb::arg("program").none(), nb::arg("tokens"), nb::arg("window"), nb::arg("generate"),
             nb::arg("sensitivity_tokens"), nb::arg("tune_tokens"), nb::arg("speed_runs"),
             nb::arg("remove_files"), nb::arg("follow_links"), nb::arg("target").none(),
             nb::arg("threads"));
  module.def("resolve", resolve, nb::arg("model"), nb::arg("original"), nb::arg("threads"));
}

}  // namespace cellm_python
