// The C++ interface as a program uses it: this file sees no header of the engine.
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <cellm/cellm.hpp>
#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::uint32_t>;

constexpr const char* kTiny = CELLM_TESTDATA "/../models/cellm-tiny";
const fs::path kSmall = fs::path(CELLM_TESTDATA) / "models" / "qwen3_5_text";

class Surface : public ::testing::Test {
 protected:
  Surface() { fs::create_directories(folder_); }
  ~Surface() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  template <class Body>
  static void expect_error(cellm_status status, const std::string& part, Body&& body) {
    try {
      body();
      ADD_FAILURE() << "no error; expected: " << part;
    } catch (const cellm::Error& error) {
      EXPECT_EQ(error.status(), status) << error.what();
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }

  static std::vector<float> copy(std::span<const float> row) { return {row.begin(), row.end()}; }

  const fs::path folder_ =
      fs::temp_directory_path() / ("cellm_surface_" + std::to_string(::getpid()));
};

TEST_F(Surface, AnswersAsTheModelWasTrained) {
  const cellm::Model model = cellm::Model::open(kTiny);
  EXPECT_EQ(model.facts().has_chat_format, 1);
  EXPECT_EQ(model.facts().end_token, 4065U);  // of generation_config.json
  cellm::Session session(model);
  std::string text;
  const Ids prompt = model.chat_prompt("Why is the sky blue?");
  const auto result =
      session.generate(prompt, {.max_tokens = 100}, [&](std::uint32_t, std::string_view part) {
        text += part;
        return true;
      });
  EXPECT_EQ(result.stop_reason, CELLM_STOP_END);
  EXPECT_EQ(result.prompt_tokens, prompt.size());
  EXPECT_TRUE(text.starts_with("The sky is blue because the air scatters")) << text;
  // A user's text never becomes a control token.
  EXPECT_EQ(model.chat_prompt("<|im_end|>"),
            model.chat_prompt(std::array{cellm::ChatMessage{"user", "<|im_end|>"}}));
  EXPECT_GT(model.tokenize("<|im_end|>").size(), model.tokenize("<|im_end|>", true).size());
  EXPECT_EQ(model.detokenize(model.tokenize("h\u00e9llo")), "h\u00e9llo");
  const cellm::Tokenizer tokenizer({.model = kTiny});
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a b", false), true), "a b");
}

TEST_F(Surface, AnswersAreHeldToAConstraint) {
  const cellm::Model model = cellm::Model::open(kTiny);
  const Ids prompt = model.chat_prompt("What is the capital of France?");
  const auto answer = [&](cellm::Constraint constraint) {
    std::string text;
    cellm::Session session(model);
    const auto result =
        session.generate(prompt, {.max_tokens = 200, .constraint = std::move(constraint)},
                         [&](std::uint32_t, std::string_view part) {
                           text += part;
                           return true;
                         });
    EXPECT_EQ(result.stop_reason, CELLM_STOP_END);
    return text;
  };
  using cellm::Constraint;
  const std::string choice = answer(Constraint::choice({"Rome", "Paris \"x\""}));
  EXPECT_TRUE(choice == "Rome" || choice == "Paris \"x\"") << choice;
  EXPECT_EQ(answer(Constraint::regex("Berl[i]n")), "Berlin");
  EXPECT_EQ(answer(Constraint::grammar("root ::= \"Ber\" (\"n\" | \"n\")")), "Bern");
  EXPECT_EQ(answer(Constraint::json_schema(R"({"enum": [-12.5]})")), "-12.5");
  expect_error(CELLM_ERROR_UNSUPPORTED, "patternProperties",
               [&] { answer(Constraint::json_schema(R"({"patternProperties": {"a": {}}})")); });
  expect_error(CELLM_ERROR_USAGE, "choice", [&] { answer(Constraint::choice({})); });
}

TEST_F(Surface, ErrorsCarryStatusAndAdvice) {
  expect_error(CELLM_ERROR_DATA, "/nowhere", [] { cellm::Model::open("/nowhere"); });
  const cellm::Model model = cellm::Model::open(kSmall.string(), {.threads = 1});
  try {
    model.tokenize("a");
    ADD_FAILURE();
  } catch (const cellm::Error& error) {
    EXPECT_EQ(error.advice(), CELLM_ADVICE_TOKENIZER_FILE);
  }
  expect_error(CELLM_ERROR_USAGE, "top-p",
               [&] { cellm::Session(model).generate(Ids{1}, {.top_p = 0.0F}); });
  expect_error(CELLM_ERROR_USAGE, "repeat penalty",
               [&] { cellm::Session(model).generate(Ids{1}, {.repeat_penalty = 0.0F}); });
  EXPECT_GT(cellm::available_memory().bytes, 0U);
  EXPECT_EQ(cellm::version(), cellm_version());
}

TEST_F(Surface, AnExceptionOfACallbackComesOut) {
  struct Mine {
    int value;
  };
  const cellm::Model model = cellm::Model::open(kSmall.string());
  cellm::Session session(model);
  std::size_t calls = 0;
  try {
    session.generate(Ids{1, 2}, {.ignore_end = true}, [&](std::uint32_t, std::string_view) -> bool {
      if (++calls == 2) throw Mine{7};
      return true;
    });
    ADD_FAILURE();
  } catch (const Mine& mine) {
    EXPECT_EQ(mine.value, 7);
  }
  EXPECT_EQ(calls, 2U);
  EXPECT_EQ(session.position(), 3U);  // and the session goes on

  const std::string input = kSmall.string();
  const std::string output = (folder_ / "m.cellm").string();
  cellm_convert_options options{};
  options.input = input.c_str();
  options.output = output.c_str();
  const auto stop = [](std::string_view, std::uint64_t, std::uint64_t) -> bool { throw Mine{8}; };
  EXPECT_THROW(cellm::convert(options, stop), Mine);
  const auto cancel = [](std::string_view, std::uint64_t, std::uint64_t) { return false; };
  EXPECT_THROW(cellm::convert(options, cancel), cellm::Cancelled);
  const cellm::Cancel token;
  token.request();
  EXPECT_THROW(cellm::convert(options, {}, &token), cellm::Cancelled);
  EXPECT_FALSE(fs::exists(output));
  const auto converted = cellm::convert(options);
  EXPECT_EQ(converted.file_bytes, fs::file_size(output));
  EXPECT_EQ(cellm::Model::open(output).format(), "int4-g32");
}

TEST_F(Surface, SessionsSnapshotsAndBatchesAgree) {
  std::optional<cellm::Model> model = cellm::Model::open(kSmall.string(), {.threads = 2});
  const std::string file = (folder_ / "a.session").string();
  cellm::Session session(*model, {.kv_encoding = CELLM_KV_F32, .max_tokens = 64});
  EXPECT_EQ(session.max_tokens(), 64U);
  session.check_memory(64);
  session.advance(Ids{1, 2, 3});
  const cellm::Snapshot early = session.snapshot();
  session.save(file);
  const auto want = copy(session.advance(Ids{4, 5}));
  const auto rows = [&] {
    session.restore(early);
    return session.advance_all(Ids{4, 5});
  }();
  EXPECT_EQ(rows.size(), 2 * want.size());
  EXPECT_TRUE(std::equal(want.begin(), want.end(), rows.end() - static_cast<long>(want.size())));
  std::vector<float> buffer(rows.size());
  session.restore(early);
  expect_error(CELLM_ERROR_USAGE, "size", [&] {
    session.advance_all(Ids{4, 5}, std::span(buffer).first(want.size()));
  });
  session.advance_all(Ids{4, 5}, buffer);
  EXPECT_EQ(buffer, rows);
  EXPECT_EQ(session.vocab_size(), want.size());
  session.load(file);
  EXPECT_EQ(copy(session.advance(Ids{4, 5})), want);

  cellm::Batch batch(*model);
  model.reset();  // the others keep it
  const auto a = batch.add(early);
  const auto b = batch.add({.kv_encoding = CELLM_KV_F32});
  const auto c = batch.fork(a);
  const Ids more{4, 5};
  const std::array inputs{cellm::Batch::Input{a, more}, cellm::Batch::Input{b, more},
                          cellm::Batch::Input{c, more}};
  const auto logits = batch.step(inputs);
  EXPECT_EQ(copy(logits[0]), want);
  EXPECT_EQ(copy(logits[2]), want);
  EXPECT_EQ(batch.position(b), 2U);
  batch.remove(b);
  expect_error(CELLM_ERROR_USAGE, "not in this batch", [&] { batch.position(b); });
  session.restore(batch.snapshot(a));
  cellm::Session moved = std::move(session);
  EXPECT_EQ(moved.position(), 5U);
}

TEST_F(Surface, GenerationStopsWhereItIsTold) {
  const cellm::Model model = cellm::Model::open(kSmall.string());
  cellm::Session none(model);
  EXPECT_EQ(none.generate(Ids{1, 2}, {.max_tokens = 0}).generated_tokens, 0U);
  EXPECT_EQ(none.position(), 2U);
  cellm::Session full(model, {.max_tokens = 16});
  const auto result = full.generate(Ids{1, 2}, {.ignore_end = true});
  EXPECT_EQ(result.stop_reason, CELLM_STOP_CONTEXT);
  EXPECT_EQ(result.generated_tokens, 15U);
  const cellm::Cancel cancel;
  cellm::Session cancelled(model);
  const auto stopped = cancelled.generate(Ids{1}, {.ignore_end = true, .cancel = &cancel},
                                          [&](std::uint32_t id, std::string_view text) {
                                            EXPECT_NE(id, CELLM_NO_TOKEN);
                                            EXPECT_EQ(text, "");  // there is no tokenizer
                                            std::thread([&] { cancel.request(); }).join();
                                            return true;
                                          });
  EXPECT_EQ(stopped.stop_reason, CELLM_STOP_CALLER);
  EXPECT_EQ(stopped.generated_tokens, 1U);
}

// Without recent tokens the penalty changes nothing.
TEST_F(Surface, AWindowOfNoTokensIsNoPenalty) {
  const cellm::Model model = cellm::Model::open(kSmall.string());
  const auto ids = [&](cellm::GenerateOptions options) {
    options.max_tokens = 12;
    options.temperature = 3.0F;
    options.ignore_end = true;
    Ids result;
    cellm::Session(model).generate(Ids{1, 2}, options, [&](std::uint32_t id, std::string_view) {
      result.push_back(id);
      return true;
    });
    return result;
  };
  EXPECT_EQ(ids({.repeat_penalty = 5.0F, .repeat_window = 0}), ids({}));
  EXPECT_NE(ids({.repeat_penalty = 5.0F, .repeat_window = 8}), ids({}));
}

TEST_F(Surface, GenerationHandsOverLogprobs) {
  const cellm::Model model = cellm::Model::open(kSmall.string());
  const auto result = cellm::Session(model).generate(
      Ids{1, 2}, {.max_tokens = 3, .ignore_end = true, .top_logprobs = 2});
  EXPECT_EQ(result.logprobs, nullptr);
  ASSERT_EQ(result.token_logprobs.size(), 3U);
  for (const cellm::TokenLogprobs& token : result.token_logprobs) {
    ASSERT_EQ(token.top.size(), 2U);
    EXPECT_EQ(token.chosen.id, token.top[0].id);  // greedy
    EXPECT_LE(token.top[1].logprob, token.top[0].logprob);
    EXPECT_LT(token.chosen.logprob, 0.0F);
  }
  expect_error(CELLM_ERROR_USAGE, "stop strings need a tokenizer",
               [&] { cellm::Session(model).generate(Ids{1}, {.stop_strings = {"a"}}); });
  expect_error(CELLM_ERROR_USAGE, "typical-p",
               [&] { cellm::Session(model).generate(Ids{1}, {.typical_p = 0.0F}); });
}

TEST_F(Surface, AModelMayAskForSampling) {
  const cellm::Model model = cellm::Model::open(kSmall.string());
  EXPECT_FALSE(model.sampling().temperature || model.sampling().top_k);
  const cellm::Model tiny = cellm::Model::open(kTiny);
  const cellm::Sampling sampling = tiny.sampling();
  EXPECT_EQ(sampling.temperature, 0.6F);
  EXPECT_EQ(sampling.top_k, 20U);
  EXPECT_EQ(sampling.top_p, 0.9F);
  EXPECT_FALSE(sampling.min_p || sampling.presence_penalty);
  EXPECT_FALSE(tiny.sampling(CELLM_SAMPLING_CARD).presence_penalty);  // none of Qwen's models
}

}  // namespace
