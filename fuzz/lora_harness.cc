// Harness for LoRA adapters: the files of a PEFT folder as in folder_harness.cc, or a GGUF file.

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "convert/lora_adapter.h"
#include "folder_input.h"
#include "harness.h"
#include "model/config.h"
#include "mutate.h"

namespace cellm::fuzz {
namespace {

constexpr std::array<std::string_view, 3> kNames{"adapter_config.json", "adapter_model.safetensors",
                                                 "adapter.gguf"};
constexpr std::string_view kBase =
    R"({"model_type":"llama","vocab_size":4,"hidden_size":4,"intermediate_size":4,)"
    R"("num_hidden_layers":1,"num_attention_heads":1,"max_position_embeddings":8})";
// Values read of a matrix, so that a broadcast of one number does not take minutes.
constexpr std::size_t kMaxValues = 1 << 16;

void read_factor(const LoraFactor& factor) {
  if (factor.width() == 0 || factor.width() > kMaxValues) return;
  const std::size_t rows = std::min(factor.height(), kMaxValues / factor.width());
  require(factor.values(0, rows).size() == rows * factor.width(), "as many values as asked for");
  if (factor.height() != 0) factor.values(factor.height() - 1, factor.height());
}

void run_lora(Bytes input) {
  static InputFolder folder(kNames);
  folder.fill(split_folder(text_of(input)));
  static const ModelConfig base = parse_model_config(kBase, "base");
  const bool is_gguf = std::filesystem::exists(folder.path() / "adapter.gguf");
  const LoraAdapter adapter = open_lora_adapter(
      is_gguf ? folder.path() / "adapter.gguf" : folder.path(), base, Links::kInside);
  for (const LoraChange& change : adapter.changes) {
    require(change.b.width() == change.a.height(), "matrices of one rank");
    read_factor(change.a);
    read_factor(change.b);
  }
  for (const LoraReplacement& replacement : adapter.replacements) {
    require(!replacement.shape.empty(), "a shape");
  }
}

std::string mutate_lora(const std::string& input, Random& random) {
  constexpr std::string_view kKeys[] = {"peft_type",
                                        "r",
                                        "lora_alpha",
                                        "use_rslora",
                                        "rank_pattern",
                                        "use_dora",
                                        "init_lora_weights",
                                        "alpha_pattern",
                                        "q_proj",
                                        "LORA",
                                        "pissa",
                                        "layers.0.self_attn.q_proj"};
  return mutate_folder_input(input, kNames, kKeys, random);
}

}  // namespace

constinit const Harness kLora{"lora", run_lora, mutate_lora};

}  // namespace cellm::fuzz
