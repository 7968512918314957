#include "convert/output.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "io/cellm_writer.h"
#include "io/chat_templates.h"
#include "io/folder_writer.h"
#include "tokenizer/compact.h"

namespace cellm {
namespace {

std::vector<ConvertPlan::Blob> chat_template_blobs(const ModelSource& source) {
  std::vector<ConvertPlan::Blob> blobs;
  ChatTemplates others = source.chat_templates();
  others.erase(std::string(kDefaultChatTemplate));
  if (const std::string& own = source.chat_template(); !own.empty()) {
    blobs.push_back({std::string(kChatTemplateBlob), own});
  }
  if (!others.empty()) {
    blobs.push_back({std::string(kChatTemplatesBlob), chat_templates_json(others)});
  }
  return blobs;
}

// The special tokens, as JSON, if a chat template reads any; else empty.
std::string tokens_of_template(const ModelSource& source) {
  const std::optional<SpecialTokens> tokens = source.special_tokens();
  const bool reads =
      std::any_of(kSpecialTokenNames.begin(), kSpecialTokenNames.end(), [&](std::string_view name) {
        return std::any_of(
            source.chat_templates().begin(), source.chat_templates().end(),
            [name](const auto& item) { return item.second.find(name) != std::string::npos; });
      });
  return tokens && reads ? Json(*tokens).dump() : std::string();
}

// Tensors with their scales, in the order of the plan, and blobs; offsets are not set yet.
std::pair<std::vector<CellmEntry>, std::vector<CellmEntry>> cellm_entries(const ConvertPlan& plan) {
  std::vector<CellmEntry> tensors;
  for (const auto& tensor : plan.tensors) {
    const StoredType type{tensor.shape.format, tensor.layout};
    tensors.push_back({.name = tensor.name,
                       .dtype = stored_dtype(type),
                       .shape = tensor.info.shape,
                       .bytes = tensor.code_bytes});
    if (type.layout->has_trellis_code) tensors.back().trellis = tensor.shape.trellis;
    if (tensor.column_scale_bytes != 0) {
      tensors.push_back({.name = tensor.name + std::string(kColumnScaleSuffix),
                         .dtype = "f16",
                         .shape = {tensor.info.cols()},
                         .bytes = tensor.column_scale_bytes});
    }
    if (tensor.scale_bytes == 0) continue;
    std::vector<std::size_t> shape = type.layout->sizes(tensor.shape).scale_shape;
    // With a format of groups the scales are a matrix even if a row has a single group.
    if (shape.size() == 1 && tensor.choice.group != 0) shape.push_back(1);
    tensors.push_back({.name = tensor.name + std::string(kScaleSuffix),
                       .dtype = "f16",
                       .shape = std::move(shape),
                       .bytes = tensor.scale_bytes});
  }
  std::vector<CellmEntry> blobs;
  for (const auto& blob : plan.blobs) {
    blobs.push_back({.name = blob.name, .bytes = blob.bytes.size()});
  }
  return {std::move(tensors), std::move(blobs)};
}

}  // namespace

void finish_cellm(const OpenedModel& model, const ConvertOptions& options,
                  const std::optional<QuantizerLabel>& quantizer, ConvertPlan& plan) {
  const ModelSource& source = model.source();
  plan.header_json = cellm_header_json(model, quantizer, options.adapters);
  if (options.tokenizer) {
    if (const Tokenizer* tokenizer = model.contained_tokenizer()) {
      const auto bytes = serialize_tokenizer(tokenizer->spec());
      plan.blobs.push_back({std::string(kTokenizerBlob),
                            {reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
    }
  }
  for (auto& blob : chat_template_blobs(source)) plan.blobs.push_back(std::move(blob));
  if (const std::string tokens = tokens_of_template(source); !tokens.empty()) {
    plan.blobs.push_back({std::string(kSpecialTokensBlob), tokens});
  }
  if (!source.generation_config_json().empty()) {
    plan.blobs.push_back({std::string(kGenerationConfigBlob), source.generation_config_json()});
  }
  auto [tensors, blobs] = cellm_entries(plan);
  plan.file_bytes = planned_cellm_bytes(plan.header_json, std::move(tensors), std::move(blobs));
}

std::unique_ptr<PayloadWriter> open_output(const ConvertPlan& plan,
                                           const std::filesystem::path& path) {
  switch (plan.container) {
    case Container::kCellm: {
      auto [tensors, blobs] = cellm_entries(plan);
      return std::make_unique<CellmWriter>(path, plan.header_json, std::move(tensors),
                                           std::move(blobs));
    }
    case Container::kGguf:
      return std::make_unique<FlatWriter>(path, plan.flat);
    case Container::kFolder:
      break;
  }
  std::vector<std::string> names;
  for (const ConvertPlan::Blob& blob : plan.blobs) names.push_back(blob.name);
  return std::make_unique<FolderWriter>(path, plan.flat, std::move(names));
}

}  // namespace cellm
