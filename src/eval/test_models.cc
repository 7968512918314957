#include "eval/test_models.h"

#include <cmath>
#include <cstring>
#include <span>

#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "tokenizer/byte_level.h"

namespace cellm::test {

TestModel::TestModel(const std::string& name)
    : folder(std::filesystem::path(CELLM_TESTDATA) / "models" / name) {
  const auto json = nlohmann::json::parse(read_file(folder / "expected.json", 1 << 20));
  tokens = json["tokens"].get<std::vector<std::uint32_t>>();
  const std::string npy = read_file(folder / "expected_logits.npy", std::size_t{1} << 30);
  const std::size_t begin = 10 + static_cast<std::size_t>(static_cast<unsigned char>(npy[8])) +
                            256 * static_cast<std::size_t>(static_cast<unsigned char>(npy[9]));
  logits.resize((npy.size() - begin) / sizeof(float));
  std::memcpy(logits.data(), npy.data() + begin, logits.size() * sizeof(float));
  vocab = logits.size() / tokens.size();
}

std::unique_ptr<const Engine> TestModel::engine(Activations activations, unsigned threads) const {
  return std::make_unique<const Engine>(
      open_model(folder),
      EngineOptions{.target = "", .threads = threads, .activations = activations});
}

std::vector<long double> TestModel::log_probabilities(std::size_t position) const {
  const auto row = std::span(logits).subspan(position * vocab, vocab);
  long double total = 0.0L;
  for (const float logit : row) total += std::exp(static_cast<long double>(logit));
  std::vector<long double> result;
  for (const float logit : row) result.push_back(static_cast<long double>(logit) - std::log(total));
  return result;
}

Tokenizer byte_tokenizer(std::string_view missing,
                         const std::vector<std::pair<std::string, std::string>>& merges,
                         bool begin) {
  TokenizerSpec spec;
  const auto& alphabet = byte_level_alphabet();
  const auto id_of = [&](const std::string& piece) {
    std::uint32_t id = 0;
    while (spec.vocab[id] != to_byte_level(piece)) ++id;
    return id;
  };
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool left_out = missing.find(static_cast<char>(byte)) != std::string_view::npos;
    spec.vocab.push_back(left_out ? "missing" + std::to_string(byte) : alphabet[byte]);
  }
  for (const auto& [left, right] : merges) {
    spec.merges.push_back({id_of(left), id_of(right)});
    spec.vocab.push_back(to_byte_level(left + right));
  }
  if (begin) {
    const auto id = static_cast<std::uint32_t>(spec.vocab.size());
    spec.added.push_back({.id = id, .content = "<begin>", .special = true});
    spec.bos_from_template = {id};
  }
  spec.steps.emplace_back(ByteLevelStep{.add_prefix_space = false, .use_regex = false});
  return {std::move(spec), "test tokenizer"};
}

}  // namespace cellm::test
