// The handles of cellm.h, and the conversion of arguments, results and exceptions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <cellm/cellm.h>

#include "base/cancel.h"
#include "base/error.h"
#include "constrain/constraint_cache.h"
#include "engine/batch.h"
#include "engine/engine.h"
#include "engine/session.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// Shared by all handles of a model.
struct LoadedModel {
  LoadedModel(std::shared_ptr<const OpenedModel> opened, const EngineOptions& options)
      : engine(std::move(opened), options), tokenizer(engine.opened().tokenizer()) {}

  Engine engine;
  const Tokenizer* tokenizer;  // the engine's; null if there is none
  ConstraintCache constraints = {};
  std::vector<std::uint32_t> unusable_ids = {};
  std::string format = {};
  std::string target = {};
  std::string quality = {};
  std::string notes = {};
};

}  // namespace cellm

struct cellm_model {
  std::shared_ptr<const cellm::LoadedModel> loaded;
};

struct cellm_tokenizer {
  cellm::Tokenizer tokenizer;
};

struct cellm_session {
  std::shared_ptr<const cellm::LoadedModel> loaded;
  cellm::Session session;
};

struct cellm_snapshot {
  std::shared_ptr<const cellm::LoadedModel> loaded;
  cellm::Snapshot snapshot;
};

struct cellm_batch {
  std::shared_ptr<const cellm::LoadedModel> loaded;
  cellm::Batch batch;
};

struct cellm_cancel {
  cellm::CancelToken token;
};

namespace cellm {

// The status of the current exception; stores its message and advice for this thread.
cellm_status status_of_exception() noexcept;

// Runs body() and converts an exception to a status.
template <class Body>
cellm_status guarded(Body&& body) noexcept {
  try {
    body();
    return CELLM_OK;
  } catch (...) {
    return status_of_exception();
  }
}

// The result of body(); 0 if it throws, without changing the thread's latest failure.
template <class Body>
auto value_or_zero(Body&& body) noexcept -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    return 0;
  }
}

// An argument that may not be null.
template <class T>
T& required(T* pointer, const char* name) {
  if (pointer == nullptr) throw usage_error("{} is null", name);
  return *pointer;
}

template <class T>
std::span<T> required_array(T* pointer, std::size_t count, const char* name) {
  if (count != 0) required(pointer, name);
  return {pointer, count};
}

// The texts of an array, none of which may be null, as another type.
template <class Text = std::string>
std::vector<Text> texts_of(const char* const* texts, std::size_t count, const char* name) {
  std::vector<Text> result;
  for (const char* const text : required_array(texts, count, name))
    result.emplace_back(&required(text, name));
  return result;
}

// A copy of the caller's options in this library's struct: fields beyond the smaller struct of an
// older caller are 0, as are all for null. Throws Error(kUsage) for a struct without a size, and
// for the larger struct of a newer caller with an unknown field that is not 0.
template <class Options>
Options options_of(const Options* given, const char* name) {
  Options options{};
  if (given == nullptr) return options;
  if (given->size < sizeof(given->size)) throw usage_error("{}: size is not set", name);
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof(options); i < given->size; ++i) {
    if (bytes[i] != 0) {
      throw usage_error("{}: a field behind the {} bytes that this version knows is set", name,
                        sizeof(options));
    }
  }
  std::memcpy(&options, given, std::min(given->size, sizeof(options)));
  return options;
}

// Returns `to`, which may be null; called before the work, so that a bad struct costs none. Throws
// Error(kUsage) for a struct without a size.
template <class Result>
Result* checked_result(Result* to, const char* name) {
  if (to != nullptr && to->size < sizeof(to->size)) throw usage_error("{}: size is not set", name);
  return to;
}

// Copies the first to->size bytes of a result into the caller's struct; nothing if `to` is null.
template <class Result>
void give_result(Result result, Result* to) {
  if (to == nullptr) return;
  result.size = to->size;
  std::memcpy(to, &result, std::min(to->size, sizeof(result)));
}

inline std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

inline Links links_of(int follow_links) {
  return follow_links != 0 ? Links::kFollow : Links::kInside;
}

// Throw Error(kUsage) for a value outside of the enumeration or the limits of cellm.h.
Activations activations_of(int value);
KvEncoding kv_encoding_of(int value);
SequenceOptions sequence_options(const cellm_session_options* options);

}  // namespace cellm
