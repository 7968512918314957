#include <array>
#include <string>

#include "capi/test_generate.h"

namespace cellm {
namespace {

using test::expect_failure;
using test::expect_ok;
using test::Heard;
using test::Ids;
using test::sized;

class ConstrainedAnswer : public test::Generate {
 protected:
  cellm_generate_options constrained(int kind, std::initializer_list<const char*> texts) {
    std::copy(texts.begin(), texts.end(), texts_.begin());
    auto options = sized<cellm_generate_options>();
    options.max_tokens = 60;
    options.temperature = 2.0F;
    options.constraint = kind;
    options.constraint_texts = texts_.data();
    options.constraint_texts_count = texts.size();
    return options;
  }
  std::string answer(const cellm_generate_options& options) {
    Heard heard;
    EXPECT_EQ(generate(test::new_session(model_), heard, options).stop_reason, CELLM_STOP_END);
    return heard.text;
  }

 private:
  std::array<const char*, 3> texts_{};
};

TEST_F(ConstrainedAnswer, IsOfTheForm) {
  EXPECT_EQ(answer(constrained(CELLM_CONSTRAINT_REGEX, {"ab{3}c"})), "abbbc");
  EXPECT_EQ(answer(constrained(CELLM_CONSTRAINT_GRAMMAR, {"root ::= \"x\" \"y\""})), "xy");
  EXPECT_EQ(answer(constrained(CELLM_CONSTRAINT_JSON_SCHEMA, {R"({"const": "a \"b\""})"})),
            R"("a \"b\"")");
  const std::string one = answer(constrained(CELLM_CONSTRAINT_CHOICE, {"left", "right", "up"}));
  EXPECT_TRUE(one == "left" || one == "right" || one == "up") << one;
  auto object = constrained(CELLM_CONSTRAINT_JSON_OBJECT, {});
  Heard heard;
  generate(test::new_session(model_), heard, object);
  EXPECT_EQ(heard.text.front(), '{');
  // Without a constraint, and for an older caller, whose struct ends before it, anything may come.
  auto none = constrained(CELLM_CONSTRAINT_NONE, {});
  Heard free;
  generate(test::new_session(model_), free, none);
  none.constraint = CELLM_CONSTRAINT_REGEX;
  none.size = offsetof(cellm_generate_options, constraint);
  Heard older;
  generate(test::new_session(model_), older, none);
  EXPECT_EQ(older.ids, free.ids);
}

TEST_F(ConstrainedAnswer, BeginsBehindReasoningThatThePromptHasBegun) {
  const auto prompt = [](std::string_view text) { return Ids(text.begin(), text.end()); };
  auto options = constrained(CELLM_CONSTRAINT_REGEX, {"yes"});
  options.split_thinking = 1;
  options.thinking_budget = 3;
  for (const std::string_view text : {"q<think>", "q", "q<think>\n\n</think>\n\n"}) {
    const Ids ids = prompt(text);
    auto result = sized<cellm_generate_result>();
    expect_ok(cellm_generate(test::new_session(model_).get(), ids.data(), ids.size(), &options,
                             nullptr, nullptr, &result));
    EXPECT_STREQ(result.answer, "yes") << text;
    EXPECT_EQ(result.thinking_tokens > 0, text == "q<think>") << text;
    cellm_free(result.reasoning);
    cellm_free(result.answer);
  }
}

TEST_F(ConstrainedAnswer, Errors) {
  const auto refuse = [&](const cellm_generate_options& options, cellm_status status,
                          std::string_view part) {
    const auto session = test::new_session(model_);
    expect_failure(cellm_generate(session.get(), prompt_.data(), prompt_.size(), &options, nullptr,
                                  nullptr, nullptr),
                   status, part);
    EXPECT_EQ(cellm_session_position(session.get()), 0U);
  };
  refuse(constrained(6, {"a"}), CELLM_ERROR_USAGE, "constraint 6 is unknown");
  refuse(constrained(0, {"a"}), CELLM_ERROR_USAGE, "constraint_texts without a constraint");
  refuse(constrained(CELLM_CONSTRAINT_REGEX, {}), CELLM_ERROR_USAGE, "takes 1 texts, not 0");
  refuse(constrained(CELLM_CONSTRAINT_CHOICE, {"a", nullptr}), CELLM_ERROR_USAGE,
         "constraint_texts is null");
  refuse(constrained(CELLM_CONSTRAINT_REGEX, {"a(?=b)"}), CELLM_ERROR_UNSUPPORTED, "(?=");
  refuse(constrained(CELLM_CONSTRAINT_JSON_SCHEMA, {R"({"not": {}})"}), CELLM_ERROR_UNSUPPORTED,
         "not");
}

}  // namespace
}  // namespace cellm
