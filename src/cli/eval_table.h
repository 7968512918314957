// What `cellm eval` found, and its tables for people.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "eval/choices.h"
#include "eval/evaluate.h"

namespace cellm {

// Everything that was loaded and measured.
struct EvalResults {
  std::unique_ptr<const Engine> model;
  std::unique_ptr<const Engine> reference;
  std::vector<EvalText> texts;
  EvalOptions options;
  std::optional<Evaluation> evaluation;
  std::optional<Evaluation> floor;  // the reference as users run it, against its exact self
  std::string floor_what;
  std::optional<ChoiceEvaluation> choices;
  std::optional<ChoiceEvaluation> reference_choices;
};

// On stdout: the reference, the engine's own floor, the evaluation, the choices, as far as there
// are any.
void print_eval_tables(const EvalResults& results);

}  // namespace cellm
