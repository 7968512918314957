#include <cstddef>
#include <cstring>
#include <functional>
#include <regex>
#include <thread>

#include "base/advice.h"
#include "base/version.h"
#include "capi/status.h"
#include "capi/test_capi.h"

namespace cellm {
namespace {

using test::expect_failure;
using test::expect_ok;

constexpr std::uint32_t kId = 1;

TEST(Version, IsThatOfTheProgram) {
  EXPECT_TRUE(std::regex_match(cellm_version(), std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
  EXPECT_EQ(kProgramVersion, std::string("cellm ") + cellm_version());
  EXPECT_EQ(cellm_abi_version(), CELLM_ABI_VERSION);
}

TEST(Status, OfEveryKindOfError) {
  const std::vector<ErrorKind> kinds{ErrorKind::kOther, ErrorKind::kUsage, ErrorKind::kData,
                                     ErrorKind::kUnsupported, ErrorKind::kResources};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    EXPECT_EQ(status_of(kinds[i]), static_cast<cellm_status>(i + 1));
    EXPECT_EQ(error_kind(status_of(kinds[i])), kinds[i]);
  }
}

TEST(Advice, ComesBackAsItWas) {
  for (int advice = CELLM_ADVICE_NONE; advice <= CELLM_ADVICE_MERGE_ADAPTER; ++advice) {
    EXPECT_EQ(public_advice(advice_kind(static_cast<cellm_advice>(advice))), advice);
  }
  EXPECT_EQ(public_advice(AdviceKind::kFewerTokens), CELLM_ADVICE_FEWER_TOKENS);
  EXPECT_EQ(public_advice(AdviceKind::kCalibrateOnMore), CELLM_ADVICE_CALIBRATE);
  EXPECT_EQ(public_advice(AdviceKind::kStudyText), CELLM_ADVICE_NONE);
}

class Errors : public test::CapiTest {};

TEST_F(Errors, AreOfTheThreadThatFailed) {
  cellm_model* model = nullptr;
  const std::string missing = folder_.path() / "missing";
  expect_failure(cellm_model_open(missing.c_str(), nullptr, &model), CELLM_ERROR_DATA, missing);
  const std::string mine = cellm_last_error();
  std::thread([] {
    EXPECT_STREQ(cellm_last_error(), "");
    EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_NONE);
    expect_failure(cellm_model_open("/", nullptr, nullptr), CELLM_ERROR_USAGE, "model is null");
  }).join();
  EXPECT_EQ(cellm_last_error(), mine);
  EXPECT_EQ(model, nullptr);
}

TEST_F(Errors, SayWhatMayHelp) {
  const auto other = folder_.path() / "other";
  std::filesystem::create_directories(other);
  std::filesystem::rename(path_ / "config.json", other / "config.json");
  std::filesystem::create_symlink(other / "config.json", path_ / "config.json");
  cellm_model* model = nullptr;
  expect_failure(cellm_model_open(path_.c_str(), nullptr, &model), CELLM_ERROR_DATA,
                 "a symbolic link out of the model's folder");
  EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_FOLLOW_LINKS);
  cellm_model_options options{};
  options.size = sizeof(options);
  options.follow_links = 1;
  expect_ok(cellm_model_open(path_.c_str(), &options, &model));
  cellm_model_free(model);
  expect_failure(cellm_model_open(path_.c_str(), &options, nullptr), CELLM_ERROR_USAGE, "null");
  EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_NONE);
}

// A call that gets null for the argument of this name.
struct NullCall {
  const char* name;
  std::function<cellm_status()> call;
};

class NullArguments : public test::CapiTest {
 protected:
  void refuse(const std::vector<NullCall>& calls) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      SCOPED_TRACE("call " + std::to_string(i));
      expect_failure(calls[i].call(), CELLM_ERROR_USAGE, calls[i].name);
      EXPECT_NE(std::string(cellm_last_error()).find(" is null"), std::string::npos)
          << cellm_last_error();
    }
  }

  const test::ModelHandle model_ = test::open_handle(path_);
  cellm_model* const m = model_.get();
  std::uint32_t* ids = nullptr;
  std::size_t count = 0;
};

TEST_F(NullArguments, OfTextAndModels) {
  const cellm_tokenizer_options tokenizer_options{.size = sizeof(tokenizer_options),
                                                  .file = nullptr,
                                                  .model = path_.c_str(),
                                                  .follow_links = 0};
  cellm_tokenizer* new_tokenizer = nullptr;
  expect_ok(cellm_tokenizer_open(&tokenizer_options, &new_tokenizer));
  const test::TokenizerHandle tokenizer(new_tokenizer);
  cellm_model* new_model = nullptr;
  cellm_model_facts facts{};
  facts.size = sizeof(facts);
  char* text = nullptr;
  const cellm_chat_message message{"user", "a", 0};
  const cellm_chat_message no_role{nullptr, "a", 0};
  const cellm_chat_message no_text{"user", nullptr, 0};
  refuse({
      {"bytes", [&] { return cellm_available_memory(nullptr, nullptr); }},
      {"cancel", [&] { return cellm_cancel_new(nullptr); }},
      {"path", [&] { return cellm_model_open(nullptr, nullptr, &new_model); }},
      {"model", [&] { return cellm_model_open("x", nullptr, nullptr); }},
      {"model", [&] { return cellm_model_get_facts(nullptr, &facts); }},
      {"facts", [&] { return cellm_model_get_facts(m, nullptr); }},
      {"model", [&] { return cellm_tokenize(nullptr, "a", 1, 0, &ids, &count); }},
      {"text", [&] { return cellm_tokenize(m, nullptr, 1, 0, &ids, &count); }},
      {"ids", [&] { return cellm_tokenize(m, "a", 1, 0, nullptr, &count); }},
      {"count", [&] { return cellm_tokenize(m, "a", 1, 0, &ids, nullptr); }},
      {"model", [&] { return cellm_detokenize(nullptr, &kId, 1, &text, &count); }},
      {"ids", [&] { return cellm_detokenize(m, nullptr, 1, &text, &count); }},
      {"text", [&] { return cellm_detokenize(m, &kId, 1, nullptr, &count); }},
      {"model", [&] { return cellm_chat_prompt(nullptr, &message, 1, nullptr, &ids, &count); }},
      {"messages", [&] { return cellm_chat_prompt(m, nullptr, 1, nullptr, &ids, &count); }},
      {"role", [&] { return cellm_chat_prompt(m, &no_role, 1, nullptr, &ids, &count); }},
      {"text", [&] { return cellm_chat_prompt(m, &no_text, 1, nullptr, &ids, &count); }},
      {"options", [&] { return cellm_tokenizer_open(nullptr, &new_tokenizer); }},
      {"tokenizer", [&] { return cellm_tokenizer_open(&tokenizer_options, nullptr); }},
      {"tokenizer", [&] { return cellm_tokenizer_encode(nullptr, "a", 1, 0, &ids, &count); }},
      {"text",
       [&] { return cellm_tokenizer_encode(tokenizer.get(), nullptr, 1, 0, &ids, &count); }},
      {"ids", [&] { return cellm_tokenizer_encode(tokenizer.get(), "a", 1, 0, nullptr, &count); }},
      {"tokenizer", [&] { return cellm_tokenizer_decode(nullptr, &kId, 1, 0, &text, &count); }},
      {"ids",
       [&] { return cellm_tokenizer_decode(tokenizer.get(), nullptr, 1, 0, &text, &count); }},
  });
  EXPECT_EQ(ids, nullptr);
  EXPECT_EQ(text, nullptr);
}

TEST_F(NullArguments, OfSessions) {
  const auto session = test::new_session(model_);
  const auto snapshot = test::snapshot_of(session);
  cellm_session* const s = session.get();
  cellm_session* out_session = nullptr;
  cellm_snapshot* out_snapshot = nullptr;
  float row = 0.0F;
  refuse({
      {"model", [&] { return cellm_session_new(nullptr, nullptr, &out_session); }},
      {"session", [&] { return cellm_session_new(m, nullptr, nullptr); }},
      {"session", [&] { return cellm_session_check_memory(nullptr, 1); }},
      {"session", [&] { return cellm_session_advance(nullptr, &kId, 1, nullptr); }},
      {"ids", [&] { return cellm_session_advance(s, nullptr, 1, nullptr); }},
      {"session", [&] { return cellm_session_advance_all(nullptr, &kId, 1, &row); }},
      {"logits", [&] { return cellm_session_advance_all(s, &kId, 1, nullptr); }},
      {"session", [&] { return cellm_session_snapshot(nullptr, &out_snapshot); }},
      {"snapshot", [&] { return cellm_session_snapshot(s, nullptr); }},
      {"session", [&] { return cellm_session_restore(nullptr, snapshot.get()); }},
      {"snapshot", [&] { return cellm_session_restore(s, nullptr); }},
      {"session", [&] { return cellm_session_save(nullptr, "x"); }},
      {"path", [&] { return cellm_session_save(s, nullptr); }},
      {"session", [&] { return cellm_session_load(nullptr, "x"); }},
      {"path", [&] { return cellm_session_load(s, nullptr); }},
      {"session",
       [&] { return cellm_generate(nullptr, &kId, 1, nullptr, nullptr, nullptr, nullptr); }},
      {"prompt", [&] { return cellm_generate(s, nullptr, 1, nullptr, nullptr, nullptr, nullptr); }},
  });
  EXPECT_EQ(cellm_session_position(s), 0U);  // nothing has happened
}

TEST_F(NullArguments, OfBatchesAndJobs) {
  const auto snapshot = test::snapshot_of(test::new_session(model_));
  cellm_batch* b = nullptr;
  expect_ok(cellm_batch_new(m, &b));
  const test::BatchHandle batch(b);
  cellm_batch* new_batch = nullptr;
  cellm_snapshot* out_snapshot = nullptr;
  std::uint64_t number = 0;
  std::size_t position = 0;
  const cellm_batch_input no_ids{0, nullptr, 1};
  auto convert = test::sized<cellm_convert_options>();
  convert.input = "x";
  auto tune = test::sized<cellm_tune_options>();
  tune.file = "x";
  auto evaluate = test::sized<cellm_evaluate_options>();
  evaluate.model = "x";
  refuse({
      {"model", [&] { return cellm_batch_new(nullptr, &new_batch); }},
      {"batch", [&] { return cellm_batch_new(m, nullptr); }},
      {"batch", [&] { return cellm_batch_add(nullptr, nullptr, &number); }},
      {"sequence", [&] { return cellm_batch_add(b, nullptr, nullptr); }},
      {"batch", [&] { return cellm_batch_add_snapshot(nullptr, snapshot.get(), &number); }},
      {"snapshot", [&] { return cellm_batch_add_snapshot(b, nullptr, &number); }},
      {"sequence", [&] { return cellm_batch_add_snapshot(b, snapshot.get(), nullptr); }},
      {"batch", [&] { return cellm_batch_fork(nullptr, 1, &number); }},
      {"copy", [&] { return cellm_batch_fork(b, 1, nullptr); }},
      {"batch", [&] { return cellm_batch_remove(nullptr, 1); }},
      {"batch", [&] { return cellm_batch_snapshot(nullptr, 1, &out_snapshot); }},
      {"batch", [&] { return cellm_batch_position(nullptr, 1, &position); }},
      {"position", [&] { return cellm_batch_position(b, 1, nullptr); }},
      {"batch", [&] { return cellm_batch_step(nullptr, &no_ids, 1, nullptr); }},
      {"inputs", [&] { return cellm_batch_step(b, nullptr, 1, nullptr); }},
      {"ids", [&] { return cellm_batch_step(b, &no_ids, 1, nullptr); }},
      {"options", [&] { return cellm_convert(nullptr, nullptr, nullptr); }},
      {"options", [&] { return cellm_tune(nullptr, nullptr, nullptr); }},
      {"options", [&] { return cellm_evaluate(nullptr, nullptr, nullptr); }},
      {"output", [&] { return cellm_convert(&convert, nullptr, nullptr); }},
      {"reference", [&] { return cellm_tune(&tune, nullptr, nullptr); }},
      {"text", [&] { return cellm_evaluate(&evaluate, nullptr, nullptr); }},
  });
}

TEST(Null, IsNothingWhereThereIsNoStatus) {
  EXPECT_STREQ(cellm_model_type(nullptr), "");
  EXPECT_STREQ(cellm_model_format(nullptr), "");
  EXPECT_STREQ(cellm_model_target(nullptr), "");
  EXPECT_STREQ(cellm_model_quality(nullptr), "");
  EXPECT_STREQ(cellm_model_notes(nullptr), "");
  EXPECT_STREQ(cellm_model_chat_template(nullptr), "");
  EXPECT_STREQ(cellm_model_named_chat_template(nullptr, "tool_use"), "");
  EXPECT_EQ(cellm_session_position(nullptr), 0U);
  EXPECT_EQ(cellm_session_max_tokens(nullptr), 0U);
  EXPECT_EQ(cellm_session_state_bytes(nullptr, 1), 0U);
  EXPECT_EQ(cellm_snapshot_position(nullptr), 0U);
  cellm_cancel_request(nullptr);
  cellm_free(nullptr);
  cellm_model_free(nullptr);
  cellm_tokenizer_free(nullptr);
  cellm_session_free(nullptr);
  cellm_snapshot_free(nullptr);
  cellm_batch_free(nullptr);
  cellm_cancel_free(nullptr);
}

class Sizes : public test::CapiTest {
 protected:
  cellm_status open(const void* options) {
    cellm_model* model = nullptr;
    const cellm_status status =
        cellm_model_open(path_.c_str(), static_cast<const cellm_model_options*>(options), &model);
    EXPECT_EQ(model != nullptr, status == CELLM_OK);
    cellm_model_free(model);
    return status;
  }
};

TEST_F(Sizes, AStructWithoutItsSizeIsRefused) {
  cellm_model_options options{};
  expect_failure(open(&options), CELLM_ERROR_USAGE, "cellm_model_options: size is not set");
  const auto model = test::open_handle(path_);
  cellm_model_facts facts{};
  expect_failure(cellm_model_get_facts(model.get(), &facts), CELLM_ERROR_USAGE,
                 "cellm_model_facts: size is not set");
  const auto session = test::new_session(model);
  cellm_generate_result result{};
  expect_failure(cellm_generate(session.get(), &kId, 1, nullptr, nullptr, nullptr, &result),
                 CELLM_ERROR_USAGE, "cellm_generate_result: size is not set");
  EXPECT_EQ(cellm_session_position(session.get()), 0U);
  const cellm_session_options no_size{};
  cellm_session* other = nullptr;
  expect_failure(cellm_session_new(model.get(), &no_size, &other), CELLM_ERROR_USAGE,
                 "cellm_session_options: size is not set");
}

// Memory behind the fields that an older caller has is neither read nor written.
TEST_F(Sizes, AnOlderCallerHasFewerFields) {
  cellm_model_options options;
  std::memset(&options, 0x5A, sizeof(options));
  options.size = offsetof(cellm_model_options, tokenizer_file);
  options.target = nullptr;
  expect_ok(open(&options));

  const auto model = test::open_handle(path_);
  cellm_model_facts facts;
  std::memset(&facts, 0x5A, sizeof(facts));
  cellm_model_facts before = facts;
  facts.size = offsetof(cellm_model_facts, layers);
  expect_ok(cellm_model_get_facts(model.get(), &facts));
  EXPECT_EQ(facts.size, offsetof(cellm_model_facts, layers));
  EXPECT_EQ(facts.vocab_size, test::facts_of(model).vocab_size);
  EXPECT_EQ(facts.hidden_size, test::facts_of(model).hidden_size);
  EXPECT_EQ(facts.layers, before.layers);
  EXPECT_EQ(facts.parameters, before.parameters);
  EXPECT_EQ(facts.threads, before.threads);
}

TEST_F(Sizes, ANewerCallerMayNotSetWhatIsNotKnown) {
  struct Newer {
    cellm_model_options options{};
    std::uint64_t more = 0;
  } newer;
  newer.options.size = sizeof(newer);
  expect_ok(open(&newer));
  newer.more = 1;
  expect_failure(open(&newer), CELLM_ERROR_USAGE, "cellm_model_options: a field behind the ");
}

}  // namespace
}  // namespace cellm
