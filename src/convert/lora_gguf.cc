// llama.cpp's adapters (src/llama-adapter.cpp): NAME.lora_a and NAME.lora_b in the order of rows
// and columns of the model's own GGUF file; scale adapter.lora.alpha / rank.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "convert/lora_adapter.h"
#include "io/gguf_file.h"
#include "model/arch/family.h"
#include "model/gguf/tensor_map.h"

namespace cellm {
namespace {

constexpr std::string_view kA = ".lora_a";
constexpr std::string_view kB = ".lora_b";

struct Pair {
  const GgufTensor* a = nullptr;
  const GgufTensor* b = nullptr;
};

// Rows in the order of `rows`, columns in that of `cols`.
LoraFactor factor(const std::shared_ptr<const GgufFile>& file, const GgufTensor& tensor,
                  const IndexMap& rows, const IndexMap& cols) {
  return {tensor.rows(), tensor.cols(), false,
          [file, &tensor, rows, cols](std::size_t begin, std::size_t end, float* out) {
            std::vector<float> row(tensor.cols());
            for (std::size_t i = begin; i < end; ++i) {
              const std::size_t stored = rows.stored(i);
              tensor.read_rows(stored, stored + 1, row.data());
              for (std::size_t c = 0; c < row.size(); ++c) *out++ = row[cols.stored(c)];
            }
          }};
}

void require_adapter(const GgufFile& file, const ModelConfig& base) {
  const auto text = [&](std::string_view key) {
    const GgufValue* value = file.find(key);
    return value == nullptr ? std::string_view() : value->as_string();
  };
  if (text("general.type") != "adapter" || text("adapter.type") != "lora") {
    throw unsupported_error("{}: is no LoRA adapter", printable(file.path()));
  }
  const std::string_view expected = base.family->gguf.architecture;
  if (text("general.architecture") != expected) {
    throw unsupported_error("{}: is an adapter of a model of architecture {}, the base is {}",
                            printable(file.path()), printable(text("general.architecture")),
                            expected);
  }
}

LoraChange change_of(const std::shared_ptr<const GgufFile>& file, const std::string& name,
                     const Pair& pair, const ModelConfig& base, double alpha) {
  const std::string where = printable(file->path()) + ": tensor " + printable(name);
  if (pair.a == nullptr || pair.b == nullptr) {
    throw data_error("{}: only one of the two matrices is there", where);
  }
  const auto mapped = map_gguf_name(name, base);
  if (!mapped) throw data_error("{} is none of a {} model", where, base.family->name);
  const auto& transform = mapped->transform;
  const bool embedding = mapped->id == kEmbeddingId;  // stored (vocabulary, rank), (hidden, rank)
  const std::size_t rank = pair.b->cols();
  if (pair.a->shape.size() != 2 || pair.b->shape.size() != 2 ||
      (embedding ? pair.a->cols() : pair.a->rows()) != rank) {
    throw data_error("{}: matrices of {} × {} and {} × {} do not fit", where, pair.a->rows(),
                     pair.a->cols(), pair.b->rows(), pair.b->cols());
  }
  LoraChange change;
  change.tensor = mapped->name;
  change.scale = alpha == 0 ? 1.0F : static_cast<float>(alpha / static_cast<double>(rank));
  if (embedding) {
    change.b = factor(file, *pair.a, {}, {});
    change.a = factor(file, *pair.b, {}, {});
    change.a.transposed = true;
  } else {
    change.b = factor(file, *pair.b, transform.rows, {});
    change.a = factor(file, *pair.a, {}, transform.columns);
  }
  return change;
}

}  // namespace

LoraAdapter read_gguf_adapter(const std::filesystem::path& path, const ModelConfig& base) {
  const auto mapped = std::make_shared<const MappedFile>(path);
  if (!looks_like_gguf(mapped->bytes())) {
    throw unsupported_error("{}: is neither a PEFT folder nor a GGUF adapter",
                            printable(path.string()));
  }
  const auto file = std::make_shared<const GgufFile>(mapped);
  require_adapter(*file, base);
  const GgufValue* alpha = file->find("adapter.lora.alpha");
  std::map<std::string, Pair> pairs;
  for (const GgufTensor& tensor : file->tensors()) {
    const bool is_a = tensor.name.ends_with(kA);
    if (!is_a && !tensor.name.ends_with(kB)) {
      throw unsupported_error("{}: tensor {} is no part of a LoRA adapter", printable(file->path()),
                              printable(tensor.name));
    }
    Pair& pair = pairs[std::string(tensor.name.substr(0, tensor.name.size() - kA.size()))];
    (is_a ? pair.a : pair.b) = &tensor;
  }
  LoraAdapter adapter{.path = path.string(), .changes = {}, .replacements = {}, .files = {}};
  for (const auto& [name, pair] : pairs) {
    adapter.changes.push_back(
        change_of(file, name, pair, base, alpha == nullptr ? 0.0 : alpha->as_number()));
  }
  adapter.files = {path.string()};
  return adapter;
}

}  // namespace cellm
