// A model's container, read once, and shared by engines, conversions and measurements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/lazy.h"
#include "chat/chat.h"
#include "engine/generation_config.h"
#include "io/cellm_quality.h"
#include "io/folder_file.h"
#include "io/json.h"
#include "io/model_source.h"
#include "model/model.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

inline constexpr std::size_t kAllLayers = std::numeric_limits<std::size_t>::max();

struct OpenOptions {
  Links links = Links::kInside;     // symbolic links of a folder
  std::string tokenizer_file = {};  // a tokenizer.json in place of the model's own; empty: its own
};

// A tokenizer and where it was found.
struct FoundTokenizer {
  std::optional<Tokenizer> tokenizer;
  std::string name;        // of its file, for messages
  bool contained = false;  // inside the model's container
};

// Thread-safe. Tokenizer, weights and checksum are read at first use and cached.
class OpenedModel {
 public:
  // Throws what parse_model_config() throws.
  explicit OpenedModel(std::unique_ptr<ModelSource> source, OpenOptions options = {});
  ~OpenedModel();
  OpenedModel(const OpenedModel&) = delete;
  OpenedModel& operator=(const OpenedModel&) = delete;

  const ModelSource& source() const { return *source_; }
  const std::string& path() const { return source_->path(); }
  const ModelConfig& config() const { return config_; }
  const Json& config_document() const { return source_->config(); }  // config.json
  const std::string& chat_template() const { return source_->chat_template(); }
  std::string text_prefix() const { return cellm::text_prefix(*source_); }

  // Null if there is no tokenizer. Throws as find_tokenizer(), and Error(kData) if one from outside
  // of the container has more tokens than the model's vocabulary, so that it must belong to another
  // model. One inside may have: an id beyond the embedding is an error where it is used.
  const Tokenizer* tokenizer() const;
  // The one inside the container, whatever its vocabulary: null if it came from elsewhere.
  const Tokenizer* contained_tokenizer() const;

  // The format of its conversations: its own template, else that of its family if the
  // tokenizer has the tokens of ChatML. Null if there is neither, or no tokenizer. Throws
  // Error(kUnsupported) if the model has several templates and none of them is the default, and
  // what the constructor of Chat and tokenizer() throw.
  const Chat* chat() const;
  // For a conversation with tools: the template "tool_use" if the model has one, else chat().
  const Chat* chat_with_tools() const;
  // By one of its templates; nothing if it has none of this name. Throws as chat().
  std::optional<Chat> named_chat(std::string_view name) const;
  // The values of the variables bos_token, eos_token and others of a chat template stand for. Needs
  // a tokenizer.
  SpecialTokens special_tokens() const;
  // The token that its template writes behind an answer. Nothing without a usable template.
  std::optional<std::uint32_t> end_of_turn() const;

  // eos_token_id of generation_config.json. Throws as generation_end_ids().
  const std::vector<std::uint32_t>& generation_end_ids() const;
  // The sampling that it asks for. Throws as generation_sampling().
  const SamplingDefaults& generation_sampling() const;

  // Assumptions about the container, its configuration and its tokenizer, things ignored in them,
  // and chat templates that cannot be used; a text each. Throws as tokenizer().
  std::vector<std::string> notes() const;

  // The quality stored in a .cellm file.
  const std::optional<Quality>& quality() const;

  // model_checksum(): reads the whole model.
  std::uint64_t checksum() const;

  // The weights in their stored formats, loaded once: all copies share the matrices. With
  // max_layers below the model's number of layers, only these layers are loaded, on each call.
  Model weights(std::size_t max_layers = kAllLayers) const;

  // Memory in bytes that weights() followed by pack_weights() (`pack`) or unpack_weights()
  // allocates.
  std::uint64_t weights_bytes(std::size_t max_layers, bool pack) const;

 private:
  const FoundTokenizer& found_tokenizer() const;

  std::unique_ptr<ModelSource> source_;
  OpenOptions options_;
  ModelConfig config_;
  Lazy<FoundTokenizer> tokenizer_;
  Lazy<std::optional<Chat>> chat_;
  Lazy<std::optional<Chat>> tool_chat_;
  Lazy<std::optional<std::uint32_t>> end_of_turn_;
  Lazy<std::vector<std::uint32_t>> end_ids_;
  Lazy<SamplingDefaults> sampling_;
  Lazy<std::optional<Quality>> quality_;
  Lazy<std::uint64_t> checksum_;
  Lazy<Model> weights_;
};

// Throws what open_model_source() and parse_model_config() throw.
std::shared_ptr<const OpenedModel> open_model(const std::filesystem::path& path,
                                              const OpenOptions& options = {});

// A tokenizer.json by itself. Throws Error(kData) or Error(kUnsupported).
Tokenizer load_tokenizer_file(const std::string& path);

// The tokenizer of a model: tokenizer_file if given, else the one inside the source,
// else tokenizer.json beside it. Nothing if there is none. Throws Error(kData) if the one beside a
// file is a symbolic link out of its folder and links are not followed.
FoundTokenizer find_tokenizer(const ModelSource& source, const OpenOptions& options);

}  // namespace cellm
