// The chat template that options choose, and the ids that are handed over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <optional>
#include <span>

#include <cellm/cellm.h>

#include "capi/handles.h"
#include "chat/chat.h"
#include "engine/opened_model.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// Memory that cellm_free() releases.
template <class T>
T* allocate(std::size_t count) {
  auto* memory = static_cast<T*>(std::malloc(std::max<std::size_t>(1, count * sizeof(T))));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_ids(std::span<const std::uint32_t> values, std::uint32_t** ids, std::size_t* count);

// Throws Error(kData) for a model without.
const Tokenizer& require_tokenizer(const LoadedModel& model);

class ChosenChat {
 public:
  // `with_tools`: of the model's own templates that for conversations with tools. The model must
  // outlive this. Throws Error(kUsage) for an unknown format, Error(kUnsupported) for a model
  // without a template or without the format's tokens, and what the constructor of Chat throws.
  ChosenChat(const OpenedModel& model, const Tokenizer& tokenizer,
             const cellm_chat_options& options, bool with_tools);

  const Chat& get() const { return given_ ? *given_ : *own_; }
  bool is_own() const { return own_ != nullptr; }

 private:
  std::optional<Chat> given_;
  const Chat* own_ = nullptr;
};

// What the options say of the rendering. Throws Error(kUsage) for an unknown value of thinking.
ChatOptions chat_options_of(const cellm_chat_options& options);

}  // namespace cellm
