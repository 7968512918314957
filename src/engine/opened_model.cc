#include "engine/opened_model.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "io/model_checksum.h"
#include "model/arch/family.h"
#include "model/open_source.h"
#include "model/unused_tensors.h"

namespace cellm {
namespace {

std::string names_of(const ChatTemplates& templates) {
  std::string names;
  for (const auto& [name, text] : templates) {
    names.append(names.empty() ? "" : ", ").append(printable(name));
  }
  return names;
}

}  // namespace

OpenedModel::OpenedModel(std::unique_ptr<ModelSource> source, OpenOptions options)
    : source_(std::move(source)),
      options_(std::move(options)),
      config_(read_model_config(source_->config(), printable(source_->path()))) {}

OpenedModel::~OpenedModel() = default;

const FoundTokenizer& OpenedModel::found_tokenizer() const {
  return tokenizer_.get([this] {
    FoundTokenizer found = find_tokenizer(*source_, options_);
    source_->forget_tokenizer();
    return found;
  });
}

const Tokenizer* OpenedModel::tokenizer() const {
  const FoundTokenizer& found = found_tokenizer();
  if (!found.tokenizer) return nullptr;
  if (!found.contained && found.tokenizer->vocab_size() > config_.vocab_size) {
    throw data_error(
        "{}: this tokenizer has ids up to {}, the model's vocabulary is {}; it belongs to another "
        "model",
        printable(found.name), found.tokenizer->vocab_size() - 1, config_.vocab_size);
  }
  return &*found.tokenizer;
}

const Tokenizer* OpenedModel::contained_tokenizer() const {
  const FoundTokenizer& found = found_tokenizer();
  return found.contained ? &*found.tokenizer : nullptr;
}

// The tokens named by the tokenizer's configuration, else those of the ids in config.json.
SpecialTokens OpenedModel::special_tokens() const {
  const auto named = source_->special_tokens();
  source_->forget_tokenizer();
  if (named) return *named;
  SpecialTokens tokens;
  for (const std::string_view name : {"bos_token", "eos_token"}) {
    const auto id =
        JsonNode(config_document(), printable(path()) + ":").find(fmt::format("{}_id", name));
    if (!id) continue;
    const JsonNode first = id->is_array() && !id->as_array().empty() ? id->as_array().front() : *id;
    const auto value = static_cast<std::uint32_t>(first.as_uint(0, UINT32_MAX));
    if (tokenizer()->contains(value)) tokens.emplace(name, tokenizer()->token_bytes(value));
  }
  return tokens;
}

std::optional<Chat> OpenedModel::named_chat(std::string_view name) const {
  const auto found = source_->chat_templates().find(name);
  if (found == source_->chat_templates().end() || tokenizer() == nullptr) return std::nullopt;
  const std::string which =
      name == kDefaultChatTemplate ? "" : fmt::format(" {}", printable(found->first));
  return Chat(found->second, fmt::format("{}, chat template{}", printable(path()), which),
              special_tokens());
}

const Chat* OpenedModel::chat() const {
  const std::optional<Chat>& chat = chat_.get([this]() -> std::optional<Chat> {
    const Tokenizer* words = tokenizer();
    if (words == nullptr) return std::nullopt;
    const ChatTemplates& own = source_->chat_templates();
    if (!own.empty()) {
      if (own.contains(kDefaultChatTemplate)) return named_chat(kDefaultChatTemplate);
      throw error(ErrorKind::kUnsupported, AdviceKind::kChooseTemplate,
                  "{}: has several chat templates and no default one: {}", printable(path()),
                  names_of(own));
    }
    const std::string_view* of_family = config_.family->chat_template;
    const bool fits = words->token_to_id("<|im_start|>") && words->token_to_id("<|im_end|>");
    if (of_family == nullptr || !fits) return std::nullopt;
    return Chat(*of_family, fmt::format("chat template for {}", config_.family->name), {});
  });
  return chat ? &*chat : nullptr;
}

const Chat* OpenedModel::chat_with_tools() const {
  const std::optional<Chat>& chat = tool_chat_.get([this] { return named_chat("tool_use"); });
  return chat ? &*chat : this->chat();
}

std::optional<std::uint32_t> OpenedModel::end_of_turn() const {
  return end_of_turn_.get([this]() -> std::optional<std::uint32_t> {
    try {
      if (const Chat* of = chat()) {
        for (const std::uint32_t id : of->after_answer(*tokenizer())) {
          if (tokenizer()->is_added(id)) return id;
        }
      }
      return std::nullopt;
    } catch (const Error&) {
      return std::nullopt;  // told when a conversation is asked for
    }
  });
}

const std::vector<std::uint32_t>& OpenedModel::generation_end_ids() const {
  return end_ids_.get([this]() -> std::vector<std::uint32_t> {
    const std::string& json = source_->generation_config_json();
    if (json.empty()) return {};
    return cellm::generation_end_ids(json, printable(path()) + ", generation config");
  });
}

const SamplingDefaults& OpenedModel::generation_sampling() const {
  return sampling_.get([this]() -> SamplingDefaults {
    const std::string& json = source_->generation_config_json();
    if (json.empty()) return {};
    return cellm::generation_sampling(json, printable(path()) + ", generation config");
  });
}

std::vector<std::string> OpenedModel::notes() const {
  std::vector<std::string> notes = source_->notes();
  notes.insert(notes.end(), config_.notes.begin(), config_.notes.end());
  const FoundTokenizer& found = found_tokenizer();
  if (found.tokenizer && found.tokenizer->has_repeats()) {
    notes.push_back(
        fmt::format("{} lists tokens twice; one of each is used", printable(found.name)));
  }
  if (found.contained && found.tokenizer->vocab_size() > config_.vocab_size) {
    notes.push_back(
        fmt::format("the tokenizer has ids up to {}, the embedding {} rows; a text with an id "
                    "beyond is refused",
                    found.tokenizer->vocab_size() - 1, config_.vocab_size));
  }
  if (std::string unused = unused_tensors_note(*source_, config_); !unused.empty()) {
    notes.push_back(std::move(unused));
  }
  try {
    (void)tokenizer();
  } catch (const Error& error) {
    notes.emplace_back(error.what());
    return notes;
  }
  for (const auto& of : {&OpenedModel::chat, &OpenedModel::chat_with_tools}) {
    try {
      (void)(this->*of)();
    } catch (const Error& error) {
      std::string note = fmt::format("{}; a conversation needs another template", error.what());
      if (notes.empty() || notes.back() != note) notes.push_back(std::move(note));
    }
  }
  return notes;
}

const std::optional<Quality>& OpenedModel::quality() const {
  return quality_.get([this]() -> std::optional<Quality> {
    const CellmFile* file = source_->cellm_file();
    return file == nullptr ? std::nullopt : read_quality(file->header);
  });
}

std::uint64_t OpenedModel::checksum() const {
  return checksum_.get([this] { return model_checksum(*source_); });
}

Model OpenedModel::weights(std::size_t max_layers) const {
  if (max_layers < config_.layers.size()) return load_model(*source_, config_, max_layers);
  return weights_.get([this] { return load_model(*source_, config_, kAllLayers); });
}

std::uint64_t OpenedModel::weights_bytes(std::size_t max_layers, bool pack) const {
  const LoadMemory memory = load_memory(*source_, config_, max_layers);
  const std::uint64_t changed = pack ? memory.packed : memory.unpacked;
  if (max_layers < config_.layers.size()) return memory.loaded + changed;
  return weights_.is_ready() ? changed : memory.loaded + changed;
}

std::shared_ptr<const OpenedModel> open_model(const std::filesystem::path& path,
                                              const OpenOptions& options) {
  return std::make_shared<const OpenedModel>(open_model_source(path, options.links), options);
}

Tokenizer load_tokenizer_file(const std::string& path) {
  return load_tokenizer(TokenizerJson{read_file(path, kMaxTokenizerBytes), path}, printable(path));
}

FoundTokenizer find_tokenizer(const ModelSource& source, const OpenOptions& options) {
  if (!options.tokenizer_file.empty()) {
    return {load_tokenizer_file(options.tokenizer_file), options.tokenizer_file, false};
  }
  const TokenizerData inside = source.tokenizer();
  if (!std::holds_alternative<std::monostate>(inside)) {
    return {load_tokenizer(inside, printable(source.path())), source.path(), true};
  }
  const std::filesystem::path folder = std::filesystem::path(source.path()).parent_path();
  const std::filesystem::path beside = file_in_folder(folder, "tokenizer.json", options.links);
  if (!std::filesystem::exists(beside)) return {};
  return {load_tokenizer_file(beside.string()), beside.string(), false};
}

}  // namespace cellm
