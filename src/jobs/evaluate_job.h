// Evaluation of a model: perplexity, KL divergence from a reference, multiple choice, answers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "eval/answers.h"
#include "eval/choices.h"
#include "eval/evaluate.h"
#include "jobs/job.h"

namespace cellm {

struct EvaluateJobOptions {
  std::filesystem::path model;
  std::filesystem::path reference;           // empty: no comparison
  std::vector<std::filesystem::path> texts;  // each is a document
  std::filesystem::path choices;             // empty: none
  std::filesystem::path questions;           // kDefaultQuestions: the built-in ones; empty: none
  AnswerOptions answers;
  std::string tokenizer_file;  // in place of the models' own; empty: their own
  EvalOptions eval;
  KvEncoding kv_encoding = KvEncoding::kF32;  // exact, so that equal models have divergence 0
  Activations activations = Activations::kInt8;
  bool floor = true;   // with a reference: also measure the engine's own error
  bool store = false;  // write the comparison into the header of the model, a .cellm file
  Links links = Links::kInside;
  unsigned threads = 0;
  std::string target;  // CPU target; empty: the best there is
};

// An evaluated model.
struct MeasuredModel {
  std::string path;
  std::string format;  // of most weights
  double bits_per_weight = 0.0;
};

// The divergence of the reference with the engine's default arithmetic from exact arithmetic.
struct EngineFloor {
  std::string weights;      // their format
  std::string activations;  // "exact", or as in the options
  Evaluation evaluation;
};

struct EvaluateResult {
  MeasuredModel model;
  std::optional<MeasuredModel> reference;
  std::string target;  // CPU target
  unsigned threads = 0;
  EvalOptions options;
  std::uint64_t text_checksum = 0;
  std::optional<Evaluation> evaluation;
  std::optional<EngineFloor> floor;
  std::optional<ChoiceEvaluation> choices;
  std::optional<ChoiceEvaluation> reference_choices;
  std::vector<Question> questions;
  std::optional<AnswerEvaluation> answers;
  std::optional<AnswerEvaluation> reference_answers;
  std::optional<Estimate> right_of_reference;
};

// Throws Cancelled; Error(kUsage) for contradicting options, Error(kData) for a model
// without tokenizer, and what evaluate(), evaluate_choices() and evaluate_answers() throw.
EvaluateResult run_evaluate(const EvaluateJobOptions& options, const JobControl& control);

}  // namespace cellm
