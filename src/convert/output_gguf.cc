// GGUF files: names and orders of tensors, metadata, tokenizer.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "convert/output.h"
#include "format/formats.h"
#include "io/gguf_blocks.h"
#include "io/gguf_layout.h"
#include "model/arch/family.h"
#include "model/gguf/config.h"
#include "model/gguf/tensor_map.h"
#include "model/rope.h"
#include "tokenizer/gguf_tokenizer.h"

namespace cellm {
namespace {

constexpr std::uint32_t kQuantizationVersion = 2;  // of ggml's block types

// general.file_type, llama.cpp's number of a file most of whose weights are of a type. Readers show
// it and compute nothing from it.
struct FileType {
  std::string_view type;
  std::uint32_t number;
};
constexpr FileType kFileTypes[] = {
    {"F32", 0},      {"F16", 1},     {"Q4_0", 2},     {"Q4_1", 3},   {"Q8_0", 7},    {"Q5_0", 8},
    {"Q5_1", 9},     {"Q2_K", 10},   {"Q3_K", 12},    {"Q4_K", 15},  {"Q5_K", 17},   {"Q6_K", 18},
    {"IQ2_XXS", 19}, {"IQ2_XS", 20}, {"IQ3_XXS", 23}, {"IQ1_S", 24}, {"IQ4_NL", 25}, {"IQ3_S", 26},
    {"IQ2_S", 28},   {"IQ4_XS", 30}, {"IQ1_M", 31},   {"BF16", 32},  {"TQ1_0", 36},  {"TQ2_0", 37},
    {"MXFP4", 38},   {"NVFP4", 39},  {"Q1_0", 40}};

// In the order of the forward pass.
std::tuple<int, std::size_t, TensorRole> place_of(const PlannedTensor& tensor) {
  const TensorId id = *tensor.id;
  const int part = is_in_layer(id.role) ? 1 : (id == kEmbeddingId ? 0 : 2);
  return {part, id.layer, id.role};
}

const GgmlType& type_of(const OpenedModel& model, const PlannedTensor& tensor) {
  const FormatId format = tensor.shape.format;
  const GgmlType* type = find_ggml_type(format);
  if (type == nullptr) {
    throw usage_error(
        "{}: tensor {} would be {}, which a GGUF file does not hold; give it a format "
        "of ggml",
        printable(model.path()), printable(tensor.name), format_choice_name(tensor.choice));
  }
  if (tensor.layout != &own_layout(format)) {
    throw usage_error("{}: tensor {} is packed, which a GGUF file does not hold; give it a format",
                      printable(model.path()), printable(tensor.name));
  }
  return *type;
}

void place_tensor(const OpenedModel& model, PlannedTensor& tensor) {
  GgufName name = gguf_name(*tensor.id, model.config());
  tensor.stored_name = std::move(name.name);
  tensor.transform = name.transform;
  if (tensor.kept != Kept::kBytes || tensor.transform.columns.is_identity()) return;
  if (is_half(tensor.shape.format) || tensor.shape.format == kExactFormat) {
    tensor.kept = Kept::kValues;
    return;
  }
  throw usage_error(
      "{}: tensor {} is {} and has its columns in another order in a GGUF file, so that its blocks "
      "cannot be kept; give it a format",
      printable(model.path()), printable(tensor.name), format_choice_name(tensor.choice));
}

// Nothing for a type that has no such number.
std::optional<std::uint32_t> file_type(const ConvertOptions& options, const ConvertPlan& plan) {
  if (const auto* mixed = std::get_if<MixtureFormats>(&options.formats)) {
    return mixed->mixture->file_type;
  }
  std::map<std::string_view, std::uint64_t> weights;
  for (const PlannedTensor& tensor : plan.tensors) {
    weights[find_ggml_type(tensor.shape.format)->name] += tensor.info.rows() * tensor.info.cols();
  }
  const auto most =
      std::max_element(weights.begin(), weights.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto* found = std::ranges::find(kFileTypes, most->first, &FileType::type);
  return found == std::end(kFileTypes) ? std::nullopt : std::optional(found->number);
}

// The ids of the tokens that have a purpose.
class SpecialIds {
 public:
  SpecialIds(const OpenedModel& model, const GgufTokenizer& tokenizer)
      : model_(model), tokenizer_(tokenizer), tokens_(model.source().special_tokens()) {}

  void add_to(GgufMetadata& metadata) const {
    const auto bos = tokenizer_.bos_id ? tokenizer_.bos_id : find("bos_token", "bos_token_id");
    const auto eos = eos_id();
    add(metadata, "bos", bos);
    add(metadata, "eos", eos);
    add(metadata, "eot", other_end(eos));
    add(metadata, "unknown", find("unk_token", "unk_token_id"));
    add(metadata, "padding", find("pad_token", "pad_token_id"));
  }

 private:
  static void add(GgufMetadata& metadata, std::string_view name, std::optional<std::uint32_t> id) {
    if (id) metadata.add_u32(fmt::format("tokenizer.ggml.{}_token_id", name), *id);
  }

  std::optional<std::uint32_t> named(std::string_view name) const {
    if (!tokens_) return std::nullopt;
    const auto text = tokens_->find(name);
    if (text == tokens_->end()) return std::nullopt;
    const auto found = std::ranges::find(tokenizer_.tokens, text->second);
    if (found == tokenizer_.tokens.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - tokenizer_.tokens.begin());
  }

  // Of config.json: a number or the first of a list.
  std::optional<std::uint32_t> configured(std::string_view key) const {
    const Json& root = model_.config_document();
    const auto text = root.find("text_config");
    for (const Json* object : {text == root.end() ? &root : &*text, &root}) {
      const auto found = object->find(key);
      if (found == object->end()) continue;
      const Json& value = found->is_array() && !found->empty() ? found->front() : *found;
      if (!value.is_number_unsigned()) continue;
      if (const auto id = value.get<std::uint64_t>(); id < tokenizer_.tokens.size()) {
        return static_cast<std::uint32_t>(id);
      }
    }
    return std::nullopt;
  }

  std::optional<std::uint32_t> find(std::string_view name, std::string_view key) const {
    const auto id = named(name);
    return id ? id : configured(key);
  }

  std::optional<std::uint32_t> eos_id() const {
    if (const auto id = named("eos_token")) return id;
    const auto& ends = model_.generation_end_ids();
    return ends.empty() ? configured("eos_token_id") : std::optional(ends.front());
  }

  // An id that ends an answer and that readers would not find by themselves.
  std::optional<std::uint32_t> other_end(std::optional<std::uint32_t> eos) const {
    for (const std::uint32_t id : model_.generation_end_ids()) {
      if (id == eos || id >= tokenizer_.tokens.size()) continue;
      if (!ends_answers(tokenizer_.tokens[id])) return id;
    }
    return std::nullopt;
  }

  const OpenedModel& model_;
  const GgufTokenizer& tokenizer_;
  std::optional<SpecialTokens> tokens_;
};

void add_tokenizer(const OpenedModel& model, const Tokenizer& tokenizer, GgufMetadata& metadata) {
  const GgufTokenizer gguf =
      make_gguf_tokenizer(tokenizer.spec(), model.config().vocab_size, printable(model.path()));
  metadata.add_string("tokenizer.ggml.model", gguf.model);
  metadata.add_string("tokenizer.ggml.pre", gguf.pre);
  metadata.add_strings("tokenizer.ggml.tokens", gguf.tokens);
  metadata.add_i32s("tokenizer.ggml.token_type", gguf.token_types);
  metadata.add_strings("tokenizer.ggml.merges", gguf.merges);
  SpecialIds(model, gguf).add_to(metadata);
  metadata.add_bool("tokenizer.ggml.add_bos_token", gguf.add_bos.value_or(false));
}

void add_chat_templates(const ChatTemplates& templates, GgufMetadata& metadata) {
  std::vector<std::string_view> names;
  for (const auto& [name, text] : templates) {
    if (name == kDefaultChatTemplate) {
      metadata.add_string("tokenizer.chat_template", text);
      continue;
    }
    names.push_back(name);
    metadata.add_string(fmt::format("tokenizer.chat_template.{}", name), text);
  }
  if (!names.empty()) metadata.add_strings("tokenizer.chat_templates", names);
}

GgufMetadata metadata_of(const OpenedModel& model, const ConvertOptions& options,
                         ConvertPlan& plan) {
  GgufMetadata metadata;
  metadata.add_string("general.architecture", model.config().family->gguf.architecture);
  metadata.add_string("general.type", "model");
  const std::filesystem::path path(model.path());
  const auto name = path.has_filename() ? path.stem() : path.parent_path().filename();
  metadata.add_string("general.name", printable(name.string()));
  if (const auto type = file_type(options, plan)) metadata.add_u32("general.file_type", *type);
  metadata.add_u32("general.quantization_version", kQuantizationVersion);
  const std::string where = printable(model.path()) + ":";
  add_gguf_model_keys(model.config(), JsonNode(model.config_document(), where), metadata);
  if (const std::string& text = model.source().generation_config_json(); !text.empty()) {
    const Json document = parse_python_json(text, model.path());
    add_gguf_sampling_keys(JsonNode(document, where), metadata);
  }
  const Tokenizer* tokenizer = options.tokenizer ? model.tokenizer() : nullptr;
  if (tokenizer != nullptr) {
    add_tokenizer(model, *tokenizer, metadata);
    if (std::string lost = lost_in_gguf(tokenizer->spec()); !lost.empty()) {
      plan.notes.push_back(std::move(lost));
    }
  } else {
    metadata.add_string("tokenizer.ggml.model", "none");
  }
  add_chat_templates(model.source().chat_templates(), metadata);
  return metadata;
}

}  // namespace

void finish_gguf(const OpenedModel& model, const ConvertOptions& options, ConvertPlan& plan) {
  for (PlannedTensor& tensor : plan.tensors) place_tensor(model, tensor);
  std::ranges::sort(plan.tensors, {}, place_of);
  std::vector<GgufEntry> entries;
  for (const PlannedTensor& tensor : plan.tensors) {
    entries.push_back({tensor.stored_name, gguf_shape(tensor.info.shape), type_of(model, tensor).id,
                       tensor.code_bytes});
  }
  const std::vector<float> factors = rope_factors(model.config());
  if (!factors.empty()) {
    const GgufFamily& family = model.config().family->gguf;
    const bool has_place =
        std::ranges::find(family.held_by_config, kRopeFactorsTensor) != family.held_by_config.end();
    // The tensor has no factor of cos and sin beside it, as LongRoPE needs.
    if (!has_place || rope_magnitude(model.config()) != 1.0F) {
      throw unsupported_error("{}: a GGUF file of architecture {} cannot say its rope scaling",
                              printable(model.path()), family.architecture);
    }
    const std::size_t bytes = factors.size() * sizeof(float);
    plan.blobs.push_back(
        {std::string(kRopeFactorsTensor), {reinterpret_cast<const char*>(factors.data()), bytes}});
    entries.push_back({std::string(kRopeFactorsTensor), {factors.size()}, kGgmlF32, bytes});
  }
  plan.flat = lay_out_gguf(metadata_of(model, options, plan), entries, plan.blobs.size());
  plan.file_bytes = plan.flat.bytes;
}

}  // namespace cellm
