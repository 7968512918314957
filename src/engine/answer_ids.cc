#include "engine/answer_ids.h"

#include <algorithm>
#include <string_view>

#include "engine/opened_model.h"

namespace cellm {
namespace {

constexpr std::string_view kEndOfTurn = "<|im_end|>";

void add_distinct(std::vector<std::uint32_t>& ids, std::uint32_t id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

}  // namespace

std::vector<std::uint32_t> end_of_answer_ids(const Engine& engine, const Tokenizer* tokenizer) {
  std::vector<std::uint32_t> ids = engine.config().eos_ids;
  for (const std::uint32_t id : engine.opened().generation_end_ids()) add_distinct(ids, id);
  if (const auto id = engine.opened().end_of_turn()) add_distinct(ids, *id);
  if (tokenizer != nullptr) {
    if (const auto id = tokenizer->token_to_id(kEndOfTurn)) add_distinct(ids, *id);
  }
  return ids;
}

std::vector<std::uint32_t> unusable_ids(const Engine& engine, const Tokenizer& tokenizer) {
  std::vector<std::uint32_t> ids;
  for (std::size_t id = 0; id < engine.config().vocab_size; ++id) {
    if (!tokenizer.contains(static_cast<std::uint32_t>(id))) {
      ids.push_back(static_cast<std::uint32_t>(id));
    }
  }
  return ids;
}

}  // namespace cellm
