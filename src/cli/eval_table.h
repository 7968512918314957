// The results of `cellm eval` as a table and as JSON.
#pragma once

#include <string>

#include "jobs/evaluate_job.h"

namespace cellm {

// As in the arguments.
struct EvalSetting {
  std::string model;
  std::string reference;
  std::string activations;
  std::string kv_encoding;
};

// On stdout.
void print_eval_tables(const EvaluateResult& results, const EvalSetting& setting);
void print_eval_json(const EvaluateResult& results, const EvalSetting& setting);

}  // namespace cellm
