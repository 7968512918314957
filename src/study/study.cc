#include "study/study.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "base/version.h"
#include "convert/convert.h"
#include "engine/opened_model.h"
#include "eval/coherence.h"
#include "eval/evaluate.h"
#include "eval/model_facts.h"
#include "eval/report.h"
#include "io/cellm_file.h"
#include "study/document.h"
#include "study/formats.h"
#include "study/measures.h"
#include "study/report.h"
#include "study/sensitivity.h"
#include "study/step_store.h"
#include "study/work.h"
#include "tokenizer/compact.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Part of every key: a change to how something is measured changes it.
constexpr std::string_view kMethod = "1";

// Models that are evaluated side by side: the reference then runs once for all of them. More would
// lose more when interrupted, and need more memory.
constexpr std::size_t kFormatsTogether = 4;
constexpr std::uint64_t kBytesTogether = std::uint64_t{4} << 30;

// The windows of the sensitivity are short, so that few tokens see several places of the texts.
constexpr std::size_t kSensitivityWindow = 256;

constexpr std::size_t kSpeedPrompt = 128;  // tokens
constexpr std::size_t kSpeedDecode = 64;

// Work of a step in tokens through the model, for the time left. Decoding in a batch is a little
// slower than a prompt, a process of its own has to load.
constexpr double kGeneratedWeight = 1.3;
constexpr double kConvertWork = 400.0;
constexpr double kSpeedRunWork = 1200.0;

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

// A format with what was decided for its tensors.
struct Row {
  StudyFormat format;
  ConvertPlan plan;
  std::string signature;               // equal for formats that give the same tensors
  std::optional<std::size_t> same_as;  // an earlier row of the same tensors
  std::filesystem::path file;
  std::string key;     // of the file
  bool is_own = true;  // else the file was there before and stays as it is
};

class Study {
 public:
  Study(const StudyOptions& options, const StudyHooks& hooks)
      : options_(options),
        hooks_(hooks),
        work_(hooks),
        model_(open_model(options.source, {options.links, options.tokenizer})),
        steps_(options.output / "steps") {
    if (options_.texts.empty()) {
      throw usage_error(AdviceKind::kStudyText,
                        "a study needs text that the model was not made for");
    }
    tokenizer_ = model_->tokenizer();
    if (tokenizer_ == nullptr) {
      throw unsupported_error("{}: a study needs a tokenizer, and there is none",
                              printable(model_->path()));
    }
    for (const auto& path : options_.texts) {
      EvalText text = read_eval_text(path);
      text.name = path.filename().string();
      tokens_.push_back(tokenize_text(text, *tokenizer_));
      // Found now and not after all files have been made.
      if (tokens_.back().ids.size() < options_.window) {
        throw usage_error("{}: {} tokens are less than a window of {}", printable(text.name),
                          tokens_.back().ids.size(), options_.window);
      }
      texts_.push_back(std::move(text));
    }
    if (options_.window > model_->config().max_positions) {
      throw usage_error("a window of {} tokens is beyond the model's context of {}",
                        options_.window, model_->config().max_positions);
    }
    if (options_.tokens != 0 && options_.tokens < options_.window) {
      throw usage_error("{} tokens are less than a window of {}", options_.tokens, options_.window);
    }
    source_checksum_ = model_->checksum();
    text_checksum_ = text_checksum(texts_);
    const auto tokenizer_bytes = serialize_tokenizer(tokenizer_->spec());
    source_key_ = step_key({kMethod, kProgramVersion, fmt::format("{:x}", source_checksum_),
                            std::string_view(reinterpret_cast<const char*>(tokenizer_bytes.data()),
                                             tokenizer_bytes.size())});
    eval_.window = options_.window;
    eval_.max_tokens = options_.tokens;
    eval_key_ =
        step_key({source_key_, fmt::format("{:x}", text_checksum_),
                  fmt::format("{} {} {}", eval_.window, eval_.max_tokens, options_.target)});
    plan_rows();
  }

  OrderedJson run() {
    plan_work();
    if (options_.keep || something_missing_) {
      for (const Row& row : rows_) make_file(row);
    }
    evaluate_rows();
    write_texts();
    if (options_.speed_runs > 0) {
      for (const Row& row : rows_) measure_speed(row);
    }
    if (options_.sensitivity_tokens > 0) measure_parts();
    measure_histograms();
    OrderedJson document;
    std::string markdown;
    std::string html;
    try {
      document = assemble();
      markdown = report_markdown(document);
      html = report_html(document);
    } catch (const OrderedJson::exception& failure) {  // whole steps, but of another program
      throw data_error("{}: a step kept here has another form than this version's ({}); remove it",
                       printable((options_.output / "steps").string()), printable(failure.what()));
    }
    write_text_file(options_.output / "study.json", document.dump(1) + "\n");
    write_text_file(options_.output / "report.md", markdown);
    write_text_file(options_.output / "report.html", html);
    if (!options_.keep) {
      for (const Row& row : rows_) {
        std::error_code ignored;
        if (!row.same_as && row.is_own) std::filesystem::remove(row.file, ignored);
      }
    }
    return document;
  }

 private:
  void plan_rows() {
    std::map<std::string, std::size_t> seen;
    for (StudyFormat& format : study_formats(options_.formats)) {
      Row row;
      row.plan = plan_conversion(*model_, format.options);
      for (const PlannedTensor& tensor : row.plan.tensors) {
        row.signature += fmt::format("{} {} {}\n", tensor.name, format_choice_name(tensor.choice),
                                     tensor.shape.group);
      }
      row.signature +=
          scale_method_name(has_codes(row.plan) ? format.options.scale : ScaleMethod::kAbsmax);
      row.key = step_key({source_key_, row.signature});
      const auto [known, added] = seen.emplace(row.signature, rows_.size());
      if (!added) row.same_as = known->second;
      const std::string& name = added ? format.name : rows_[known->second].format.name;
      row.file = options_.output / (name + ".cellm");
      row.format = std::move(format);
      rows_.push_back(std::move(row));
    }
    for (const auto& file : options_.files) add_file(file);
  }

  void add_file(const std::filesystem::path& file) {
    const std::string path = printable(file.string());
    if (!is_cellm_file(file)) throw data_error("{}: no .cellm file", path);
    const auto opened = open_model(file, {options_.links});
    require_same_model(opened->config(), model_->config(), file.string());
    Row row;
    row.format.name = file.stem().string();
    for (const Row& other : rows_) {
      if (other.format.name != row.format.name) continue;
      throw usage_error("{}: there is a row {} already; give the file another name", path,
                        printable(row.format.name));
    }
    row.format.options.scale = ScaleMethod::kAuto;
    row.plan.file_bytes = std::filesystem::file_size(file);
    row.file = file;
    row.key = step_key({source_key_, fmt::format("{:x}", opened->checksum())});
    row.is_own = false;
    steps_.store("convert-" + row.format.name, row.key,
                 size_json(opened->source(), row.plan.file_bytes));
    rows_.push_back(std::move(row));
  }

  std::string speed_key(const Row& row) const {
    return step_key(
        {row.key, fmt::format("{} {} {}", options_.threads, options_.target, options_.speed_runs)});
  }
  std::string coherence_key(const Row& row) const {
    return step_key({row.key, fmt::format("{} {}", options_.generate, options_.target)});
  }
  std::string row_eval_key(const Row& row) const { return step_key({row.key, eval_key_}); }
  std::string parts_key(const Row& row) const {
    return step_key({row.key, eval_key_, fmt::format("{}", options_.sensitivity_tokens)});
  }

  bool has_file(const Row& row) const {
    std::error_code failure;
    return steps_.find("convert-" + row.format.name, row.key).has_value() &&
           std::filesystem::is_regular_file(row.file, failure);
  }

  bool missing(const std::string& step, const std::string& key) const {
    return !steps_.find(step, key).has_value();
  }

  // Rows whose parts are measured one by one: those that the original study found wanting, with
  // both ways of choosing int2's scale.
  std::vector<const Row*> part_rows() const {
    std::vector<const Row*> result;
    for (const Row& row : rows_) {
      const std::string& name = row.format.name;
      if (name == "int4" || name == "int2" || name == "int2-mse" || name == "int1") {
        result.push_back(&row);
      }
    }
    if (result.empty() && rows_.size() > 1) result.push_back(&rows_.back());
    return result;
  }

  double coherence_work() const {
    return static_cast<double>(2 * coherence_prompts().size() * options_.generate) *
           (1.0 + kGeneratedWeight);
  }
  std::size_t eval_tokens() const {
    std::size_t tokens = 0;
    for (const EvalTokens& text : tokens_) tokens += text.ids.size() / eval_.window * eval_.window;
    return eval_.max_tokens == 0 ? tokens : std::min(tokens, eval_.max_tokens);
  }

  void plan_work() {
    const auto tokens = static_cast<double>(eval_tokens());
    for (const Row& row : rows_) {
      if (row.same_as) continue;
      const std::string& name = row.format.name;
      const bool file = has_file(row);
      if (missing("eval-" + name, row_eval_key(row)) || (options_.keep && !file)) {
        plan_step(tokens * (1.0 + 1.0 / kFormatsTogether));
      }
      if (missing("coherence-" + name, coherence_key(row))) plan_step(coherence_work());
      if (options_.speed_runs > 0 && missing("speed-" + name, speed_key(row))) {
        plan_step(kSpeedRunWork * static_cast<double>(options_.speed_runs));
      }
    }
    if (options_.sensitivity_tokens > 0) {
      for (const Row* row : part_rows()) {
        if (missing("parts-" + row->format.name, parts_key(*row))) plan_step(parts_work());
      }
    }
    if (missing("eval-floor", row_eval_key(rows_[0]))) plan_step(2.0 * tokens);
    if (missing("histograms", histogram_key())) plan_step(kConvertWork);
    if (!options_.keep && !something_missing_) return;
    for (const Row& row : rows_) {
      if (!row.same_as && !has_file(row)) plan_step(kConvertWork);
    }
  }

  void plan_step(double amount) {
    something_missing_ = true;
    work_.plan(amount);
  }

  std::string histogram_key() const {
    std::string key = source_key_;
    for (const Row& row : rows_) key = step_key({key, row.key});
    return key;
  }

  double parts_work() {
    if (parts_.empty()) parts_ = model_parts(*model_);
    return static_cast<double>(parts_.size() * options_.sensitivity_tokens);
  }

  Engine engine(const std::filesystem::path& file, Activations activations) const {
    return {
        open_model(file),
        {options_.target, options_.threads, std::numeric_limits<std::size_t>::max(), activations}};
  }

  void make_file(const Row& row) {
    if (row.same_as || has_file(row)) return;
    work_.begin(fmt::format("{}: converting", row.format.name), kConvertWork);
    // A new file does not say yet what it is worth: its evaluation is done again and goes into it.
    if (options_.keep) steps_.remove("eval-" + row.format.name);
    ThreadPool pool(options_.threads);
    convert(*model_, row.plan, row.file, pool, [&](std::uint64_t done, std::uint64_t total) {
      work_.update(static_cast<std::size_t>(done), static_cast<std::size_t>(total));
    });
    steps_.store("convert-" + row.format.name, row.key, size_json(row.plan));
  }

  void evaluate_rows() {
    std::vector<const Row*> todo;
    for (const Row& row : rows_) {
      if (!row.same_as && missing("eval-" + row.format.name, row_eval_key(row)))
        todo.push_back(&row);
    }
    const bool floor = missing("eval-floor", row_eval_key(rows_[0]));
    std::size_t begin = 0;
    while (begin < todo.size()) {
      std::size_t end = begin;
      std::uint64_t bytes = 0;
      while (end < todo.size() && end - begin < kFormatsTogether &&
             (end == begin || bytes + todo[end]->plan.file_bytes <= kBytesTogether)) {
        bytes += todo[end]->plan.file_bytes;
        ++end;
      }
      evaluate_together({todo.begin() + static_cast<std::ptrdiff_t>(begin),
                         todo.begin() + static_cast<std::ptrdiff_t>(end)});
      begin = end;
    }
    if (floor) evaluate_floor();
  }

  void evaluate_together(const std::vector<const Row*>& rows) {
    std::string names;
    for (const Row* row : rows) names += (names.empty() ? "" : ", ") + row->format.name;
    work_.begin(names + ": perplexity and KL divergence", static_cast<double>(eval_tokens()) *
                                                              (1.0 + 1.0 / kFormatsTogether) *
                                                              static_cast<double>(rows.size()));
    const Engine teacher = engine(rows_[0].file, Activations::kF32);
    std::vector<std::unique_ptr<Engine>> engines;
    std::vector<EvalSubject> subjects;
    for (const Row* row : rows) {
      engines.push_back(std::make_unique<Engine>(engine(row->file, Activations::kInt8)));
      subjects.push_back({engines.back().get(), KvEncoding::kF16});
    }
    const auto evaluations =
        evaluate(subjects, &teacher, tokens_, eval_,
                 [&](std::size_t done, std::size_t total) { work_.update(done, total); });
    for (std::size_t i = 0; i < rows.size(); ++i) {
      // The reference is the source in 16 bits, and known by the source's checksum: that of the f16
      // file changes with what is written into its own header.
      const QualitySource from{&engines[i]->source(), &teacher.source(), source_checksum_,
                               text_checksum_};
      if (options_.keep && rows[i]->is_own)
        store_quality(*engines[i]->source().cellm_file(), quality_of(evaluations[i], eval_, from));
      steps_.store("eval-" + rows[i]->format.name, row_eval_key(*rows[i]), to_json(evaluations[i]));
    }
  }

  // What the engine itself loses, apart from any format: int8 weights with exact activations, to
  // compare with the row int8, whose activations have 8 bits.
  void evaluate_floor() {
    const auto int8 = std::find_if(rows_.begin(), rows_.end(),
                                   [](const Row& row) { return row.format.name == "int8"; });
    OrderedJson floor = OrderedJson::object();
    if (int8 != rows_.end()) {
      work_.begin("int8 with exact activations: perplexity and KL divergence",
                  2.0 * static_cast<double>(eval_tokens()));
      const Engine teacher = engine(rows_[0].file, Activations::kF32);
      const Engine exact = engine(int8->file, Activations::kF32);
      const EvalSubject subject{&exact, KvEncoding::kF32};
      floor["int8_exact"] = to_json(
          evaluate({&subject, 1}, &teacher, tokens_, eval_,
                   [&](std::size_t done, std::size_t total) { work_.update(done, total); })[0]);
    }
    steps_.store("eval-floor", row_eval_key(rows_[0]), floor);
  }

  void write_texts() {
    std::unique_ptr<Engine> teacher;
    for (const Row& row : rows_) {
      if (row.same_as || !missing("coherence-" + row.format.name, coherence_key(row))) continue;
      if (!teacher) teacher = std::make_unique<Engine>(engine(rows_[0].file, Activations::kF32));
      write_texts_of(row, *teacher);
    }
  }

  void write_texts_of(const Row& row, const Engine& teacher) {
    work_.begin(
        fmt::format("{}: writing {} texts", row.format.name, 2 * coherence_prompts().size()),
        coherence_work());
    const Engine model = engine(row.file, Activations::kInt8);
    CoherenceOptions options;
    options.tokens = options_.generate;
    const Coherence coherence =
        measure_coherence(model, teacher, *tokenizer_, options,
                          [&](std::size_t done, std::size_t total) { work_.update(done, total); });
    steps_.store("coherence-" + row.format.name, coherence_key(row), coherence_json(coherence));
  }

  void measure_speed(const Row& row) {
    const std::string step = "speed-" + row.format.name;
    if (row.same_as || !missing(step, speed_key(row))) return;
    const auto runs = static_cast<double>(options_.speed_runs);
    work_.begin(fmt::format("{}: speed and memory", row.format.name), kSpeedRunWork * runs);
    const std::vector<std::uint32_t>& ids = tokens_[0].ids;
    const std::vector<std::uint32_t> prompt(
        ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(kSpeedPrompt, ids.size())));
    std::vector<SpeedMeasurement> measured;
    for (std::size_t i = 0; i < options_.speed_runs; ++i) {
      measured.push_back(hooks_.measure_speed(row.file, prompt, kSpeedDecode));
      work_.update(i + 1, options_.speed_runs);
    }
    steps_.store(step, speed_key(row), speed_json(measured));
  }

  void measure_parts() {
    for (const Row* row : part_rows()) {
      const std::string step = "parts-" + row->format.name;
      if (!missing(step, parts_key(*row))) continue;
      work_.begin(fmt::format("{}: one part of the model at a time", row->format.name),
                  parts_work());
      const auto reference = open_model(rows_[0].file);
      const auto quantized = open_model(row->file);
      const auto parts = model_parts(*reference);
      SensitivityOptions options{{}, options_.target, options_.threads};
      options.eval.window = std::min(kSensitivityWindow, options_.window);
      options.eval.max_tokens = options_.sensitivity_tokens;
      options.eval.resamples = 0;
      const auto found = measure_sensitivity(
          reference, quantized, parts, tokens_, options,
          [&](std::size_t done, std::size_t total) { work_.update(done, total); });
      steps_.store(step, parts_key(*row), sensitivity_json(parts, found));
    }
  }

  void measure_histograms() {
    const std::string key = histogram_key();
    if (!missing("histograms", key)) return;
    work_.begin("histograms of weights", kConvertWork);
    std::vector<FormatFile> files;
    for (const Row& row : rows_) {
      if (!row.same_as) files.push_back({row.format.name, row.file});
    }
    steps_.store("histograms", key, histograms_json(rows_[0].file, files));
  }

  OrderedJson assemble() {
    OrderedJson document{{"study", 1},
                         {"writer", kProgramVersion},
                         {"date", now_utc()},
                         {"source",
                          {{"name", options_.source.filename().string()},
                           {"checksum", fmt::format("{:016x}", source_checksum_)},
                           {"model_type", model_->config().model_type},
                           {"layers", model_->config().layers.size()},
                           {"hidden", model_->config().hidden},
                           {"vocab_size", model_->config().vocab_size},
                           {"format", main_format(model_->source())}}},
                         {"settings",
                          {{"tokens", eval_tokens()},
                           {"window", options_.window},
                           {"scored", scored_part_name(eval_.scored)},
                           {"text_checksum", fmt::format("{:016x}", text_checksum_)},
                           {"generate", options_.generate},
                           {"temperature", CoherenceOptions{}.temperature},
                           {"seed", CoherenceOptions{}.seed},
                           {"sensitivity_tokens", options_.sensitivity_tokens},
                           {"speed_prompt", kSpeedPrompt},
                           {"speed_decode", kSpeedDecode},
                           {"speed_runs", options_.speed_runs},
                           {"threads", ThreadPool(options_.threads).threads()},
                           {"target", kernel_table(options_.target.c_str()).name}}}};
    OrderedJson& texts = document["texts"] = OrderedJson::array();
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      texts.push_back({{"name", texts_[i].name},
                       {"bytes", texts_[i].text.size()},
                       {"tokens", tokens_[i].ids.size()}});
    }
    document["floor"] = steps_.find("eval-floor", row_eval_key(rows_[0])).value();
    OrderedJson& formats = document["formats"] = OrderedJson::array();
    std::map<std::string, OrderedJson> written;  // texts by format
    for (const Row& row : rows_) {
      const Row& measured = row.same_as ? rows_[*row.same_as] : row;
      const std::string& name = measured.format.name;
      OrderedJson entry{{"name", row.format.name},
                        {"flags", row.format.flags},
                        {"scale", scale_method_name(row.format.options.scale)},
                        {"in_study", row.format.in_study},
                        {"in_variants", row.format.in_variants}};
      if (row.same_as) entry["same_as"] = name;
      const OrderedJson size = steps_.find("convert-" + name, measured.key).value();
      for (const char* key :
           {"file_bytes", "tensor_bytes", "weights", "bits_per_weight", "body_bits_per_weight"}) {
        entry[key] = size.at(key);
      }
      entry["evaluation"] = steps_.find("eval-" + name, row_eval_key(measured)).value();
      OrderedJson coherence = steps_.find("coherence-" + name, coherence_key(measured)).value();
      if (!row.same_as) written[name] = coherence["samples"];
      coherence.erase("samples");
      entry["coherence"] = std::move(coherence);
      if (const auto speed = steps_.find("speed-" + name, speed_key(measured))) {
        entry["speed"] = *speed;
      }
      formats.push_back(std::move(entry));
    }
    judge_formats(document);
    add_samples(document, written);
    OrderedJson& parts = document["sensitivity"] = OrderedJson::array();
    if (options_.sensitivity_tokens > 0) {
      for (const Row* row : part_rows()) {
        parts.push_back(
            {{"format", row->format.name},
             {"parts", steps_.find("parts-" + row->format.name, parts_key(*row)).value()}});
      }
    }
    document["histograms"] = steps_.find("histograms", histogram_key()).value();
    return document;
  }

  const StudyOptions& options_;
  const StudyHooks& hooks_;
  Work work_;
  std::shared_ptr<const OpenedModel> model_;
  StepStore steps_;
  const Tokenizer* tokenizer_ = nullptr;
  std::vector<EvalText> texts_;
  std::vector<EvalTokens> tokens_;
  std::uint64_t source_checksum_ = 0;
  std::uint64_t text_checksum_ = 0;
  std::string source_key_;
  std::string eval_key_;
  EvalOptions eval_;
  std::vector<Row> rows_;  // f16 first
  std::vector<ModelPart> parts_;
  bool something_missing_ = false;
};

}  // namespace

OrderedJson run_study(const StudyOptions& options, const StudyHooks& hooks) {
  return Study(options, hooks).run();
}

}  // namespace cellm
