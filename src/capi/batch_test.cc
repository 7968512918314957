#include "engine/batch.h"

#include "capi/test_capi.h"

namespace cellm {
namespace {

using test::advance;
using test::expect_failure;
using test::expect_ok;
using test::Ids;
using test::some_ids;

using Rows = std::vector<std::vector<float>>;

class Batches : public ::testing::TestWithParam<const char*> {
 protected:
  Batches() {
    cellm_batch* batch = nullptr;
    expect_ok(cellm_batch_new(model_.get(), &batch));
    batch_.reset(batch);
  }

  std::uint64_t add() {
    std::uint64_t id = 0;
    expect_ok(cellm_batch_add(batch_.get(), nullptr, &id));
    return id;
  }

  Rows step(const std::vector<std::pair<std::uint64_t, Ids>>& inputs) {
    std::vector<cellm_batch_input> plain;
    for (const auto& [id, ids] : inputs) plain.push_back({id, ids.data(), ids.size()});
    std::vector<const float*> logits(inputs.size());
    expect_ok(cellm_batch_step(batch_.get(), plain.data(), plain.size(), logits.data()));
    Rows rows;
    for (const float* row : logits) rows.emplace_back(row, row + test::facts_of(model_).vocab_size);
    return rows;
  }

  std::size_t position(std::uint64_t id) const {
    std::size_t position = 0;
    expect_ok(cellm_batch_position(batch_.get(), id, &position));
    return position;
  }

  const TestFolder folder_;
  const std::filesystem::path path_ = test::model_with_tokenizer(folder_, GetParam());
  test::ModelHandle model_ = test::open_handle(path_);
  test::BatchHandle batch_;
};

TEST_P(Batches, ASequenceInCompanyIsASessionAlone) {
  const auto first = test::new_session(model_);
  const auto second = test::new_session(model_);
  const std::uint64_t a = add();
  const std::uint64_t b = add();
  EXPECT_NE(a, b);
  const Rows together = step({{a, some_ids(30)}, {b, some_ids(7, 9)}});
  EXPECT_EQ(together[0], advance(model_, first, some_ids(30)));
  EXPECT_EQ(together[1], advance(model_, second, some_ids(7, 9)));
  EXPECT_EQ(step({{b, {1}}})[0], advance(model_, second, {1}));

  // A copy goes on as its original would.
  std::uint64_t copy = 0;
  expect_ok(cellm_batch_fork(batch_.get(), a, &copy));
  const Rows forked = step({{copy, {3}}, {a, {4, 5}}, {b, {6}}});
  const auto early = test::snapshot_of(first);
  EXPECT_EQ(forked[0], advance(model_, first, {3}));
  expect_ok(cellm_session_restore(first.get(), early.get()));
  EXPECT_EQ(forked[1], advance(model_, first, {4, 5}));

  // The others do not notice that one leaves.
  expect_ok(cellm_batch_remove(batch_.get(), a));
  EXPECT_EQ(step({{b, {2}}})[0], [&] {
    advance(model_, second, {6});
    return advance(model_, second, {2});
  }());
  EXPECT_EQ(position(b), 10U);
  EXPECT_EQ(position(copy), 31U);
}

TEST_P(Batches, ShareSnapshotsWithSessions) {
  const auto session = test::new_session(model_);
  advance(model_, session, some_ids(33));
  std::uint64_t id = 0;
  expect_ok(cellm_batch_add_snapshot(batch_.get(), test::snapshot_of(session).get(), &id));
  EXPECT_EQ(position(id), 33U);
  EXPECT_EQ(step({{id, {8, 9}}})[0], advance(model_, session, {8, 9}));
  cellm_snapshot* snapshot = nullptr;
  expect_ok(cellm_batch_snapshot(batch_.get(), id, &snapshot));
  const test::SnapshotHandle owner(snapshot);
  const auto other = test::new_session(model_);
  expect_ok(cellm_session_restore(other.get(), snapshot));
  EXPECT_EQ(advance(model_, other, {4}), advance(model_, session, {4}));
}

TEST_P(Batches, RefuseWhatDoesNotFit) {
  const std::uint64_t a = add();
  const std::uint32_t id = 1;
  const Ids many(cellm_batch_max_tokens() + 1, 1);
  const cellm_batch_input one{a, &id, 1};
  const cellm_batch_input none{a, &id, 0};
  const cellm_batch_input twice[] = {one, one};
  const cellm_batch_input large{a, many.data(), many.size()};
  const cellm_batch_input unknown{a + 1000, &id, 1};
  cellm_batch* const batch = batch_.get();
  expect_failure(cellm_batch_step(batch, &one, 0, nullptr), CELLM_ERROR_USAGE, "no inputs");
  expect_failure(cellm_batch_step(batch, &none, 1, nullptr), CELLM_ERROR_USAGE, "no tokens");
  expect_failure(cellm_batch_step(batch, twice, 2, nullptr), CELLM_ERROR_USAGE, "comes twice");
  expect_failure(cellm_batch_step(batch, &large, 1, nullptr), CELLM_ERROR_USAGE, "tokens");
  expect_failure(cellm_batch_step(batch, &unknown, 1, nullptr), CELLM_ERROR_USAGE, "not in this");
  expect_failure(cellm_batch_remove(batch, a + 1000), CELLM_ERROR_USAGE, "not in this");
  std::uint64_t copy = 7;
  expect_failure(cellm_batch_fork(batch, a + 1000, &copy), CELLM_ERROR_USAGE, "not in this");
  EXPECT_EQ(copy, 7U);
  EXPECT_EQ(position(a), 0U);
  expect_ok(cellm_batch_step(batch, &one, 1, nullptr));  // without logits
  EXPECT_EQ(position(a), 1U);
}

TEST_P(Batches, OutliveTheirModel) {
  const std::uint64_t a = add();
  const auto want = advance(model_, test::new_session(model_), {1, 2});
  model_.reset();
  const Ids ids{1, 2};
  const cellm_batch_input input{a, ids.data(), ids.size()};
  const float* logits = nullptr;
  expect_ok(cellm_batch_step(batch_.get(), &input, 1, &logits));
  EXPECT_TRUE(std::equal(want.begin(), want.end(), logits));
  cellm_snapshot* snapshot = nullptr;
  expect_ok(cellm_batch_snapshot(batch_.get(), a, &snapshot));
  batch_.reset();
  EXPECT_EQ(cellm_snapshot_position(snapshot), 2U);
  cellm_snapshot_free(snapshot);
}

INSTANTIATE_TEST_SUITE_P(, Batches, testing::Values("llama", "qwen3_5_text"));

}  // namespace
}  // namespace cellm
