#include "jobs/evaluate_job.h"

#include <algorithm>
#include <memory>
#include <span>

#include "base/advice.h"
#include "eval/model_facts.h"
#include "eval/report.h"
#include "eval/text.h"
#include "io/cellm_file.h"
#include "io/cellm_quality.h"

namespace cellm {
namespace {

// Tokens on which the engine's own floor is measured. It is so small (1e-6 and less with exact
// activations, 0.003 with rounded ones) that more tokens would add nothing, and each costs two runs
// of the reference.
constexpr std::size_t kFloorTokens = 1024;

void check(const EvaluateJobOptions& options) {
  if (options.texts.empty() && options.choices.empty() && options.questions.empty()) {
    throw usage_error(
        "there is nothing to measure: no text, no multiple-choice items, no questions");
  }
  if (!options.store) return;
  if (options.reference.empty() || options.texts.empty()) {
    throw usage_error("only the comparison with a reference on a text can be stored");
  }
  if (!is_cellm_file(options.model)) {
    throw usage_error("{}: quality is stored in .cellm files, and this is none",
                      printable(options.model.string()));
  }
}

const Tokenizer& require_tokenizer(const OpenedModel& model) {
  if (const Tokenizer* tokenizer = model.tokenizer()) return *tokenizer;
  throw data_error(AdviceKind::kGiveTokenizer,
                   "{}: text needs a tokenizer and there is none inside or beside this model",
                   printable(model.path()));
}

MeasuredModel facts_of(const OpenedModel& model) {
  return {model.path(), main_format(model.source()), bits_per_weight(model.source())};
}

class EvaluateJob {
 public:
  EvaluateJob(const EvaluateJobOptions& options, const JobControl& control)
      : options_(options), control_(control) {}

  EvaluateResult run() {
    check(options_);
    result_.options = options_.eval;
    // Cheap checks come before expensive work.
    for (const auto& path : options_.texts) texts_.push_back(read_eval_text(path));
    std::vector<ChoiceItem> items;
    if (!options_.choices.empty()) items = read_choices(options_.choices);
    if (!options_.questions.empty()) result_.questions = read_questions(options_.questions);
    open_models();
    if (!tokens_.empty()) compare();
    if (!items.empty()) choose(items);
    if (!result_.questions.empty()) answer();
    if (options_.store) store();
    return std::move(result_);
  }

 private:
  EngineOptions engine_options(Activations activations) const {
    return {options_.target, options_.threads, kAllLayers, activations};
  }

  void open_models() {
    const OpenOptions how{options_.links, options_.tokenizer_file};
    model_ = std::make_unique<const Engine>(open_model(options_.model, how),
                                            engine_options(options_.activations));
    tokenizer_ = &require_tokenizer(model_->opened());
    for (const EvalText& text : texts_) tokens_.push_back(tokenize_text(text, *tokenizer_));
    result_.text_checksum = text_checksum(texts_);
    result_.model = facts_of(model_->opened());
    result_.target = model_->kernels().name;
    result_.threads = model_->pool().threads();
    if (options_.reference.empty()) return;
    reference_ = std::make_unique<const Engine>(open_model(options_.reference, how),
                                                engine_options(Activations::kF32));
    require_same_tokenizer(*tokenizer_, require_tokenizer(reference_->opened()), texts_,
                           options_.reference.string());
    result_.reference = facts_of(reference_->opened());
  }

  void compare() {
    const EvalSubject subject{model_.get(), options_.kv_encoding};
    result_.evaluation = evaluate({&subject, 1}, reference_.get(), tokens_, options_.eval,
                                  control_.stage(reference_ ? kStageComparing : kStageEvaluating))
                             .front();
    if (reference_ && options_.floor) measure_floor();
  }

  // In an engine of its own if that computes otherwise than the exact one.
  void measure_floor() {
    const bool exact =
        computes_exactly(reference_->source(), options_.activations, reference_->kernels());
    std::unique_ptr<const Engine> own;
    if (!exact) {
      own = std::make_unique<const Engine>(reference_->shared_opened(),
                                           engine_options(options_.activations));
    }
    const EvalSubject subject{exact ? reference_.get() : own.get(), options_.kv_encoding};
    EvalOptions fewer = options_.eval;
    fewer.max_tokens = std::max(kFloorTokens, fewer.window);
    if (options_.eval.max_tokens != 0)
      fewer.max_tokens = std::min(fewer.max_tokens, options_.eval.max_tokens);
    result_.floor = EngineFloor{
        main_format(reference_->source()),
        exact ? "exact" : std::string(activations_name(options_.activations)),
        evaluate({&subject, 1}, reference_.get(), tokens_, fewer, control_.stage(kStageFloor))
            .front()};
  }

  void choose(std::span<const ChoiceItem> items) {
    const EvalSubject subject{model_.get(), options_.kv_encoding};
    result_.choices =
        evaluate_choices(subject, *tokenizer_, items, options_.eval, control_.stage(kStageChoices));
    if (!reference_) return;
    const EvalSubject reference{reference_.get(), KvEncoding::kF32};
    result_.reference_choices = evaluate_choices(reference, *tokenizer_, items, options_.eval,
                                                 control_.stage(kStageReferenceChoices));
  }

  void answer() {
    const auto ask = [&](const Engine& engine, KvEncoding cache, std::string_view stage) {
      return evaluate_answers({&engine, cache}, *tokenizer_, result_.questions, options_.answers,
                              options_.eval, control_.stage(stage));
    };
    result_.answers = ask(*model_, options_.kv_encoding, kStageQuestions);
    if (!reference_) return;
    result_.reference_answers = ask(*reference_, KvEncoding::kF32, kStageReferenceQuestions);
    result_.right_of_reference = right_of_reference(
        right_answers(*result_.answers), right_answers(*result_.reference_answers), options_.eval);
  }

  void store() const {
    const QualitySource from{
        .model = &model_->source(),
        .reference = &reference_->source(),
        .reference_checksum = reference_->opened().checksum(),
        .text_checksum = result_.text_checksum,
        .activations = std::string(activations_name(options_.activations)),
        .kv_encoding = options_.kv_encoding,
    };
    store_quality(*model_->source().cellm_file(),
                  quality_of(*result_.evaluation, options_.eval, from));
  }

  const EvaluateJobOptions& options_;
  const JobControl& control_;
  std::vector<EvalText> texts_;
  std::vector<EvalTokens> tokens_;
  std::unique_ptr<const Engine> model_;
  std::unique_ptr<const Engine> reference_;
  const Tokenizer* tokenizer_ = nullptr;
  EvaluateResult result_;
};

}  // namespace

EvaluateResult run_evaluate(const EvaluateJobOptions& options, const JobControl& control) {
  return EvaluateJob(options, control).run();
}

}  // namespace cellm
