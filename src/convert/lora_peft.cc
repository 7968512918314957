// PEFT (peft/tuners/lora/layer.py, get_delta_weight): W + scale · B · A, for an embedding
// W + scale · (B · A)ᵀ.

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "convert/lora_adapter.h"
#include "convert/name_pattern.h"
#include "io/file_kind.h"
#include "io/json.h"
#include "io/quantized/numbers.h"
#include "io/quantized/quantized.h"
#include "io/safetensors.h"

namespace cellm {
namespace {

constexpr std::string_view kModelPrefix = "base_model.model.";
constexpr std::uint64_t kMaxRank = 1 << 16;

// Initializations after which the base's own weights are others.
constexpr std::array<std::string_view, 4> kChangesOfBase{"pissa", "olora", "corda", "loftq"};

struct Pattern {
  NamePattern pattern;
  double value;
};

struct PeftConfig {
  double rank = 8;  // PEFT's defaults
  double alpha = 8;
  bool stabilized = false;
  std::vector<Pattern> ranks;
  std::vector<Pattern> alphas;

  static double chosen(const std::vector<Pattern>& patterns, std::string_view module,
                       double otherwise) {
    for (const Pattern& pattern : patterns) {
      if (pattern.pattern.found_in(module)) return pattern.value;
    }
    return otherwise;
  }
  double rank_of(std::string_view module) const { return chosen(ranks, module, rank); }
  float scale_of(std::string_view module) const {
    const double r = rank_of(module);
    return static_cast<float>(chosen(alphas, module, alpha) / (stabilized ? std::sqrt(r) : r));
  }
};

// PEFT matches (.*\.)?(KEY)$ with the name of the module.
std::vector<Pattern> read_patterns(const JsonNode& config, std::string_view key) {
  std::vector<Pattern> patterns;
  const auto node = config.find(key);
  if (!node) return patterns;
  for (const auto& [name, value] : node->as_object()) {
    patterns.push_back({NamePattern(fmt::format("^(.*\\.)?({})$", name)), value.as_number()});
  }
  return patterns;
}

void refuse_variants(const JsonNode& config) {
  const auto type = config.find("peft_type");
  if (type && type->as_string() != "LORA") {
    throw unsupported_error("{} \"{}\" is not supported; cellm merges LORA", type->path(),
                            printable(type->as_string()));
  }
  for (const char* key : {"use_dora", "use_qalora", "lora_bias"}) {
    const auto node = config.find(key);
    if (node && node->as_bool()) throw unsupported_error("{} is not supported", node->path());
  }
  for (const char* key : {"layer_replication", "alora_invocation_tokens"}) {
    const auto node = config.find(key);
    if (node) throw unsupported_error("{} is not supported", node->path());
  }
  const auto init = config.find("init_lora_weights");
  if (!init || !init->is_string()) return;
  const std::string name = init->as_string();
  if (std::any_of(kChangesOfBase.begin(), kChangesOfBase.end(),
                  [&](std::string_view method) { return name.starts_with(method); })) {
    throw unsupported_error("{} \"{}\" changes the base's weights; save it as a plain LoRA",
                            init->path(), printable(name));
  }
}

PeftConfig read_config(const std::filesystem::path& path) {
  const std::string name = printable(path.string());
  const std::string text = read_file(path, kMaxTextBytes);
  if (const auto mistake = known_text_mistake(text, name)) throw Error(*mistake);
  const Json document = parse_python_json(text, name);
  const JsonNode config(document, name + ":");
  refuse_variants(config);
  PeftConfig result;
  if (const auto rank = config.find("r")) {
    result.rank = static_cast<double>(rank->as_uint(1, kMaxRank));
  }
  if (const auto alpha = config.find("lora_alpha")) result.alpha = alpha->as_number();
  if (const auto stabilized = config.find("use_rslora")) result.stabilized = stabilized->as_bool();
  result.ranks = read_patterns(config, "rank_pattern");
  result.alphas = read_patterns(config, "alpha_pattern");
  return result;
}

RowReader rows_of(const SafetensorsEntry& entry, const std::shared_ptr<const MappedFile>& file,
                  const std::string& where) {
  const StoredTensor stored{entry.name, entry.dtype, entry.shape, entry.data, file};
  const std::size_t cols = entry.shape.back();
  return [numbers = Numbers(stored, where), cols](std::size_t begin, std::size_t end, float* out) {
    for (std::size_t i = begin * cols; i < end * cols; ++i) *out++ = numbers[i];
  };
}

LoraFactor factor_of(const SafetensorsEntry& entry, const std::shared_ptr<const MappedFile>& file,
                     const std::string& where) {
  if (entry.shape.size() != 2 || entry.shape[0] == 0 || entry.shape[1] == 0) {
    throw data_error("{}: tensor {} is no matrix", where, printable(entry.name));
  }
  return {entry.shape[0], entry.shape[1], false, rows_of(entry, file, where)};
}

// The module and the part of it: "model.layers.0.self_attn.q_proj" and "lora_A".
struct PartName {
  std::string module;
  std::string part;
};

std::optional<PartName> part_name(std::string_view name) {
  for (const std::string_view part : {"lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B"}) {
    const std::string mark = fmt::format(".{}", part);
    const std::size_t at = name.rfind(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = name.substr(at + mark.size());
    if (rest.empty() || rest.front() == '.')
      return PartName{std::string(name.substr(0, at)), std::string(part)};
  }
  return std::nullopt;
}

class PeftReader {
 public:
  PeftReader(const std::filesystem::path& folder, Links links) : folder_(folder), links_(links) {}

  LoraAdapter read() {
    const auto config_path = file_in_folder(folder_, "adapter_config.json", links_);
    const auto weights_path = file_in_folder(folder_, "adapter_model.safetensors", links_);
    std::error_code code;
    if (!std::filesystem::exists(config_path, code)) {
      throw data_error("{}: no adapter_config.json in this folder; expected a PEFT adapter",
                       printable(folder_.string()));
    }
    if (!std::filesystem::exists(weights_path, code)) {
      const std::vector<std::string> names = names_in_folder(folder_);
      if (std::find(names.begin(), names.end(), "adapter_model.bin") != names.end()) {
        throw unsupported_error("{}: adapter_model.bin is a PyTorch file; save it as safetensors",
                                printable(folder_.string()));
      }
      throw data_error("{}: no adapter_model.safetensors in this folder",
                       printable(folder_.string()));
    }
    config_ = read_config(config_path);
    const SafetensorsFile file = open_safetensors(weights_path);
    where_ = printable(weights_path.string());
    for (const SafetensorsEntry& entry : file.entries) add(entry, file.file);
    for (auto& [module, parts] : modules_) finish(module, parts);
    result_.path = folder_.string();
    result_.files = {config_path.string(), weights_path.string()};
    return std::move(result_);
  }

 private:
  using Parts = std::map<std::string, LoraFactor>;

  void add(const SafetensorsEntry& entry, const std::shared_ptr<const MappedFile>& file) {
    std::string_view name = entry.name;
    if (name.starts_with(kModelPrefix)) name.remove_prefix(kModelPrefix.size());
    if (name.find("lora_magnitude_vector") != std::string_view::npos) {
      throw unsupported_error("{}: tensor {}: DoRA is not supported", where_,
                              printable(entry.name));
    }
    if (name.ends_with(".bias") && name.find(".lora_") != std::string_view::npos) {
      throw unsupported_error("{}: tensor {}: biases of adapters are not supported", where_,
                              printable(entry.name));
    }
    if (const auto part = part_name(name)) {
      modules_[part->module].insert_or_assign(part->part, factor_of(entry, file, where_));
      return;
    }
    result_.replacements.push_back(
        {replaced_name(name), entry.shape, rows_of(entry, file, where_)});
  }

  // Without the parts of a path that PEFT's wrappers add.
  static std::string replaced_name(std::string_view name) {
    std::string result(name);
    for (const std::string_view part :
         {".modules_to_save.default", ".modules_to_save", ".base_layer", ".original_module"}) {
      const std::size_t at = result.find(part);
      if (at != std::string::npos) result.erase(at, part.size());
    }
    return result;
  }

  void finish(const std::string& module, Parts& parts) {
    const bool embedding = parts.contains("lora_embedding_A");
    const auto a = parts.find(embedding ? "lora_embedding_A" : "lora_A");
    const auto b = parts.find(embedding ? "lora_embedding_B" : "lora_B");
    if (a == parts.end() || b == parts.end()) {
      throw data_error("{}: module {} has only one of the two matrices", where_, printable(module));
    }
    const double rank = config_.rank_of(module);
    if (static_cast<double>(a->second.rows) != rank || a->second.rows != b->second.cols) {
      throw data_error("{}: module {} has matrices of {} × {} and {} × {}, the rank is {}", where_,
                       printable(module), a->second.rows, a->second.cols, b->second.rows,
                       b->second.cols, rank);
    }
    LoraChange change{module + ".weight", std::move(b->second), std::move(a->second),
                      config_.scale_of(module)};
    if (embedding) {
      std::swap(change.a, change.b);
      change.a.transposed = true;
      change.b.transposed = true;
    }
    result_.changes.push_back(std::move(change));
  }

  std::filesystem::path folder_;
  Links links_;
  PeftConfig config_;
  std::string where_;
  std::map<std::string, Parts> modules_;
  LoraAdapter result_;
};

}  // namespace

LoraAdapter read_peft_adapter(const std::filesystem::path& folder, Links links) {
  return PeftReader(folder, links).read();
}

}  // namespace cellm
