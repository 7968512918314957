#include "serve/work.h"

#include <chrono>
#include <random>
#include <string_view>

#include "serve/api_error.h"

namespace cellm {

void require_room(const ServedModel& model, std::size_t prompt_tokens, const std::string& param) {
  if (prompt_tokens == 0) throw field_error(param, "{}: there are no tokens to go on from", param);
  if (prompt_tokens < model.context) return;
  ApiError error =
      field_error(param, "{}: {} tokens leave no room for an answer in the context, which holds {}",
                  param, prompt_tokens, model.context);
  error.code = "context_length_exceeded";
  throw error;
}

std::string random_id() {
  constexpr std::string_view kCharacters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t kLength = 24;
  std::random_device random;
  std::uniform_int_distribution<std::size_t> draw(0, kCharacters.size() - 1);
  std::string id;
  while (id.size() < kLength) id += kCharacters[draw(random)];
  return id;
}

std::int64_t unix_time() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace cellm
