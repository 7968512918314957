#include <string>
#include <vector>

#include "capi/test_capi.h"

namespace cellm {
namespace {

using test::expect_failure;
using test::expect_ok;
using test::Ids;

// What a callback was shown.
struct Shown {
  std::vector<std::string> names;
  std::vector<std::size_t> layers;  // whose hidden states came
  std::size_t most = SIZE_MAX;

  static int see(void* user, const cellm_observed* observed) {
    auto& shown = *static_cast<Shown*>(user);
    EXPECT_EQ(observed->size, sizeof(cellm_observed));
    EXPECT_GT(observed->cols, 0U);
    if (observed->names_count == 0) shown.layers.push_back(observed->layer);
    for (std::size_t i = 0; i < observed->names_count; ++i) {
      shown.names.emplace_back(observed->names[i]);
    }
    return shown.names.size() >= shown.most ? 1 : 0;
  }
};

class Observing : public test::CapiTest {
 protected:
  const test::ModelHandle model_ = test::open_handle(path_);
  const Ids ids_ = test::some_ids(9);
};

TEST_F(Observing, AppendsTokensAndShowsEveryInput) {
  const auto session = test::new_session(model_);
  Shown shown;
  expect_ok(cellm_session_observe(session.get(), ids_.data(), ids_.size(), Shown::see, &shown));
  EXPECT_EQ(cellm_session_position(session.get()), ids_.size());
  const std::size_t layers = test::facts_of(model_).layers;
  ASSERT_EQ(shown.layers.size(), layers);
  for (std::size_t i = 0; i < layers; ++i) EXPECT_EQ(shown.layers[i], i);
  ASSERT_EQ(shown.names.size(), 7 * layers + 1);
  EXPECT_EQ(shown.names.front(), "layers.0.self_attn.q_proj.weight");
  EXPECT_EQ(shown.names.back(), "lm_head.weight");
  // The sequence is that of an advance.
  const auto plain = test::new_session(model_);
  test::advance(model_, plain, ids_);
  EXPECT_EQ(test::advance(model_, session, {5}), test::advance(model_, plain, {5}));
}

TEST_F(Observing, ACallbackEndsIt) {
  const auto session = test::new_session(model_);
  Shown shown{.names = {}, .layers = {}, .most = 2};
  expect_failure(cellm_session_observe(session.get(), ids_.data(), ids_.size(), Shown::see, &shown),
                 CELLM_CANCELLED, "cancelled");
  EXPECT_EQ(cellm_session_position(session.get()), 0U);
}

TEST_F(Observing, WrongArgumentsAreRefused) {
  const auto session = test::new_session(model_);
  Shown shown;
  const std::uint32_t beyond = 1U << 30U;
  expect_failure(cellm_session_observe(session.get(), &beyond, 1, Shown::see, &shown),
                 CELLM_ERROR_USAGE, "vocabulary");
  expect_failure(cellm_session_observe(session.get(), nullptr, 0, Shown::see, &shown),
                 CELLM_ERROR_USAGE, "no tokens");
  expect_failure(cellm_session_observe(session.get(), ids_.data(), 1, nullptr, nullptr),
                 CELLM_ERROR_USAGE, "on_observed");
}

}  // namespace
}  // namespace cellm
