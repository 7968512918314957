// Hugging Face folders: config.json, the tokenizer's files and model.safetensors.
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "convert/output.h"
#include "format/formats.h"
#include "io/safetensors_layout.h"
#include "model/arch/family.h"
#include "model/rope.h"
#include "tokenizer/write_tokenizer_json.h"

namespace cellm {
namespace {

// Keys of config.json that are about the files and not about the model.
constexpr std::string_view kFileKeys[] = {"quantization", "quantization_config", "dtype",
                                          "torch_dtype", "transformers_version"};

constexpr std::string_view kBf16 = "bf16";

std::string_view dtype_of(std::string_view format) {
  if (format == kBf16) return "BF16";
  return format == "f16" ? "F16" : "F32";
}

std::string name_of(const OpenedModel& model, TensorId id) {
  return (id == kOutputId ? "" : "model.") + tensor_name(model.config(), id);
}

bool are_close(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](float x, float y) { return std::fabs(x - y) <= 1e-4F * y; });
}

// Llama 3's scaling from the factors that a GGUF file has in its place. All of its models have
// these limits of the blend, and a power of two as context.
Json llama3_of(const OpenedModel& model, const FactorsRope& factors) {
  const double factor = std::round(
      static_cast<double>(*std::max_element(factors.factors.begin(), factors.factors.end())));
  ModelConfig config = model.config();
  for (std::size_t context = 1; context <= config.max_positions; context *= 2) {
    const Llama3Rope rope{factor, 1.0, 4.0, static_cast<double>(context)};
    config.rope_scaling = rope;
    if (!are_close(rope_factors(config), factors.factors)) continue;
    return {{"rope_type", "llama3"},
            {"rope_theta", config.rope_theta},
            {"factor", rope.factor},
            {"low_freq_factor", rope.low_freq_factor},
            {"high_freq_factor", rope.high_freq_factor},
            {"original_max_position_embeddings", context}};
  }
  throw unsupported_error(
      "{}: its rope factors are not those of Llama 3, and config.json has no other name for them",
      printable(model.path()));
}

void replace_own_keys(const OpenedModel& model, Json& config) {
  if (const auto* factors = std::get_if<FactorsRope>(&model.config().rope_scaling)) {
    config["rope_parameters"] = llama3_of(model, *factors);
    config.erase("rope_scaling");
  }
  const auto biases = config.find("cellm_qkv_bias");
  if (biases == config.end()) return;
  if (*biases == false) {
    throw unsupported_error("{}: is a qwen2 model without biases, which transformers does not have",
                            printable(model.path()));
  }
  config.erase(biases);
}

// That of the text model alone.
std::string config_json(const OpenedModel& model, const ConvertPlan& plan, std::string_view dtype) {
  const Json& root = model.config_document();
  const bool nested = root.contains("text_config");
  Json config = nested ? root["text_config"] : root;
  for (const char* key : {"bos_token_id", "eos_token_id", "pad_token_id"}) {
    if (!config.contains(key) && root.contains(key)) config[key] = root[key];
  }
  for (const std::string_view key : kFileKeys) config.erase(std::string(key));
  replace_own_keys(model, config);
  if (nested || !config.contains("architectures")) {
    config["architectures"] = Json::array({model.config().family->gguf.class_name});
  }
  config["model_type"] = model.config().family->gguf.model_type;
  config["tie_word_embeddings"] =
      std::none_of(plan.tensors.begin(), plan.tensors.end(),
                   [](const PlannedTensor& tensor) { return tensor.id == kOutputId; });
  config["torch_dtype"] = dtype;
  return config.dump(2) + "\n";
}

// The text of the token that config.json names by its id; empty if there is none.
std::string configured_token(const OpenedModel& model, const Tokenizer& tokenizer,
                             const char* key) {
  const Json& root = model.config_document();
  const Json& text = root.contains("text_config") ? root["text_config"] : root;
  auto id = text.find(key);
  if (id == text.end()) id = root.find(key);
  if (id == root.end() || id == text.end()) return {};
  const Json& value = id->is_array() && !id->empty() ? id->front() : *id;
  if (!value.is_number_unsigned()) return {};
  const auto number = value.get<std::uint64_t>();
  if (number >= tokenizer.vocab_size() || !tokenizer.contains(static_cast<std::uint32_t>(number))) {
    return {};
  }
  return tokenizer.token_bytes(static_cast<std::uint32_t>(number));
}

std::string tokenizer_config_json(const OpenedModel& model, const Tokenizer& tokenizer) {
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"clean_up_tokenization_spaces", false},
                 {"model_max_length", model.config().max_positions}};
  if (const auto tokens = model.source().special_tokens()) {
    for (const auto& [name, text] : *tokens) config[name] = text;
  } else {
    for (const char* name : {"bos", "eos", "pad"}) {
      const std::string text =
          configured_token(model, tokenizer, fmt::format("{}_token_id", name).c_str());
      if (!text.empty()) config[fmt::format("{}_token", name)] = text;
    }
  }
  return config.dump(2) + "\n";
}

void add_tokenizer(const OpenedModel& model, ConvertPlan& plan) {
  const Tokenizer* tokenizer = model.tokenizer();
  if (tokenizer == nullptr) return;
  const TokenizerData data = model.source().tokenizer();
  const auto* text = std::get_if<TokenizerJson>(&data);
  plan.blobs.push_back(
      {"tokenizer.json", text != nullptr ? text->text : write_tokenizer_json(tokenizer->spec())});
  plan.blobs.push_back({"tokenizer_config.json", tokenizer_config_json(model, *tokenizer)});
}

void add_chat_templates(const ChatTemplates& templates, ConvertPlan& plan) {
  for (const auto& [name, text] : templates) {
    if (name == kDefaultChatTemplate) {
      plan.blobs.push_back({"chat_template.jinja", text});
    } else {
      plan.notes.push_back(fmt::format("the chat template \"{}\" is left out", printable(name)));
    }
  }
}

}  // namespace

FormatChoice folder_choice(const ModelSource& source) {
  std::uint64_t all = 0;
  std::uint64_t bf16 = 0;
  for (const TensorInfo& info : source.tensors()) {
    const std::uint64_t weights = info.rows() * info.cols();
    all += weights;
    if (stored_name(info) == kBf16) bf16 += weights;
  }
  return 2 * bf16 > all ? FormatChoice{*find_dtype(kBf16), 0} : FormatChoice{};
}

void finish_folder(const OpenedModel& model, const ConvertOptions& options, ConvertPlan& plan) {
  std::vector<SafetensorsTensor> entries;
  for (PlannedTensor& tensor : plan.tensors) {
    const FormatId format = tensor.shape.format;
    if (!is_half(format) && format != kExactFormat) {
      throw usage_error("{}: tensor {} would be {}; a folder holds f16 and bf16",
                        printable(model.path()), printable(tensor.name),
                        format_choice_name(tensor.choice));
    }
    tensor.stored_name = name_of(model, *tensor.id);
    entries.push_back({tensor.stored_name, dtype_of(format_spec(format).name), tensor.info.shape,
                       tensor.code_bytes});
  }
  const FormatId body = std::get<GeneralFormats>(options.formats).body.format;
  plan.blobs.push_back(
      {"config.json",
       config_json(model, plan, format_spec(body).name == kBf16 ? "bfloat16" : "float16")});
  if (const std::string& text = model.source().generation_config_json(); !text.empty()) {
    plan.blobs.push_back({"generation_config.json", text});
  }
  if (options.tokenizer) add_tokenizer(model, plan);
  add_chat_templates(model.source().chat_templates(), plan);
  plan.flat = lay_out_safetensors(entries);
  plan.file_bytes = plan.flat.bytes;
}

}  // namespace cellm
