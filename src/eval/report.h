// Evaluations as JSON, and as the quality entry of a .cellm file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "engine/engine.h"
#include "engine/sequence.h"
#include "eval/answers.h"
#include "eval/choices.h"
#include "eval/evaluate.h"
#include "io/cellm_quality.h"
#include "io/json.h"

namespace cellm {

// "second-half" or "all"; parsing throws Error(kUsage).
std::string_view scored_part_name(ScoredPart scored);
ScoredPart parse_scored_part(std::string_view name);

// The figures as plain numbers (perplexity, kld_mean, top1, ...; those of a comparison only with a
// reference), and under "intervals" for each of them [low, high] or null. docs/cli.md lists them.
nlohmann::ordered_json to_json(const Evaluation& evaluation);
nlohmann::ordered_json to_json(const ChoiceEvaluation& evaluation);
// Also each answer, under "items". of_reference: right_of_reference(), if there is a reference.
nlohmann::ordered_json to_json(const AnswerEvaluation& evaluation,
                               std::span<const Question> questions,
                               const std::optional<Estimate>& of_reference = std::nullopt);
// A figure under `key`, and its interval under "intervals", which must be there.
void put_estimate(nlohmann::ordered_json& json, const char* key, const Estimate& estimate);

// The conditions under which the quality of a file was measured.
struct QualitySource {
  const ModelSource* model = nullptr;
  const ModelSource* reference = nullptr;
  std::uint64_t reference_checksum = 0;  // model_checksum()
  std::uint64_t text_checksum = 0;       // text_checksum()
  std::string activations = "int8";      // of the model, spelled as for --activations
  KvEncoding kv_encoding = KvEncoding::kF16;
};

// The entry for a file, with today's date. `evaluation` must have a comparison.
Quality quality_of(const Evaluation& evaluation, const EvalOptions& options,
                   const QualitySource& from);

}  // namespace cellm
