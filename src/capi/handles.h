// What the handles of cellm.h are, and how arguments and failures pass the interface.
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
#include "engine/batch.h"
#include "engine/engine.h"
#include "engine/session.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// What the handles of a model share.
struct LoadedModel {
  LoadedModel(std::shared_ptr<const OpenedModel> opened, const EngineOptions& options)
      : engine(std::move(opened), options), tokenizer(engine.opened().tokenizer()) {}

  Engine engine;
  const Tokenizer* tokenizer;  // the engine's; null if there is none
  std::vector<std::uint32_t> unusable_ids = {};
  std::string format = {};
  std::string target = {};
  std::string quality = {};
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

// The status of the exception at hand, whose message and advice are kept for this thread.
cellm_status status_of_exception() noexcept;

// Runs body(); what it throws becomes a status.
template <class Body>
cellm_status guarded(Body&& body) noexcept {
  try {
    body();
    return CELLM_OK;
  } catch (...) {
    return status_of_exception();
  }
}

// What body() returns; 0 if it throws, which leaves the latest failure as it is.
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

// The caller's options as this library knows them: what the smaller struct of an older caller lacks
// is 0. Null stands for all defaults. Throws Error(kUsage) for a struct without a size, and for one
// of a newer caller that sets a field that this library does not know.
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

// A result of the caller's, null if it does not want any; for a job, checked before it runs. Throws
// Error(kUsage) for a struct without a size.
template <class Result>
Result* checked_result(Result* to, const char* name) {
  if (to != nullptr && to->size < sizeof(to->size)) throw usage_error("{}: size is not set", name);
  return to;
}

// Copies a result into the caller's struct as far as that reaches; null is left alone.
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

// Throw Error(kUsage) for a value that is none of the enumeration.
Activations activations_of(int value);
KvEncoding kv_encoding_of(int value);
SequenceOptions sequence_options(const cellm_session_options* options);

}  // namespace cellm
