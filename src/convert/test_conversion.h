// For tests only: the small models of testdata, and how far a file made of one is from it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/session.h"

namespace cellm {

inline constexpr const char* kModels[] = {"qwen3", "llama", "qwen3_5_text"};

inline std::shared_ptr<const OpenedModel> test_model(const std::string& name) {
  return open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / name);
}

inline Engine exact_engine(std::shared_ptr<const OpenedModel> model, unsigned threads) {
  EngineOptions options;
  options.threads = threads;
  options.activations = Activations::kF32;
  return {std::move(model), options};
}

// Mean KL divergence of a file's next-token distributions from those of the source.
inline double divergence(const Engine& reference, const std::filesystem::path& file,
                         const std::vector<std::uint32_t>& tokens) {
  const Engine engine = exact_engine(open_model(file), 2);
  const auto log_softmax = [](std::span<const float> logits) {
    std::vector<double> out(logits.begin(), logits.end());
    const double top = *std::max_element(out.begin(), out.end());
    double sum = 0.0;
    for (const double v : out) sum += std::exp(v - top);
    for (double& v : out) v -= top + std::log(sum);
    return out;
  };
  std::vector<std::vector<double>> want;
  Session teacher(reference, {KvEncoding::kF32, 16, 0});
  teacher.advance_each(tokens, [&](std::size_t, std::span<const float> logits) {
    want.push_back(log_softmax(logits));
  });
  double total = 0.0;
  Session student(engine, {KvEncoding::kF32, 16, 0});
  student.advance_each(tokens, [&](std::size_t i, std::span<const float> logits) {
    const auto got = log_softmax(logits);
    for (std::size_t v = 0; v < got.size(); ++v)
      total += std::exp(want[i][v]) * (want[i][v] - got[v]);
  });
  return total / static_cast<double>(tokens.size());
}

}  // namespace cellm
