// A model in any container: the interface that loading and converting share. Every reader presents
// Hugging Face names, shapes and values, so that the rest of the code is independent of containers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "io/json.h"
#include "layout/matrix.h"

namespace cellm {

// An entry of the list of tensors. Companions (scales) are a part of the tensor they belong to.
struct TensorInfo {
  std::string name = {};  // the Hugging Face name
  std::vector<std::size_t> shape =
      {};  // as in Hugging Face files; at least one dimension, none of them 0
  FormatId format = kExactFormat;  // of weights(); represents the values exactly
  std::size_t group = 0;           // weights that share a scale; 0: no scales
  std::string stored_as = {};  // the container's own name of its type, for messages: "BF16", "Q4_K"
  std::uint64_t stored_bytes = 0;  // payload in the container, companions included
  bool readable = true;            // false: of a type that holds no weights, read_rows() throws
  // The format of the payload, which may differ from `format` where a reader changes the order of
  // the values or the values; nothing if the container's type is no weight format.
  std::optional<FormatId> stored_format = std::nullopt;

  std::size_t cols() const { return shape.back(); }
  std::size_t rows() const;  // product of all dimensions but the last; 1 for a vector
};

// The type of the payload for messages and tables: a format's name with its group ("int4-g32"), or
// the container's own name of a type that is no weight format ("Q2_K").
std::string stored_name(const TensorInfo& info);

// The tokenizer metadata of a GGUF file, unchanged.
struct GgufTokenizer {
  std::string model;                      // tokenizer.ggml.model, "gpt2" for byte-level BPE
  std::string pre;                        // tokenizer.ggml.pre, e.g. "qwen2", "qwen35", "smollm"
  std::vector<std::string_view> tokens;   // byte-level spelling, by id; valid as long as `owner`
  std::vector<std::int32_t> token_types;  // 1 normal, 3 control, 4 user-defined, 5 unused; or none
  std::vector<std::string_view> merges;   // "left right"; valid as long as `owner`
  std::optional<bool> add_bos;            // tokenizer.ggml.add_bos_token
  std::optional<std::uint32_t> bos_id;    // tokenizer.ggml.bos_token_id
  std::shared_ptr<const void> owner;
};

struct TokenizerJson {
  std::string text;    // tokenizer.json, whole
  std::string source;  // its path, for messages
};

// The compact form that the converter puts into a .cellm file (tokenizer/compact.h).
struct CompactTokenizer {
  std::span<const std::byte> bytes;  // valid as long as `owner`
  std::shared_ptr<const void> owner;
};

// Texts of special tokens by the names of tokenizer_config.json: bos_token, eos_token and others.
using SpecialTokens = std::map<std::string, std::string, std::less<>>;
// The names that a chat template may read.
inline constexpr std::array<std::string_view, 7> kSpecialTokenNames = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

// Jinja chat templates by name. Most models have one, the default; some have others for a purpose
// ("tool_use", "rag"), and then perhaps no default.
using ChatTemplates = std::map<std::string, std::string, std::less<>>;
inline constexpr std::string_view kDefaultChatTemplate = "default";

using TokenizerData = std::variant<std::monostate, TokenizerJson, CompactTokenizer, GgufTokenizer>;

struct CellmFile;  // io/cellm_file.h

// Immutable and safe to use from several threads after construction.
class ModelSource {
 public:
  virtual ~ModelSource() = default;

  virtual const std::string& path() const = 0;  // of the file or folder, for messages

  // The files of the model besides path(): further parts, merged adapters.
  virtual std::vector<std::string> part_paths() const { return {}; }
  // The adapters merged into the stored weights, for the model's identity; empty: none.
  virtual std::string merged() const { return {}; }

  // The origin of the container: __metadata__.format of safetensors ("pt", "mlx"), "gguf", or
  // empty.
  virtual const std::string& container_format() const = 0;

  // config.json in the Hugging Face form (for a GGUF: made from its metadata).
  virtual const Json& config() const = 0;
  // generation_config.json as JSON text, empty if there is none.
  virtual const std::string& generation_config_json() const = 0;
  virtual const ChatTemplates& chat_templates() const = 0;
  // The default one; empty if there is none.
  const std::string& chat_template() const;
  // The special tokens that the tokenizer's configuration names; nothing if there is none.
  virtual std::optional<SpecialTokens> special_tokens() const { return std::nullopt; }
  // Fields that are read as something else than the container says; a text each.
  virtual std::vector<std::string> notes() const { return {}; }
  // The predicate of a sentence about a tensor that is not there, if the source knows more than
  // that: "is empty (saved by ZeRO-3 without gathering)".
  virtual std::string why_missing(std::string_view /*name*/) const { return {}; }
  // The model's .cellm file; null for other containers.
  virtual const CellmFile* cellm_file() const { return nullptr; }
  // monostate if the model comes without a tokenizer. May be expensive: the tokenizer is read now.
  virtual TokenizerData tokenizer() const = 0;
  // A hint that the tokenizer will not be read soon, so that its pages may be dropped; it can be
  // read again at any time.
  virtual void forget_tokenizer() const {}

  virtual const std::vector<TensorInfo>& tensors() const = 0;  // sorted by name, names distinct

  // The tensor in place, if the container stores it in a layout of layout/layout.h; otherwise null,
  // and read_rows() computes its values. A vector is a matrix of one row.
  virtual MatrixPtr weights(std::size_t index) const = 0;

  // Bytes that weights() allocates for this tensor: not 0 if its rows are stored in another order.
  virtual std::uint64_t copied_bytes(std::size_t /*index*/) const { return 0; }

  // A hint that a tensor of weights() will not be read soon, so that its pages may be dropped; it
  // can be read again at any time.
  virtual void forget(const Matrix& /*matrix*/) const {}

  // The values of rows [begin, end) as f32, (end - begin) × cols, exact for every source format.
  virtual void read_rows(std::size_t index, std::size_t begin, std::size_t end,
                         float* out) const = 0;
};

// The index of a tensor by name in source.tensors(), if it is there.
std::optional<std::size_t> find_tensor(const ModelSource& source, std::string_view name);

// Error(kData) for a tensor that is needed and not there.
Error missing_tensor(const ModelSource& source, std::string_view name);

}  // namespace cellm
