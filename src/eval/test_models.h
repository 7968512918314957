// For tests: small models with logits computed by transformers (testdata/models/README.md), and a
// tokenizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "tokenizer/tokenizer.h"

namespace cellm::test {

struct TestModel {
  explicit TestModel(const std::string& name);

  std::unique_ptr<const Engine> engine(Activations activations = Activations::kF32,
                                       unsigned threads = 2) const;

  // ln p at a position, from transformers' logits, in long double.
  std::vector<long double> log_probabilities(std::size_t position) const;

  std::filesystem::path folder;
  std::vector<std::uint32_t> tokens;
  std::vector<float> logits;  // (tokens, vocab)
  std::size_t vocab = 0;
};

// One token per byte except those of `missing`, without splitting or merging, followed by merges
// given as pairs of pieces. `begin`: whether the template puts the last id before a text.
Tokenizer byte_tokenizer(std::string_view missing = {},
                         const std::vector<std::pair<std::string, std::string>>& merges = {},
                         bool begin = false);

}  // namespace cellm::test
