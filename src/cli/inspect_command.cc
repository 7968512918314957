#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "cli/model_argument.h"
#include "cli/raw_listing.h"
#include "convert/rules.h"
#include "engine/opened_model.h"
#include "format/formats.h"
#include "io/cellm_file.h"
#include "io/cellm_quality.h"
#include "io/json.h"
#include "io/shape.h"

namespace cellm {
namespace {

struct Totals {
  std::uint64_t tensors = 0;
  std::uint64_t weights = 0;
  std::uint64_t bytes = 0;

  void add(const TensorInfo& info) {
    ++tensors;
    weights += info.rows() * info.cols();
    bytes += info.stored_bytes;
  }
  double bits_per_weight() const {
    return weights == 0 ? 0.0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(weights);
  }
};

// Checksums by payload name; empty unless this is a .cellm file that has them.
struct CellmDetails {
  std::map<std::string, std::uint64_t> checksums;
  std::vector<CellmEntry> blobs;
  std::optional<Quality> quality;
};

void print_quality(const Quality& q) {
  fmt::print(
      "\nquality: {}\n"
      "  {} predictions on text {:016x}, windows of {} ({}), {} activations, {} cache\n"
      "  perplexity {:.4f}, {:.4f} times that of reference {:016x}; same first choice {:.2f} %\n"
      "  measured {} by {}\n",
      quality_summary(q), q.predictions, q.text_checksum, q.window, printable(q.scored),
      printable(q.activations), printable(q.kv_encoding), q.perplexity, q.perplexity_ratio,
      q.reference_checksum, q.top1 * 100.0, printable(q.date), printable(q.writer));
}

CellmDetails cellm_details(const CellmHeader& header) {
  CellmDetails details;
  for (const auto& entry : header.tensors) {
    if (entry.checksum) details.checksums[entry.name] = *entry.checksum;
  }
  details.blobs = header.blobs;
  details.quality = read_quality(header);
  return details;
}

// The configuration by field, in the order of printing.
std::vector<std::pair<std::string, Json>> config_fields(const ModelConfig& config) {
  std::size_t delta_nets = 0;
  for (const LayerSpec& layer : config.layers)
    delta_nets += layer.mixer == MixerKind::kGatedDeltaNet ? 1 : 0;
  return {{"model_type", config.model_type},
          {"layers", config.layers.size()},
          {"delta_net_layers", delta_nets},
          {"attention_layers", config.layers.size() - delta_nets},
          {"hidden_size", config.hidden},
          {"intermediate_size", config.intermediate},
          {"attention_heads", config.heads},
          {"kv_heads", config.kv_heads},
          {"head_dim", config.head_dim},
          {"rotary_dim", config.rotary_dim},
          {"rope_theta", config.rope_theta},
          {"vocab_size", config.vocab_size},
          {"tied_embedding", config.tied_embedding ? Json(*config.tied_embedding) : Json()},
          {"context", config.max_positions},
          {"eos_ids", config.eos_ids}};
}

// The facts of a model to print.
struct Contents {
  const OpenedModel& model;
  CellmDetails details;
  Totals all = {};
  std::map<TensorClass, Totals> classes = {};

  // Empty if the tensor has none.
  std::string checksum(const std::string& name) const {
    const auto found = details.checksums.find(name);
    return found == details.checksums.end() ? std::string() : fmt::format("{:016x}", found->second);
  }
};

void print_json(const std::string& path, const Contents& contents) {
  nlohmann::ordered_json fields;
  for (const auto& [key, value] : config_fields(contents.model.config())) fields[key] = value;
  nlohmann::ordered_json json{{"path", path},
                              {"config", fields},
                              {"tensor_count", contents.all.tensors},
                              {"weights", contents.all.weights},
                              {"tensor_bytes", contents.all.bytes},
                              {"bits_per_weight", contents.all.bits_per_weight()}};
  if (std::filesystem::is_regular_file(path)) json["file_bytes"] = std::filesystem::file_size(path);
  json["tensors"] = nlohmann::json::array();
  for (const auto& info : contents.model.source().tensors()) {
    nlohmann::ordered_json tensor{{"name", info.name},
                                  {"shape", info.shape},
                                  {"format", stored_name(info)},
                                  {"dtype", info.stored_as},
                                  {"bytes", info.stored_bytes}};
    if (info.group != 0) tensor["group"] = info.group;
    if (const auto sum = contents.checksum(info.name); !sum.empty()) tensor["xxh3"] = sum;
    json["tensors"].push_back(std::move(tensor));
  }
  json["blobs"] = nlohmann::json::array();
  for (const auto& blob : contents.details.blobs)
    json["blobs"].push_back({{"name", blob.name}, {"bytes", blob.bytes}});
  if (contents.details.quality) json["quality"] = quality_json(*contents.details.quality);
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_text(const Contents& contents) {
  for (const auto& [key, value] : config_fields(contents.model.config()))
    fmt::print("{:<18} {}\n", key, value.dump());
  fmt::print("\n{:<64} {:<18} {:<10} {:>12} {}\n", "tensor", "shape", "format", "bytes",
             contents.details.checksums.empty() ? "" : "xxh3");
  for (const auto& info : contents.model.source().tensors()) {
    fmt::print("{:<64} {:<18} {:<10} {:>12} {}\n", printable(info.name), shape_text(info.shape),
               stored_name(info), info.stored_bytes, contents.checksum(info.name));
  }
  fmt::print("\n{:<18} {:>8} {:>14} {:>14} {:>8}\n", "class", "tensors", "weights", "bytes",
             "bits/w");
  const auto line = [](std::string_view name, const Totals& t) {
    fmt::print("{:<18} {:>8} {:>14} {:>14} {:>8.3f}\n", name, t.tensors, t.weights, t.bytes,
               t.bits_per_weight());
  };
  for (const auto& [key, totals] : contents.classes) line(tensor_class_name(key), totals);
  line("total", contents.all);
  for (const auto& blob : contents.details.blobs)
    fmt::print("blob {:<40} {:>12} bytes\n", printable(blob.name), blob.bytes);
  if (contents.details.quality) print_quality(*contents.details.quality);
}

int print_model(const OpenedModel& opened, const std::string& path, bool as_json) {
  const CellmFile* cellm = opened.source().cellm_file();
  Contents contents{opened, cellm == nullptr ? CellmDetails{} : cellm_details(cellm->header)};
  const auto ids = tensor_ids(opened.source(), opened.config());
  for (const auto& info : opened.source().tensors()) {
    contents.all.add(info);
    const auto id = ids.find(info.name);
    contents.classes[tensor_class(info, id == ids.end() ? std::nullopt : std::optional(id->second))]
        .add(info);
  }
  if (as_json) {
    print_json(path, contents);
  } else {
    print_text(contents);
  }
  return 0;
}

// A container that holds no model that cellm runs is listed as it is.
int run(const std::string& path, bool as_json, Links links) {
  const std::string file = model_path(path);
  std::shared_ptr<const OpenedModel> opened;
  try {
    opened = open_model(file, {links});
  } catch (const Error& error) {
    std::error_code ignored;
    const bool is_file = std::filesystem::is_regular_file(file, ignored);
    if (error.kind() != ErrorKind::kUnsupported && !(is_file && error.kind() == ErrorKind::kData)) {
      throw;
    }
    std::optional<RawContainer> raw;
    try {
      raw = open_raw_container(file, links);
    } catch (const Error&) {
      throw error;
    }
    if (!raw) throw error;
    print_raw_container(path, *raw, error.what(), as_json);
    return 0;
  }
  return print_model(*opened, path, as_json);
}

Run configure(Options& options) {
  auto path = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  auto links = std::make_shared<Links>(Links::kInside);
  options.add("file,-m,--model", *path, ".cellm file, Hugging Face folder or .gguf file")
      .required();
  options.add_flag("--json", *json, "As JSON");
  add_follow_links(options, *links);
  options.footer("Example:\n  cellm inspect qwen.cellm");
  return [path, json, links] { return run(*path, *json, *links); };
}

}  // namespace

const Command kInspectCommand{
    "inspect", "Show what a model file holds: configuration, tensors, bits per weight", configure};

}  // namespace cellm
