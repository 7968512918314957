// The scores of predictions as JSON, from which they are read bit by bit.
#pragma once

#include "eval/evaluate.h"
#include "io/json.h"

namespace cellm {

// An array for each figure.
nlohmann::ordered_json scores_json(const EvalScores& scores);

// Appends them. Throws Error(kData), naming the source, for another form.
void add_scores(const nlohmann::ordered_json& json, std::string_view source, EvalScores& scores);

}  // namespace cellm
