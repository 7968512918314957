// The fields of a request that say how answers are made; all endpoints share them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/generation.h"
#include "engine/generation_config.h"
#include "engine/sampling_choice.h"
#include "serve/fields.h"

namespace cellm {

// The form that the text of an answer is held to.
struct OutputFormat {
  // kText: any. The others are numbered as the types of response_format up to kJsonSchema.
  enum class Kind { kText, kJsonObject, kJsonSchema, kRegex, kChoice, kGrammar };
  Kind kind = Kind::kText;
  std::shared_ptr<const OrderedJson> schema = {};  // kJsonSchema
  std::string grammar = {};                        // kRegex: the expression; kGrammar: GBNF
  std::string param = {};                          // the field that asks for it
  std::vector<std::string> choices = {};           // kChoice
};

struct AnswerFields {
  RequestedSampling sampling = {};
  DryOptions dry = {};
  std::vector<LogitBias> logit_bias = {};
  std::optional<std::uint64_t> seed = {};
  std::optional<std::size_t> max_tokens = {};  // nothing: the endpoint's default
  std::size_t min_tokens = 0;
  std::vector<std::string> stop = {};
  std::size_t answers = 1;
  bool ignore_end = false;
  bool use_cache = true;
  bool stream = false;
  bool include_usage = false;
  OutputFormat format = {};
};

// Throws ApiError 400.
AnswerFields read_answer_fields(const Fields& request, std::size_t vocab_size);

// `response_format`, or `text.format` of /v1/responses, whose members are one level higher.
OutputFormat read_output_format(const Fields& format, bool flat);
// Any text is no form. Throws ApiError 400 if the answer has another form already.
void set_format(OutputFormat format, AnswerFields& fields);

// The model that answers, as far as the options depend on it.
struct AnswerDefaults {
  SamplingDefaults config = {};  // of the model's generation config
  SamplingDefaults card = {};    // of its card; counts in conversations
  std::vector<std::uint32_t> stop_ids = {};
  std::vector<std::uint32_t> unusable_ids = {};
  const Tokenizer* tokenizer = nullptr;
};

// The options of a generation, with a seed drawn if none is given. Throws ApiError 400 for a
// format that is not supported.
GenerateOptions generate_options(const AnswerFields& fields, const AnswerDefaults& defaults);

}  // namespace cellm
