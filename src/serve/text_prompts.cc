#include "serve/text_prompts.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/limits.h"
#include "serve/output_constraint.h"

namespace cellm {
namespace {

TextPrompt prompt_of_ids(const ServedModel& model, const OrderedJson& ids,
                         const std::string& path) {
  TextPrompt prompt;
  prompt.ids = read_ids(ids, path, model.vocab_size);
  for (const std::uint32_t id : prompt.ids) {
    if (!model.tokenizer().contains(id)) {
      throw field_error(path, "{}: {} is not a token of this model", path, id);
    }
  }
  prompt.text = model.tokenizer().decode(prompt.ids, false);
  return prompt;
}

std::vector<std::uint32_t> ids_of(const ServedModel& model, const std::string& text,
                                  const std::string& path) {
  try {
    return model.tokenizer().encode(text, true);
  } catch (const Error& error) {
    throw request_error(error, path);
  }
}

TextPrompt prompt_of_text(const ServedModel& model, const OrderedJson& text,
                          const std::string& path) {
  TextPrompt prompt;
  prompt.text = text.get<std::string>();
  prompt.ids = model.tokenizer().bos_from_template();
  const auto ids = ids_of(model, prompt.text, path);
  prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
  return prompt;
}

bool is_text(const OrderedJson& prompt) {
  return prompt.is_string() || (prompt.is_object() && prompt.contains("prompt_string"));
}

// A text, or llama.cpp's {"prompt_string": text}.
TextPrompt prompt_of(const ServedModel& model, const OrderedJson& prompt, const std::string& path) {
  if (!prompt.is_object()) return prompt_of_text(model, prompt, path);
  const Fields parts(prompt, path);
  if (parts.has("multimodal_data")) {
    throw field_error(path, "{}: images and sound are not supported", path);
  }
  parts.text("prompt_string");
  return prompt_of_text(model, parts.need("prompt_string"), path);
}

// Ids, with texts between them as llama.cpp takes them.
TextPrompt prompt_of_sequence(const ServedModel& model, const OrderedJson& sequence,
                              const std::string& path) {
  TextPrompt prompt;
  OrderedJson ids = OrderedJson::array();
  const auto end_ids = [&] {
    const auto more = prompt_of_ids(model, std::exchange(ids, OrderedJson::array()), path).ids;
    prompt.ids.insert(prompt.ids.end(), more.begin(), more.end());
  };
  for (const OrderedJson& part : sequence) {
    if (!part.is_string()) {
      ids.push_back(part);
      continue;
    }
    end_ids();
    const auto more = ids_of(model, part.get<std::string>(), path);
    prompt.ids.insert(prompt.ids.end(), more.begin(), more.end());
  }
  end_ids();
  prompt.text = model.tokenizer().decode(prompt.ids, false);
  return prompt;
}

std::vector<TextPrompt> checked(const ServedModel& model, std::vector<TextPrompt> prompts) {
  for (const TextPrompt& prompt : prompts) require_room(model, prompt.ids.size(), "prompt");
  return prompts;
}

}  // namespace

std::vector<TextPrompt> read_prompts(const ServedModel& model, const OrderedJson& prompt) {
  const std::string path = "prompt";
  if (is_text(prompt)) return checked(model, {prompt_of(model, prompt, path)});
  if (!prompt.is_array()) {
    throw field_error(path, "prompt: expected a string, token ids, or an array of either, found {}",
                      json_type(prompt));
  }
  const bool is_sequence = std::any_of(prompt.begin(), prompt.end(),
                                       [](const OrderedJson& part) { return part.is_number(); });
  if (prompt.empty() || is_sequence) {
    return checked(model, {prompt_of_sequence(model, prompt, path)});
  }
  if (prompt.size() > kMaxPrompts) {
    throw field_error(path, "prompt: {} prompts are more than {}", prompt.size(), kMaxPrompts);
  }
  std::vector<TextPrompt> prompts;
  for (const OrderedJson& one : prompt) {
    prompts.push_back(is_text(one) ? prompt_of(model, one, path) : prompt_of_ids(model, one, path));
  }
  return checked(model, std::move(prompts));
}

void require_answers(std::size_t prompts, std::size_t answers) {
  if (prompts * answers <= kMaxAnswerTexts) return;
  throw field_error("n", "n: {} prompts times {} answers are more than {}", prompts, answers,
                    kMaxAnswerTexts);
}

GenerateOptions text_options(const ServedModel& model, const AnswerFields& fields,
                             std::optional<std::size_t> top_logprobs) {
  AnswerDefaults defaults = model.defaults;
  defaults.card = {};
  GenerateOptions options = generate_options(fields, defaults);
  options.top_logprobs = top_logprobs;
  hold_to_format(fields.format, options);
  return options;
}

std::vector<CompletionRequest> text_requests(std::span<const TextPrompt> prompts,
                                             const AnswerFields& fields,
                                             const GenerateOptions& options) {
  std::vector<CompletionRequest> requests;
  for (const TextPrompt& prompt : prompts) {
    CompletionRequest& one = requests.emplace_back();
    one.prompt = prompt.ids;
    one.options = options;
    one.answers = fields.answers;
    one.use_cache = fields.use_cache;
  }
  return requests;
}

}  // namespace cellm
