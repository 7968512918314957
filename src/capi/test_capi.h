// For tests only: handles that free themselves, and a small model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cellm/cellm.h>
#include <gtest/gtest.h>

#include "jobs/test_jobs.h"

namespace cellm::test {

using Ids = std::vector<std::uint32_t>;

template <class T, void (*Free)(T*)>
struct Freeing {
  void operator()(T* handle) const { Free(handle); }
};
using ModelHandle = std::unique_ptr<cellm_model, Freeing<cellm_model, cellm_model_free>>;
using SessionHandle = std::unique_ptr<cellm_session, Freeing<cellm_session, cellm_session_free>>;
using SnapshotHandle =
    std::unique_ptr<cellm_snapshot, Freeing<cellm_snapshot, cellm_snapshot_free>>;
using BatchHandle = std::unique_ptr<cellm_batch, Freeing<cellm_batch, cellm_batch_free>>;
using TokenizerHandle =
    std::unique_ptr<cellm_tokenizer, Freeing<cellm_tokenizer, cellm_tokenizer_free>>;
using CancelHandle = std::unique_ptr<cellm_cancel, Freeing<cellm_cancel, cellm_cancel_free>>;

// Fails unless the call failed so, with one line that contains `part`.
inline void expect_failure(cellm_status status, cellm_status expected, std::string_view part) {
  const std::string message = cellm_last_error();
  EXPECT_EQ(status, expected) << message;
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nhas not: " << part;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}
inline void expect_ok(cellm_status status) {
  EXPECT_EQ(status, CELLM_OK) << cellm_last_error();
}

// A struct with its size set and the rest 0.
template <class T>
T sized() {
  T value{};
  value.size = sizeof(value);
  return value;
}

inline ModelHandle open_handle(const std::filesystem::path& path) {
  auto options = sized<cellm_model_options>();
  options.threads = 2;
  cellm_model* model = nullptr;
  expect_ok(cellm_model_open(path.c_str(), &options, &model));
  return ModelHandle(model);
}

inline SessionHandle new_session(const ModelHandle& model, std::size_t max_tokens = 0,
                                 int kv_encoding = CELLM_KV_F16) {
  auto options = sized<cellm_session_options>();
  options.max_tokens = max_tokens;
  options.kv_encoding = kv_encoding;
  cellm_session* session = nullptr;
  expect_ok(cellm_session_new(model.get(), &options, &session));
  return SessionHandle(session);
}

inline SnapshotHandle snapshot_of(const SessionHandle& session) {
  cellm_snapshot* snapshot = nullptr;
  expect_ok(cellm_session_snapshot(session.get(), &snapshot));
  return SnapshotHandle(snapshot);
}

inline cellm_model_facts facts_of(const ModelHandle& model) {
  auto facts = sized<cellm_model_facts>();
  expect_ok(cellm_model_get_facts(model.get(), &facts));
  return facts;
}

// The logits after the last token.
inline std::vector<float> advance(const ModelHandle& model, const SessionHandle& session,
                                  const Ids& ids) {
  const float* logits = nullptr;
  expect_ok(cellm_session_advance(session.get(), ids.data(), ids.size(), &logits));
  return {logits, logits + facts_of(model).vocab_size};
}

inline Ids some_ids(std::size_t count, std::uint32_t start = 5) {
  Ids ids(count);
  for (std::size_t i = 0; i < count; ++i)
    ids[i] = static_cast<std::uint32_t>((i * 37 + start) % 250);
  return ids;
}

// A small model with the bytes as tokens.
class CapiTest : public ::testing::Test {
 protected:
  const TestFolder folder_;
  const std::filesystem::path path_ = model_with_tokenizer(folder_, "llama");
};

}  // namespace cellm::test
