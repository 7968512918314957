// Responses of /completion, formed from events.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/work.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;
using Kind = CompletionEvent::Kind;

const ServedModel& model() {
  static const Tokenizer tokenizer = test::make_tokenizer(test::small_json());
  static const ServedModel made = [] {
    ServedModel served;
    served.name = "m";
    served.context = 100;
    served.vocab_size = 261;
    served.defaults.tokenizer = &tokenizer;
    return served;
  }();
  return made;
}

Work work_of(const char* body) {
  return make_plain_work(model(), parse_body(body));
}

CompletionEvent token(std::uint32_t id, std::string text) {
  CompletionEvent event{.kind = Kind::kToken};
  event.id = id;
  event.text = std::move(text);
  event.logprobs = TokenLogprobs{{id, -0.5F}, {{id, -0.5F}, {'z', -2.0F}}};
  return event;
}

CompletionEvent end(StopReason reason, Ids ids, std::string text) {
  CompletionEvent event{.kind = Kind::kEnd};
  event.result.reason = reason;
  event.result.ids = std::move(ids);
  event.result.text = std::move(text);
  return event;
}

OrderedJson data_of(std::string_view event) {
  EXPECT_TRUE(event.starts_with("data: ") && event.ends_with("\n\n")) << event;
  return OrderedJson::parse(event.substr(6));
}

TEST(PlainWork, AnAnswer) {
  Work work = work_of(R"({"prompt":"hi","stop":["c"],"seed":7,"n_predict":9,"n_probs":2,
                          "return_tokens":true,"logit_bias":[[5,-100],[6,1.5]]})");
  EXPECT_EQ(work.requests.at(0).prompt, (Ids{'h', 'i'}));
  EXPECT_EQ(work.requests[0].options.max_tokens, 9U);
  CompletionEvent read{.kind = Kind::kPromptRead};
  read.cached_tokens = 1;
  EXPECT_EQ(work.reply->take(0, read), "");
  EXPECT_EQ(work.reply->take(0, token('a', "a")), "");
  EXPECT_EQ(work.reply->take(0, token('\n', "\n")), "");
  EXPECT_EQ(work.reply->take(0, token('c', "")), "");
  EXPECT_EQ(work.reply->take(0, end(StopReason::kStopString, {'a', '\n', 'c'}, "a\n")), "");
  const OrderedJson answer = work.reply->whole();
  EXPECT_EQ(answer["content"], "a\n");
  EXPECT_EQ(answer["tokens"], OrderedJson({'a', '\n', 'c'}));
  EXPECT_EQ(answer["stop"], true);
  EXPECT_EQ(answer["stop_type"], "word");
  EXPECT_EQ(answer["stopping_word"], "c");
  EXPECT_EQ(answer["has_new_line"], true);
  EXPECT_EQ(answer["prompt"], "hi");
  EXPECT_EQ(answer["tokens_evaluated"], 2);
  EXPECT_EQ(answer["tokens_predicted"], 3);
  EXPECT_EQ(answer["tokens_cached"], 1);
  EXPECT_EQ(answer["generation_settings"]["seed"], 7);
  EXPECT_EQ(answer["generation_settings"]["n_predict"], 9);
  EXPECT_EQ(answer["generation_settings"]["logit_bias"].dump(),
            R"([{"token":5,"bias":null},{"token":6,"bias":1.5}])");
  EXPECT_TRUE(answer["timings"]["prompt_per_token_ms"].is_number());
  const OrderedJson& probabilities = answer["completion_probabilities"];
  ASSERT_EQ(probabilities.size(), 3U);
  EXPECT_EQ(probabilities[0]["id"], 'a');
  EXPECT_EQ(probabilities[0]["token"], "a");
  EXPECT_EQ(probabilities[0]["top_logprobs"][1]["id"], 'z');
  EXPECT_EQ(probabilities[0]["top_logprobs"][1]["logprob"], -2.0);
}

TEST(PlainWork, AStream) {
  Work work = work_of(R"({"prompt":"hi","stream":true})");
  work.reply->take(0, {.kind = Kind::kPromptRead});
  const OrderedJson first = data_of(work.reply->take(0, token('a', "a")));
  EXPECT_EQ(first["content"], "a");
  EXPECT_EQ(first["tokens"], OrderedJson({'a'}));
  EXPECT_EQ(first["stop"], false);
  EXPECT_EQ(work.reply->take(0, token('b', "")), "");  // its text comes with the next one
  const OrderedJson second = data_of(work.reply->take(0, token('c', "bc")));
  EXPECT_EQ(second["content"], "bc");
  EXPECT_EQ(second["tokens"], OrderedJson({'b', 'c'}));
  const OrderedJson last =
      data_of(work.reply->take(0, end(StopReason::kEos, {'a', 'b', 'c'}, "abcd")));
  EXPECT_EQ(last["content"], "d");
  EXPECT_EQ(last["stop"], true);
  EXPECT_EQ(last["stop_type"], "eos");
  EXPECT_EQ(last["tokens"], OrderedJson::array());
  EXPECT_EQ(work.reply->end(), "");
}

TEST(PlainWork, PromptsOfAllForms) {
  Work work = work_of(R"({"prompt":["a",[98],{"prompt_string":"c"}],"n_predict":-1})");
  ASSERT_EQ(work.requests.size(), 3U);
  EXPECT_EQ(work.requests[2].prompt, Ids{'c'});
  for (std::size_t i = 0; i < 3; ++i) {
    work.reply->take(i, {.kind = Kind::kPromptRead});
    work.reply->take(i, end(StopReason::kLength, {}, ""));
  }
  const OrderedJson list = work.reply->whole();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[1]["index"], 1);
  EXPECT_EQ(list[1]["prompt"], "b");
  EXPECT_EQ(list[1]["stop_type"], "limit");
  EXPECT_EQ(list[1]["generation_settings"]["n_predict"], -1);
  EXPECT_EQ(work_of(R"({"prompt":[97,"bc",100]})").requests.at(0).prompt,
            (Ids{'a', 'b', 'c', 'd'}));
}

TEST(PlainWork, SomeFields) {
  Work work = work_of(R"({"prompt":"x","seed":3,
                          "response_fields":["content","generation_settings/seed","no/such"]})");
  work.reply->take(0, end(StopReason::kEos, {}, "y"));
  EXPECT_EQ(work.reply->whole().dump(), R"({"content":"y","generation_settings/seed":3})");
}

TEST(PlainWork, Errors) {
  const auto param = [](const char* body) {
    try {
      work_of(body);
    } catch (const ApiError& error) {
      EXPECT_EQ(error.status, 400);
      return error.param;
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(param(R"({})"), "prompt");
  EXPECT_EQ(param(R"({"prompt":[97,null]})"), "prompt");
  EXPECT_EQ(param(R"({"prompt":[97,999]})"), "prompt");
  EXPECT_EQ(param(R"({"prompt":{"prompt_string":"a","multimodal_data":"b"}})"), "prompt");
  EXPECT_EQ(param(R"({"prompt":{"prompt_string":5}})"), "prompt.prompt_string");
  EXPECT_EQ(param(R"({"prompt":"a","n_probs":21})"), "n_probs");
  EXPECT_EQ(param(R"({"prompt":"a","post_sampling_probs":true})"), "post_sampling_probs");
  EXPECT_EQ(param(R"({"prompt":"a","response_fields":[1]})"), "response_fields");
}

}  // namespace
}  // namespace cellm
