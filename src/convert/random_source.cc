#include "convert/random_source.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "format/formats.h"
#include "format/trellis.h"
#include "layout/layout.h"
#include "model/model.h"

namespace cellm {
namespace {

struct Shape {
  std::string_view name;
  std::string_view config;
};

// The fields that matter of the published config.json files.
constexpr std::array<Shape, 3> kShapes{{
    {"qwen3.5-0.8b",
     R"({"model_type": "qwen3_5_text", "vocab_size": 248320, "hidden_size": 1024, "intermediate_size": 3584,
         "num_hidden_layers": 24, "full_attention_interval": 4, "num_attention_heads": 8, "num_key_value_heads": 2,
         "head_dim": 256, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
         "linear_num_key_heads": 16, "linear_num_value_heads": 16, "max_position_embeddings": 262144,
         "rms_norm_eps": 1e-6, "tie_word_embeddings": true,
         "rope_parameters": {"rope_type": "default", "rope_theta": 1e7, "partial_rotary_factor": 0.25}})"},
    {"qwen3-0.6b",
     R"({"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
         "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
         "max_position_embeddings": 40960, "rms_norm_eps": 1e-6, "rope_theta": 1e6,
         "tie_word_embeddings": true})"},
    {"smollm2-135m",
     R"({"model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
         "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64,
         "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 1e5, "tie_word_embeddings": true})"},
}};

// splitmix64: fast, and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

constexpr std::uint16_t kScaleBits = 0x1400;         // f16 0.00098: int8 weights of about 0.06
constexpr std::uint16_t kTrellisScaleBits = 0x3000;  // f16 0.125: weights of about 0.04

// Codes are any bytes, but an f16 must stay small and finite: the exponent is cleared to 2⁻⁶ … 2⁻⁵.
void fill(FormatId format, std::span<std::byte> bytes, Random& random) {
  for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(bytes.data() + i, &word, sizeof(word));
  }
  if (format == FormatId::kF16) {
    for (std::size_t i = 1; i < bytes.size(); i += 2)
      bytes[i] = (bytes[i] & std::byte{0x83}) | std::byte{0x24};
  } else if (format == FormatId::kQ1) {
    for (std::size_t i = 0; i + Q1::kBlockBytes <= bytes.size(); i += Q1::kBlockBytes) {
      std::memcpy(bytes.data() + i, &kScaleBits, sizeof(kScaleBits));
    }
  } else if (format == FormatId::kF8E4M3) {
    for (auto& byte : bytes) byte &= std::byte{0x9F};  // magnitudes below 2⁻³
  }
}

class RandomSource final : public ModelSource {
 public:
  RandomSource(const Shape& shape, const GeneralFormats& formats)
      : path_(shape.name), config_(parse_json(shape.config, path_)) {
    const std::string prefix = "model.";
    for (auto& spec : model_tensors(read_model_config(config_, path_))) {
      TensorInfo info{.name = prefix + spec.name, .shape = std::move(spec.shape)};
      const FormatChoice choice =
          is_candidate(info) ? general_choice(formats, tensor_class(spec.id.role)) : FormatChoice{};
      info.format = choice.format;
      info.group = group_for(choice, info.cols(), info.name);
      info.stored_format = choice.format;
      info.stored_as = format_choice_name(choice);
      infos_.push_back(std::move(info));
    }
    std::sort(infos_.begin(), infos_.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    Random random(1);
    for (auto& info : infos_) matrices_.push_back(make(info, random));
  }

  const std::string& path() const override { return path_; }
  const std::string& container_format() const override { return empty_; }
  const Json& config() const override { return config_; }
  const std::string& generation_config_json() const override { return empty_; }
  const ChatTemplates& chat_templates() const override { return no_templates_; }
  TokenizerData tokenizer() const override { return std::monostate{}; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  MatrixPtr weights(std::size_t index) const override { return matrices_.at(index); }
  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    const Matrix& matrix = *matrices_.at(index);
    for (std::size_t row = begin; row < end; ++row, out += matrix.cols()) matrix.read_row(row, out);
  }

 private:
  static MatrixPtr make(TensorInfo& info, Random& random) {
    const Layout& layout = own_layout(info.format);
    MatrixShape shape{
        .format = info.format, .rows = info.rows(), .cols = info.cols(), .group = info.group};
    if (layout.has_trellis_code) shape.trellis.table = default_trellis_table(info.format).id;
    const PayloadSizes sizes = layout.sizes(shape);
    info.stored_bytes = sizes.code_bytes + sizes.scale_bytes();
    const auto memory =
        std::make_shared<AlignedBuffer<std::byte>>((info.stored_bytes + 15) / 8 * 8);
    fill(info.format, memory->span().first(sizes.code_bytes), random);
    Payloads payloads{.codes = memory->data(), .owner = memory};
    if (!sizes.scale_shape.empty()) {
      auto* scales =
          reinterpret_cast<std::uint16_t*>(memory->data() + (sizes.code_bytes + 7) / 8 * 8);
      std::fill_n(scales, sizes.scale_bytes() / sizeof(std::uint16_t),
                  layout.has_trellis_code ? kTrellisScaleBits : kScaleBits);
      payloads.scales = scales;
    }
    return layout.open(shape, std::move(payloads));
  }

  std::string path_;
  Json config_;
  std::string empty_;
  ChatTemplates no_templates_;
  std::vector<TensorInfo> infos_;
  std::vector<MatrixPtr> matrices_;
};

}  // namespace

std::unique_ptr<ModelSource> random_model(std::string_view name, const GeneralFormats& formats) {
  std::vector<std::string_view> known;
  for (const Shape& shape : kShapes) {
    if (shape.name == name) return std::make_unique<RandomSource>(shape, formats);
    known.push_back(shape.name);
  }
  throw usage_error("shape \"{}\" is unknown; use {}", printable(name), fmt::join(known, ", "));
}

}  // namespace cellm
