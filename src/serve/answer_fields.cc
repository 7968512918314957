#include "serve/answer_fields.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <random>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "engine/sampling_choice.h"
#include "io/json.h"
#include "serve/api_error.h"
#include "serve/limits.h"

namespace cellm {
namespace {

constexpr double kMaxTemperature = 2.0;  // OpenAI's ranges
constexpr double kMaxPenalty = 2.0;
constexpr double kMaxBias = 100.0;
constexpr double kMaxFactor = 100.0;
constexpr std::size_t kMaxCount = std::size_t{1} << 31;

std::optional<float> real(const Fields& request, std::string_view name, double least, double most) {
  const auto value = request.number(name, least, most);
  if (!value) return std::nullopt;
  return static_cast<float>(*value);
}

RequestedSampling read_sampling(const Fields& request) {
  RequestedSampling sampling;
  sampling.temperature = real(request, "temperature", 0.0, kMaxTemperature);
  sampling.top_p = real(request, "top_p", 0.0, 1.0);
  // 0 asks for the most probable token alone.
  if (sampling.top_p && *sampling.top_p == 0.0F) {
    sampling.top_p = std::numeric_limits<float>::min();
  }
  sampling.min_p = real(request, "min_p", 0.0, 1.0);
  if (const auto k = request.integer("top_k", -1, kMaxCount)) {
    sampling.top_k = *k < 0 ? 0 : static_cast<std::size_t>(*k);
  }
  sampling.presence_penalty = real(request, "presence_penalty", -kMaxPenalty, kMaxPenalty);
  sampling.frequency_penalty = real(request, "frequency_penalty", -kMaxPenalty, kMaxPenalty);
  // llama.cpp's name, and that of vLLM and transformers.
  for (const std::string_view name : {"repeat_penalty", "repetition_penalty"}) {
    if (const auto value = real(request, name, 0.01, kMaxFactor)) sampling.repeat_penalty = value;
  }
  if (const auto window = request.integer("repeat_last_n", -1, kMaxCount)) {
    sampling.repeat_window = *window < 0 ? kMaxCount : static_cast<std::size_t>(*window);
  }
  if (const auto value = real(request, "top_n_sigma", -1.0, kMaxFactor)) {
    sampling.top_n_sigma = std::max(*value, 0.0F);
  }
  sampling.typical_p = real(request, "typical_p", 0.01, 1.0).value_or(sampling.typical_p);
  sampling.xtc_probability = real(request, "xtc_probability", 0.0, 1.0).value_or(0.0F);
  sampling.xtc_threshold = real(request, "xtc_threshold", 0.0, 1.0).value_or(0.1F);
  return sampling;
}

DryOptions read_dry(const Fields& request) {
  DryOptions dry;
  dry.multiplier = real(request, "dry_multiplier", 0.0, kMaxFactor).value_or(dry.multiplier);
  dry.base = real(request, "dry_base", 1.0, kMaxFactor).value_or(dry.base);
  dry.allowed_length =
      request.count("dry_allowed_length", 1, kMaxCount).value_or(dry.allowed_length);
  if (const auto window = request.integer("dry_penalty_last_n", -1, kMaxCount)) {
    dry.window = *window < 0 ? 0 : static_cast<std::size_t>(*window);
  }
  return dry;
}

std::uint32_t parse_id(const std::string& text, const std::string& path, std::size_t vocab_size) {
  std::uint32_t id = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, id);
  if (failed != std::errc() || rest != end || id >= vocab_size) {
    throw field_error(path, "{}: \"{}\" is not the id of a token", path, printable(text));
  }
  return id;
}

float bias_of(const OrderedJson& value, const std::string& path) {
  if (value.is_boolean() && !value.get<bool>()) return -std::numeric_limits<float>::infinity();
  const double bias = value.is_number() ? value.get<double>() : 2 * kMaxBias;
  if (!(std::abs(bias) <= kMaxBias)) {
    throw field_error(path, "{}: a bias is a number between -100 and 100", path);
  }
  // OpenAI: -100 bans a token.
  return bias == -kMaxBias ? -std::numeric_limits<float>::infinity() : static_cast<float>(bias);
}

// OpenAI's {"id": bias}, or llama.cpp's [[id, bias]].
std::vector<LogitBias> read_logit_bias(const Fields& request, std::size_t vocab_size) {
  const OrderedJson* biases = request.find("logit_bias");
  if (biases == nullptr) return {};
  const std::string path = request.path("logit_bias");
  if (!biases->is_structured()) {
    throw field_error(path, "{}: expected an object, found {}", path, json_type(*biases));
  }
  if (biases->size() > kMaxLogitBiases) {
    throw field_error(path, "{}: {} biases are more than {}", path, biases->size(),
                      kMaxLogitBiases);
  }
  std::vector<LogitBias> list;
  if (biases->is_object()) {
    for (const auto& [id, bias] : biases->items()) {
      list.push_back({parse_id(id, path, vocab_size), bias_of(bias, path)});
    }
    return list;
  }
  for (const OrderedJson& pair : *biases) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned()) {
      throw field_error(path, "{}: expected pairs of a token's id and a bias", path);
    }
    const auto id = read_ids(OrderedJson::array({pair[0]}), path, vocab_size).front();
    list.push_back({id, bias_of(pair[1], path)});
  }
  return list;
}

std::vector<std::string> read_stop(const Fields& request) {
  const OrderedJson* stop = request.find("stop");
  if (stop == nullptr) return {};
  const std::string path = request.path("stop");
  std::vector<std::string> list;
  const auto add = [&](const OrderedJson& text) {
    if (!text.is_string()) {
      throw field_error(path, "{}: expected a string or an array of strings, found {}", path,
                        json_type(text));
    }
    list.push_back(text.get<std::string>());
    if (list.back().empty() || list.back().size() > kMaxStopStringBytes) {
      throw field_error(path, "{}: a stop string has 1 to {} bytes", path, kMaxStopStringBytes);
    }
  };
  if (!stop->is_array()) {
    add(*stop);
    return list;
  }
  if (stop->size() > kMaxStopStrings) {
    throw field_error(path, "{}: {} stop strings are more than {}", path, stop->size(),
                      kMaxStopStrings);
  }
  for (const OrderedJson& text : *stop) add(text);
  return list;
}

// −1 is llama.cpp's "as many as fit".
std::optional<std::size_t> read_max_tokens(const Fields& request) {
  std::optional<std::size_t> most;
  for (const std::string_view name :
       {"n_predict", "max_tokens", "max_completion_tokens", "max_output_tokens"}) {
    if (const auto value = request.integer(name, -1, kMaxCount)) {
      most = *value < 0 ? kMaxCount : static_cast<std::size_t>(*value);
    }
  }
  return most;
}

void read_streaming(const Fields& request, AnswerFields& fields) {
  fields.stream = request.boolean("stream").value_or(false);
  if (const auto options = request.object("stream_options")) {
    if (!fields.stream) {
      throw field_error("stream_options", "stream_options: only a request with stream has them");
    }
    fields.include_usage = options->boolean("include_usage").value_or(false);
  }
}

}  // namespace

OutputFormat read_output_format(const Fields& format, bool flat) {
  OutputFormat output;
  output.param = format.path("type");
  format.need("type");
  const auto type = format.choice("type", {"text", "json_object", "json_schema"});
  output.kind = static_cast<OutputFormat::Kind>(*type);
  if (output.kind != OutputFormat::Kind::kJsonSchema) {
    // llama.cpp: {"type": "json_object", "schema": {...}}
    const OrderedJson* schema = format.find("schema");
    if (output.kind == OutputFormat::Kind::kJsonObject && schema != nullptr) {
      output = {OutputFormat::Kind::kJsonSchema,
                std::make_shared<OrderedJson>(*schema),
                {},
                format.path("schema")};
    }
    return output;
  }
  const Fields holder =
      flat ? format : Fields(format.need("json_schema"), format.path("json_schema"));
  holder.boolean("strict");  // a schema always holds
  holder.text("name");
  output.param = holder.path("schema");
  output.schema = std::make_shared<OrderedJson>(holder.need("schema"));
  return output;
}

void set_format(OutputFormat format, AnswerFields& fields) {
  if (format.kind == OutputFormat::Kind::kText) return;
  if (fields.format.kind != OutputFormat::Kind::kText) {
    throw field_error(format.param, "{}: the request also has {}", format.param,
                      fields.format.param);
  }
  fields.format = std::move(format);
}

namespace {

using FormatKind = OutputFormat::Kind;

// Fields by which other servers constrain an answer. Ignored, they would leave it less constrained
// than asked for.
void refuse_fields(const Fields& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const OrderedJson* value = fields.find(name);
    if (value == nullptr || (value->is_boolean() && !value->get<bool>())) continue;
    throw field_error(fields.path(name), "{}: not supported", fields.path(name));
  }
}

std::vector<std::string> read_choices(const Fields& from, std::string_view name) {
  const OrderedJson& list = *from.array(name, kMaxAnswerChoices);
  std::vector<std::string> choices;
  for (const OrderedJson& choice : list) {
    if (!choice.is_string()) {
      throw field_error(from.path(name), "{}: expected strings, found {}", from.path(name),
                        json_type(choice));
    }
    choices.push_back(choice.get<std::string>());
  }
  return choices;
}

// A schema, also as a text.
OrderedJson read_schema(const OrderedJson& value, const std::string& path) {
  if (!value.is_string()) return value;
  try {
    return parse_ordered_json(value.get<std::string>(), path);
  } catch (const Error& error) {
    throw request_error(error, path);
  }
}

void read_constraint(const Fields& from, std::string_view name, FormatKind kind,
                     AnswerFields& fields) {
  const OrderedJson* value = from.find(name);
  if (value == nullptr) return;
  OutputFormat format{.kind = kind, .param = from.path(name)};
  if (kind == FormatKind::kJsonSchema) {
    format.schema = std::make_shared<OrderedJson>(read_schema(*value, format.param));
  } else if (kind == FormatKind::kChoice) {
    format.choices = read_choices(from, name);
  } else {
    format.grammar = *from.text(name);
    // Clients of llama.cpp's server send an empty grammar for none.
    if (kind == FormatKind::kGrammar && format.grammar.empty()) return;
  }
  set_format(std::move(format), fields);
}

// The names of llama.cpp's server, of vLLM and of SGLang.
void read_other_constraints(const Fields& request, AnswerFields& fields) {
  refuse_fields(request,
                {"structural_tag", "allowed_token_ids", "bad_words", "guided_whitespace_pattern"});
  constexpr std::pair<std::string_view, FormatKind> kNames[] = {
      {"json_schema", FormatKind::kJsonSchema},
      {"grammar", FormatKind::kGrammar},
      {"guided_json", FormatKind::kJsonSchema},
      {"guided_regex", FormatKind::kRegex},
      {"guided_choice", FormatKind::kChoice},
      {"guided_grammar", FormatKind::kGrammar},
      {"regex", FormatKind::kRegex},
      {"ebnf", FormatKind::kGrammar}};
  for (const auto& [name, kind] : kNames) read_constraint(request, name, kind, fields);
  const auto outputs = request.object("structured_outputs");
  if (!outputs) return;
  refuse_fields(*outputs, {"structural_tag", "whitespace_pattern", "disable_any_whitespace",
                           "disable_additional_properties"});
  read_constraint(*outputs, "json", FormatKind::kJsonSchema, fields);
  read_constraint(*outputs, "regex", FormatKind::kRegex, fields);
  read_constraint(*outputs, "choice", FormatKind::kChoice, fields);
  read_constraint(*outputs, "grammar", FormatKind::kGrammar, fields);
  if (outputs->boolean("json_object").value_or(false)) {
    set_format({.kind = FormatKind::kJsonObject, .param = outputs->path("json_object")}, fields);
  }
}

}  // namespace

AnswerFields read_answer_fields(const Fields& request, std::size_t vocab_size) {
  AnswerFields fields;
  fields.sampling = read_sampling(request);
  fields.dry = read_dry(request);
  fields.logit_bias = read_logit_bias(request, vocab_size);
  if (const auto seed = request.integer("seed", std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max())) {
    // −1 is llama.cpp's "random"
    if (*seed != -1) fields.seed = static_cast<std::uint64_t>(*seed);
  }
  fields.max_tokens = read_max_tokens(request);
  fields.min_tokens = request.count("min_tokens", 0, kMaxCount).value_or(0);
  fields.stop = read_stop(request);
  fields.answers = request.count("n", 1, kMaxAnswers).value_or(1);
  fields.ignore_end = request.boolean("ignore_eos").value_or(false);
  fields.use_cache = request.boolean("cache_prompt").value_or(true);
  read_streaming(request, fields);
  request.text("model");
  request.text("user");
  if (const auto format = request.object("response_format")) {
    fields.format = read_output_format(*format, false);
  }
  read_other_constraints(request, fields);
  return fields;
}

GenerateOptions generate_options(const AnswerFields& fields, const AnswerDefaults& defaults) {
  GenerateOptions options;
  choose_sampling(fields.sampling, defaults.config, defaults.card, options.sampler);
  options.sampler.seed = fields.seed ? *fields.seed : std::random_device{}();
  options.sampler.dry = fields.dry;
  options.sampler.logit_bias = fields.logit_bias;
  options.max_tokens = fields.max_tokens.value_or(kMaxCount);
  options.min_tokens = fields.min_tokens;
  if (!fields.ignore_end) options.stop_ids = defaults.stop_ids;
  options.unusable_ids = defaults.unusable_ids;
  if (fields.ignore_end) {
    // As llama.cpp: the tokens that end an answer are never chosen.
    for (const std::uint32_t id : defaults.stop_ids) {
      options.sampler.logit_bias.push_back({id, -std::numeric_limits<float>::infinity()});
    }
  }
  options.tokenizer = defaults.tokenizer;
  options.stop_strings = fields.stop;
  return options;
}

}  // namespace cellm
