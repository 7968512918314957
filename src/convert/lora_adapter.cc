#include "convert/lora_adapter.h"

#include "base/error.h"

namespace cellm {

std::vector<float> LoraFactor::values(std::size_t begin, std::size_t end) const {
  if (!transposed) {
    std::vector<float> result((end - begin) * cols);
    read_rows(begin, end, result.data());
    return result;
  }
  std::vector<float> row(cols);
  std::vector<float> result((end - begin) * rows);
  for (std::size_t r = 0; r < rows; ++r) {
    read_rows(r, r + 1, row.data());
    for (std::size_t i = begin; i < end; ++i) result[(i - begin) * rows + r] = row[i];
  }
  return result;
}

LoraAdapter open_lora_adapter(const std::filesystem::path& path, const ModelConfig& base,
                              Links links) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) {
    throw data_error("{}: no such adapter", printable(path.string()));
  }
  LoraAdapter adapter = std::filesystem::is_directory(path, code) ? read_peft_adapter(path, links)
                                                                  : read_gguf_adapter(path, base);
  if (adapter.changes.empty() && adapter.replacements.empty()) {
    throw data_error("{}: the adapter has no tensors", printable(path.string()));
  }
  return adapter;
}

}  // namespace cellm
