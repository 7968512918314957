#include "convert/validate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/advice.h"
#include "engine/engine.h"
#include "engine/session.h"
#include "format/formats.h"

namespace cellm {
namespace {

constexpr std::size_t kTokens = 8;

// The relative error of one tensor; every value is checked too if its format only rounds.
double compare(const ModelSource& source, std::size_t source_index, const ModelSource& converted,
               std::size_t index) {
  const TensorInfo& info = converted.tensors()[index];
  std::vector<float> want(info.cols());
  std::vector<float> got(info.cols());
  std::vector<float> rounded(info.cols());
  const FormatSpec& format = format_spec(info.format);
  const bool rounds = format.encoder == Encoder::kRound;
  std::vector<std::byte> codes(rounds ? format.row_bytes(info.cols()) : 0);
  double difference = 0.0;
  double magnitude = 0.0;
  for (std::size_t row = 0; row < info.rows(); ++row) {
    source.read_rows(source_index, row, row + 1, want.data());
    converted.read_rows(index, row, row + 1, got.data());
    if (rounds) {
      format.quantize_row(want.data(), info.cols(), 0, codes.data(), nullptr);
      format.dequantize_row(codes.data(), nullptr, info.cols(), 0, rounded.data());
    }
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (rounds && got[i] != rounded[i]) {
        throw data_error("{}: tensor {} has {} at row {}, column {}; the source has {}",
                         printable(converted.path()), info.name, got[i], row, i, want[i]);
      }
      const double d = static_cast<double>(got[i]) - static_cast<double>(want[i]);
      difference += d * d;
      magnitude += static_cast<double>(want[i]) * static_cast<double>(want[i]);
    }
  }
  return magnitude > 0.0 ? std::sqrt(difference / magnitude) : 0.0;
}

// (tokens, vocab)
std::vector<float> run(const std::shared_ptr<const OpenedModel>& model, unsigned threads,
                       const std::string& target) {
  const Engine engine(model, {target, threads, kAllLayers, Activations::kF32});
  Session session(engine, {KvEncoding::kF32, 16, 0});
  std::vector<std::uint32_t> tokens;
  for (std::uint32_t id = 0; id < std::min(kTokens, engine.config().vocab_size); ++id)
    tokens.push_back(id);
  std::vector<float> all;
  session.advance_each(tokens, [&](std::size_t, std::span<const float> logits) {
    all.insert(all.end(), logits.begin(), logits.end());
  });
  return all;
}

}  // namespace

void require_mlx_4bit(const ModelSource& source) {
  const auto& tensors = source.tensors();
  if (std::none_of(tensors.begin(), tensors.end(),
                   [](const TensorInfo& info) { return info.stored_as == "MLX-4bit"; })) {
    throw data_error(AdviceKind::kMlx4bit, "{}: no MLX 4-bit tensors", printable(source.path()));
  }
}

ValidationReport validate_conversion(const std::shared_ptr<const OpenedModel>& source_model,
                                     const std::shared_ptr<const OpenedModel>& converted_model,
                                     unsigned threads, const std::string& target,
                                     const ConvertProgress& progress) {
  ValidationReport report;
  const ModelSource& source = source_model->source();
  const ModelSource& converted = converted_model->source();
  for (std::size_t i = 0; i < converted.tensors().size(); ++i) {
    const auto index = find_tensor(source, converted.tensors()[i].name);
    if (!index) continue;  // an output matrix made of the embedding
    const double error = compare(source, *index, converted, i);
    ++report.tensors;
    if (report.worst_tensor.empty() || error > report.worst_error) {
      report.worst_error = error;
      report.worst_tensor = converted.tensors()[i].name;
    }
    if (progress) progress(i + 1, converted.tensors().size());
  }
  const auto want = run(source_model, threads, target);
  const auto got = run(converted_model, threads, target);
  report.positions = std::min<std::size_t>(kTokens, want.size());
  const std::size_t vocab = want.size() / report.positions;
  for (std::size_t p = 0; p < report.positions; ++p) {
    const auto top = [&](const std::vector<float>& logits) {
      const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(p * vocab);
      return std::max_element(begin, begin + static_cast<std::ptrdiff_t>(vocab)) - begin;
    };
    if (top(want) == top(got)) ++report.same_top;
    for (std::size_t i = p * vocab; i < (p + 1) * vocab; ++i) {
      report.logit_difference =
          std::max(report.logit_difference,
                   std::fabs(static_cast<double>(want[i]) - static_cast<double>(got[i])));
    }
  }
  return report;
}

}  // namespace cellm
