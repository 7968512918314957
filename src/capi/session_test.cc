#include "engine/session.h"

#include <algorithm>

#include "capi/test_capi.h"

namespace cellm {
namespace {

using test::advance;
using test::expect_failure;
using test::expect_ok;
using test::Ids;
using test::some_ids;

class Sessions : public ::testing::TestWithParam<const char*> {
 protected:
  // A model by itself, as another process would have it.
  test::ModelHandle open() const { return test::open_handle(path_); }

  const TestFolder folder_;
  const std::filesystem::path path_ = test::model_with_tokenizer(folder_, GetParam());
  const test::ModelHandle model_ = open();
  const std::string file_ = (folder_.path() / "a.session").string();
};

TEST_P(Sessions, GiveTheEnginesLogits) {
  const Engine engine(open_model(path_), {"", 1});
  for (const int encoding : {CELLM_KV_F16, CELLM_KV_TURBOQUANT, CELLM_KV_F32}) {
    const KvEncoding internal[] = {KvEncoding::kF16, KvEncoding::kTurboQuant, KvEncoding::kF32};
    Session session(engine, {internal[encoding], 16, 0});
    const Ids ids = some_ids(70);
    const auto want = session.advance(ids);
    const auto got = advance(model_, test::new_session(model_, 0, encoding), ids);
    EXPECT_TRUE(std::ranges::equal(got, want)) << encoding;
  }
}

TEST_P(Sessions, DoNotDependOnHowTokensAreCut) {
  const Ids ids = some_ids(40);
  const std::size_t vocab = test::facts_of(model_).vocab_size;
  const auto whole = test::new_session(model_);
  std::vector<float> all(ids.size() * vocab);
  expect_ok(cellm_session_advance_all(whole.get(), ids.data(), ids.size(), all.data()));
  const auto single = test::new_session(model_);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = advance(model_, single, {ids[i]});
    EXPECT_TRUE(std::equal(row.begin(), row.end(), all.begin() + static_cast<long>(i * vocab)));
  }
  EXPECT_EQ(cellm_session_position(single.get()), ids.size());
  EXPECT_EQ(cellm_session_position(whole.get()), ids.size());
}

TEST_P(Sessions, GoBackToSnapshots) {
  const auto session = test::new_session(model_);
  advance(model_, session, some_ids(35));
  const auto early = test::snapshot_of(session);
  const auto want = advance(model_, session, some_ids(20, 9));
  const auto late = test::snapshot_of(session);
  EXPECT_EQ(cellm_snapshot_position(early.get()), 35U);
  EXPECT_EQ(cellm_snapshot_position(late.get()), 55U);
  expect_ok(cellm_session_restore(session.get(), early.get()));
  EXPECT_EQ(cellm_session_position(session.get()), 35U);
  EXPECT_EQ(advance(model_, session, some_ids(20, 9)), want);
  // Another session goes on from it, too.
  const auto other = test::new_session(model_);
  expect_ok(cellm_session_restore(other.get(), early.get()));
  EXPECT_EQ(advance(model_, other, some_ids(20, 9)), want);
}

TEST_P(Sessions, GoOnFromAFileInAnotherProcess) {
  const auto session = test::new_session(model_);
  advance(model_, session, some_ids(35));
  expect_ok(cellm_session_save(session.get(), file_.c_str()));
  const auto want = advance(model_, session, some_ids(20, 9));
  const auto other_model = open();
  const auto other = test::new_session(other_model);
  advance(other_model, other, {1, 2, 3});
  expect_ok(cellm_session_load(other.get(), file_.c_str()));
  EXPECT_EQ(cellm_session_position(other.get()), 35U);
  EXPECT_EQ(advance(other_model, other, some_ids(20, 9)), want);
}

TEST_P(Sessions, RefuseFilesAndSnapshotsOfOthers) {
  const auto session = test::new_session(model_);
  advance(model_, session, {1, 2, 3});
  expect_ok(cellm_session_save(session.get(), file_.c_str()));
  const auto exact = test::new_session(model_, 0, CELLM_KV_F32);
  advance(model_, exact, {7});
  expect_failure(cellm_session_load(exact.get(), file_.c_str()), CELLM_ERROR_USAGE, "KV");
  expect_failure(cellm_session_load(exact.get(), "/nowhere"), CELLM_ERROR_DATA, "/nowhere");
  EXPECT_EQ(cellm_session_position(exact.get()), 1U);
  const auto other_model = open();
  const auto foreign = test::snapshot_of(test::new_session(other_model));
  expect_failure(cellm_session_restore(session.get(), foreign.get()), CELLM_ERROR_USAGE,
                 "the snapshot belongs to another opened model");
  EXPECT_EQ(cellm_session_position(session.get()), 3U);
}

TEST_P(Sessions, RefuseTokensBeforeAnythingChanges) {
  const auto session = test::new_session(model_, 40);
  EXPECT_EQ(cellm_session_max_tokens(session.get()), 32U);  // two blocks
  const auto want = advance(model_, session, {1, 2, 3});
  const Ids beyond{1, 999};
  const Ids many = some_ids(30);
  expect_failure(cellm_session_advance(session.get(), beyond.data(), 2, nullptr), CELLM_ERROR_USAGE,
                 "token 999 is beyond the vocabulary");
  expect_failure(cellm_session_advance(session.get(), many.data(), 30, nullptr), CELLM_ERROR_USAGE,
                 "30 tokens after 3 do not fit into the context of 32");
  expect_failure(cellm_session_advance(session.get(), nullptr, 0, nullptr), CELLM_ERROR_USAGE,
                 "no tokens");
  EXPECT_EQ(cellm_session_position(session.get()), 3U);
  EXPECT_EQ(advance(model_, session, {4}),
            advance(model_, test::new_session(model_), {1, 2, 3, 4}));
}

// Handles keep the model alive: in whatever order they are freed, the others go on.
TEST_P(Sessions, OutliveTheirModel) {
  auto model = open();
  auto session = test::new_session(model);
  advance(model, session, some_ids(20));
  auto snapshot = test::snapshot_of(session);
  const auto want = advance(model, session, {9});
  const auto spare = test::new_session(model);
  model.reset();
  session.reset();
  expect_ok(cellm_session_restore(spare.get(), snapshot.get()));
  snapshot.reset();
  EXPECT_EQ(advance(model_, spare, {9}), want);
}

INSTANTIATE_TEST_SUITE_P(, Sessions, testing::Values("llama", "qwen3_5_text"));

class SessionOptionsTest : public test::CapiTest {
 protected:
  cellm_status create(const cellm_session_options& options) {
    cellm_session* session = nullptr;
    const cellm_status status = cellm_session_new(model_.get(), &options, &session);
    EXPECT_EQ(session != nullptr, status == CELLM_OK);
    max_tokens_ = cellm_session_max_tokens(session);
    cellm_session_free(session);
    return status;
  }

  const test::ModelHandle model_ = test::open_handle(path_);
  std::size_t max_tokens_ = 0;
};

TEST_F(SessionOptionsTest, SayHowLongASequenceMayGet) {
  auto options = test::sized<cellm_session_options>();
  expect_ok(create(options));
  EXPECT_EQ(max_tokens_, test::facts_of(model_).context);
  options.max_tokens = 1000;
  options.tokens_per_block = 7;
  expect_ok(create(options));
  EXPECT_EQ(max_tokens_, 994U);
  options.max_tokens = SIZE_MAX;
  expect_ok(create(options));
  EXPECT_EQ(max_tokens_, test::facts_of(model_).context);
  options.max_tokens = 6;
  expect_failure(create(options), CELLM_ERROR_USAGE, "max_tokens 6 is less than a block of 7");
  options.max_tokens = 0;
  options.tokens_per_block = SIZE_MAX;
  expect_failure(create(options), CELLM_ERROR_USAGE, "tokens_per_block");
  options.tokens_per_block = 0;
  options.kv_encoding = 7;
  expect_failure(create(options), CELLM_ERROR_USAGE, "KV encoding 7 is unknown");
}

TEST_F(SessionOptionsTest, MemoryIsCheckedWhenAsked) {
  std::string config = file_bytes(path_ / "config.json");
  const std::string key = "\"max_position_embeddings\": ";
  const std::size_t at = config.find(key) + key.size();
  config.replace(at, config.find(',', at) - at, "1073741824");
  folder_.write("llama/config.json", config);
  const auto model = test::open_handle(path_);
  const auto session = test::new_session(model);
  expect_ok(cellm_session_check_memory(session.get(), 16));
  const std::uint64_t block = cellm_session_state_bytes(session.get(), 16);
  EXPECT_GT(block, 0U);
  EXPECT_EQ(cellm_session_state_bytes(session.get(), 17), 2 * block);
  std::uint64_t available = 0;
  const char* limited_by = nullptr;
  expect_ok(cellm_available_memory(&available, &limited_by));
  EXPECT_GT(available, 0U);
  EXPECT_NE(std::string(limited_by), "");
  constexpr std::size_t kMost = std::size_t{1} << 30;
  ASSERT_GT(cellm_session_state_bytes(session.get(), kMost), available);
  expect_failure(cellm_session_check_memory(session.get(), kMost), CELLM_ERROR_RESOURCES,
                 "a sequence of 1073741824 tokens needs ");
  EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_FEWER_TOKENS);
  // Memory that the sequence has is not counted again.
  const std::string empty = cellm_last_error();
  advance(model, session, some_ids(500));
  expect_failure(cellm_session_check_memory(session.get(), kMost), CELLM_ERROR_RESOURCES, "needs ");
  EXPECT_NE(cellm_last_error(), empty);
}

}  // namespace
}  // namespace cellm
