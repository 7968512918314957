#include <utility>

#include <fmt/ranges.h>

#include "base/memory.h"
#include "capi/handles.h"
#include "engine/answer_ids.h"
#include "eval/model_facts.h"
#include "io/cellm_quality.h"
#include "io/parameter_count.h"

using namespace cellm;

namespace {

// Whether a conversation can be made without being told a format.
bool has_chat_format(const LoadedModel& model) {
  if (model.tokenizer == nullptr) return false;
  try {
    return model.engine.opened().chat() != nullptr;
  } catch (const Error&) {
    return false;  // the template cannot be used; cellm_chat_prompt() says why
  }
}

std::uint32_t end_token_of(const ModelConfig& config) {
  return config.eos_ids.empty() ? CELLM_NO_TOKEN : config.eos_ids.front();
}

std::shared_ptr<const LoadedModel> load(const char* path, const cellm_model_options& o) {
  const EngineOptions options{.target = text_or_empty(o.target),
                              .threads = o.threads,
                              .max_layers = o.max_layers == 0 ? kAllLayers : o.max_layers,
                              .activations = activations_of(o.activations)};
  auto loaded = std::make_shared<LoadedModel>(
      open_model(path, {links_of(o.follow_links), text_or_empty(o.tokenizer_file)}), options);
  const OpenedModel& opened = loaded->engine.opened();
  if (loaded->tokenizer != nullptr) {
    loaded->unusable_ids = unusable_ids(loaded->engine, *loaded->tokenizer);
  }
  loaded->format = main_format(opened.source());
  loaded->target = loaded->engine.kernels().name;
  if (opened.quality()) loaded->quality = quality_summary(*opened.quality());
  loaded->notes = fmt::format("{}", fmt::join(opened.notes(), "\n"));
  return loaded;
}

}  // namespace

namespace cellm {

Activations activations_of(int value) {
  switch (value) {
    case CELLM_ACTIVATIONS_INT8:
      return Activations::kInt8;
    case CELLM_ACTIVATIONS_FAST:
      return Activations::kFast;
    case CELLM_ACTIVATIONS_F32:
      return Activations::kF32;
    default:
      throw usage_error("activations {} are unknown", value);
  }
}

}  // namespace cellm

cellm_status cellm_available_memory(std::uint64_t* bytes, const char** limited_by) {
  return guarded([&] {
    std::uint64_t& out = required(bytes, "bytes");
    const AvailableMemory available = available_memory();
    out = available.bytes;
    if (limited_by == nullptr) return;
    // Literals, so they end with a zero and stay.
    *limited_by = available.limited_by.empty() ? "" : available.limited_by.data();
  });
}

cellm_status cellm_model_open(const char* path, const cellm_model_options* options,
                              cellm_model** model) {
  return guarded([&] {
    cellm_model*& out = required(model, "model");
    const char* from = &required(path, "path");
    out = new cellm_model{load(from, options_of(options, "cellm_model_options"))};
  });
}

void cellm_model_free(cellm_model* model) {
  delete model;
}

cellm_status cellm_model_get_facts(const cellm_model* model, cellm_model_facts* facts) {
  return guarded([&] {
    const LoadedModel& of = *required(model, "model").loaded;
    const ModelConfig& config = of.engine.config();
    required(facts, "facts");
    give_result(cellm_model_facts{.size = 0,
                                  .vocab_size = config.vocab_size,
                                  .hidden_size = config.hidden,
                                  .layers = config.layers.size(),
                                  .context = config.max_positions,
                                  .parameters = parameter_count(of.engine.source()),
                                  .bits_per_weight = bits_per_weight(of.engine.source()),
                                  .has_tokenizer = of.tokenizer != nullptr ? 1 : 0,
                                  .has_chat_format = has_chat_format(of) ? 1 : 0,
                                  .threads = of.engine.pool().threads(),
                                  .end_token = end_token_of(config)},
                checked_result(facts, "cellm_model_facts"));
  });
}

const char* cellm_model_type(const cellm_model* model) {
  return model == nullptr ? "" : model->loaded->engine.config().model_type.c_str();
}

const char* cellm_model_format(const cellm_model* model) {
  return model == nullptr ? "" : model->loaded->format.c_str();
}

const char* cellm_model_target(const cellm_model* model) {
  return model == nullptr ? "" : model->loaded->target.c_str();
}

const char* cellm_model_quality(const cellm_model* model) {
  return model == nullptr ? "" : model->loaded->quality.c_str();
}

const char* cellm_model_notes(const cellm_model* model) {
  return model == nullptr ? "" : model->loaded->notes.c_str();
}

const char* cellm_model_chat_template(const cellm_model* model) {
  return model == nullptr ? "" : model->loaded->engine.opened().chat_template().c_str();
}

const char* cellm_model_named_chat_template(const cellm_model* model, const char* name) {
  if (model == nullptr || name == nullptr) return "";
  const ChatTemplates& templates = model->loaded->engine.source().chat_templates();
  const auto found = templates.find(std::string_view(name));
  return found == templates.end() ? "" : found->second.c_str();
}
