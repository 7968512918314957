// Harness for a Hugging Face folder. The input contains its files one after the other
// (folder_input.h); names other than those below are ignored.

#include <array>
#include <string>
#include <string_view>

#include "folder_input.h"
#include "harness.h"
#include "io/hf_folder.h"
#include "model_check.h"

namespace cellm::fuzz {
namespace {

constexpr std::array<std::string_view, 13> kNames{"config.json",
                                                  "generation_config.json",
                                                  "tokenizer.json",
                                                  "tokenizer_config.json",
                                                  "chat_template.jinja",
                                                  "quantize_config.json",
                                                  "adapter_config.json",
                                                  "pytorch_model.bin",
                                                  "model.safetensors",
                                                  "model.safetensors.index.json",
                                                  "other.safetensors.index.json",
                                                  "a.safetensors",
                                                  "b.safetensors"};

void run_folder(Bytes input) {
  static InputFolder folder(kNames);
  folder.fill(split_folder(text_of(input)));
  check_model(*open_hf_folder(folder.path()));
}

std::string mutate_folder(const std::string& input, Random& random) {
  constexpr std::string_view kKeys[] = {"weight_map",
                                        "quantization",
                                        "bits",
                                        "mode",
                                        "affine",
                                        "group_size",
                                        "chat_template",
                                        "name",
                                        "template",
                                        "default",
                                        "model.safetensors",
                                        "a.safetensors",
                                        "b.safetensors",
                                        "quant_method",
                                        "quantization_config",
                                        "checkpoint_format",
                                        "gptq_v2",
                                        "weight_block_size",
                                        "config_groups",
                                        "weights",
                                        "num_bits",
                                        "block_structure",
                                        "version",
                                        "mxfp4",
                                        "nvfp4"};
  return mutate_folder_input(input, kNames, kKeys, random);
}

}  // namespace

constinit const Harness kHfFolder{"hf_folder", run_folder, mutate_folder};

}  // namespace cellm::fuzz
