// Derived figures of the document of a study, study.json.
#pragma once

#include <map>
#include <string>

#include "eval/coherence.h"
#include "io/json.h"

namespace cellm {

// Summaries, and under "samples" all texts.
nlohmann::ordered_json coherence_json(const Coherence& coherence);

// A figure; NaN for null, which stands for a missing one.
double number_or_nan(const nlohmann::ordered_json& json);

// Adds to each of document["formats"] its compression (times smaller than the first, which is f16),
// "judgement" and "pareto": whether no other format is both as small and nearer to the reference.
void judge_formats(nlohmann::ordered_json& document);

// Puts the answers to the original study's prompts into document["samples"]; written: the "samples"
// of coherence_json() by the name of the format.
void add_samples(nlohmann::ordered_json& document,
                 const std::map<std::string, nlohmann::ordered_json>& written);

}  // namespace cellm
