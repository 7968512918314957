// Responses formed from events, without a model.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "serve/api_error.h"
#include "serve/work.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using Kind = CompletionEvent::Kind;

constexpr std::uint32_t kEnd = 261;

const ServedModel& model() {
  static const Tokenizer tokenizer = [] {
    Json document = test::small_json();
    document["added_tokens"].push_back(test::added_token(kEnd, "<|im_end|>", true));
    return test::make_tokenizer(document);
  }();
  static const Chat chat(kPlainTemplate, "plain", {});
  static const ServedModel made = [] {
    ServedModel served;
    served.name = "m";
    served.context = 100;
    served.vocab_size = 262;
    served.defaults.tokenizer = &tokenizer;
    served.defaults.stop_ids = {kEnd};
    served.chat = &chat;
    served.tool_chat = &chat;
    return served;
  }();
  return made;
}

CompletionEvent token(std::uint32_t id, std::size_t answer = 0) {
  CompletionEvent event{.kind = Kind::kToken};
  event.answer = answer;
  event.id = id;
  event.text = model().tokenizer().decode(std::vector<std::uint32_t>{id}, false);
  event.logprobs = TokenLogprobs{{id, -0.5F}, {{id, -0.5F}, {'z', -2.0F}}};
  return event;
}

CompletionEvent end(StopReason reason, std::vector<std::uint32_t> ids, std::size_t answer = 0) {
  CompletionEvent event{.kind = Kind::kEnd};
  event.answer = answer;
  event.result.reason = reason;
  if (reason == StopReason::kEos) event.result.end_id = kEnd;
  event.result.text = model().tokenizer().decode(ids, false);
  event.result.ids = std::move(ids);
  return event;
}

CompletionEvent read(std::size_t cached) {
  CompletionEvent event{.kind = Kind::kPromptRead};
  event.cached_tokens = cached;
  return event;
}

// The data of all events of a stream.
std::vector<OrderedJson> data_of(const std::string& stream) {
  std::vector<OrderedJson> list;
  const std::string_view kData = "data: ";
  for (std::size_t at = stream.find(kData); at != std::string::npos;
       at = stream.find(kData, at + 1)) {
    const std::string line = stream.substr(at + kData.size(), stream.find('\n', at) - at - 6);
    if (line != "[DONE]") list.push_back(OrderedJson::parse(line));
  }
  return list;
}

TEST(Replies, AChatCompletion) {
  Work work = make_chat_work(
      model(), parse_body(R"({"messages":[{"role":"user","content":"hi"}],"logprobs":true})"));
  ASSERT_EQ(work.requests.size(), 1U);
  EXPECT_EQ(work.requests[0].options.top_logprobs, std::size_t{0});
  EXPECT_EQ(work.reply->take(0, read(3)), "");
  work.reply->take(0, token('a'));
  work.reply->take(0, token('b'));
  work.reply->take(0, end(StopReason::kEos, {'a', 'b'}));
  const OrderedJson whole = work.reply->whole();
  const OrderedJson& choice = whole["choices"][0];
  EXPECT_EQ(choice["message"]["content"], "ab");
  EXPECT_EQ(choice["finish_reason"], "stop");
  EXPECT_EQ(choice["logprobs"]["content"].size(), 2U);
  EXPECT_EQ(choice["logprobs"]["content"][1]["bytes"], OrderedJson::array({'b'}));
  EXPECT_EQ(whole["usage"]["completion_tokens"], 3);  // with the one that ended it
  EXPECT_EQ(whole["usage"]["prompt_tokens"], work.requests[0].prompt.size());
  EXPECT_EQ(whole["usage"]["prompt_tokens_details"]["cached_tokens"], 3);
}

TEST(Replies, ChunksOfAChat) {
  Work work = make_chat_work(
      model(), parse_body(R"({"messages":[{"role":"user","content":"hi"}],"stream":true,"n":2,
                              "stream_options":{"include_usage":true}})"));
  EXPECT_TRUE(work.stream);
  std::string stream = work.reply->take(0, read(0));
  stream += work.reply->take(0, token('a', 1));
  stream += work.reply->take(0, end(StopReason::kLength, {'a'}, 1));
  stream += work.reply->take(0, token('b', 0));
  stream += work.reply->take(0, end(StopReason::kEos, {'b'}, 0));
  stream += work.reply->end();
  EXPECT_TRUE(stream.ends_with("data: [DONE]\n\n"));
  const auto chunks = data_of(stream);
  ASSERT_EQ(chunks.size(), 7U);
  EXPECT_EQ(chunks[0]["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(chunks[2]["choices"][0]["index"], 1);
  EXPECT_EQ(chunks[2]["choices"][0]["delta"]["content"], "a");
  EXPECT_EQ(chunks[3]["choices"][0]["finish_reason"], "length");
  EXPECT_TRUE(chunks[3]["usage"].is_null());
  EXPECT_EQ(chunks[6]["choices"].size(), 0U);
  EXPECT_EQ(chunks[6]["usage"]["completion_tokens"], 3);
}

TEST(Replies, TextThatBecomesCertainAtTheEnd) {
  Work work = make_text_work(model(), parse_body(R"({"prompt":"x","stream":true})"));
  std::string stream = work.reply->take(0, read(0));
  CompletionEvent held = token('a');
  held.text.clear();  // may be the beginning of a stop string
  stream += work.reply->take(0, held);
  stream += work.reply->take(0, end(StopReason::kLength, {'a'}));
  const auto chunks = data_of(stream);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0]["choices"][0]["text"], "a");
  EXPECT_EQ(chunks[0]["choices"][0]["finish_reason"], "length");
}

TEST(Replies, EchoHasAnEntryForEachToken) {
  Work work =
      make_text_work(model(), parse_body(R"({"prompt":"hi\u00e9","echo":true,"logprobs":1})"));
  const auto& prompt = work.requests[0].prompt;
  ASSERT_EQ(prompt.size(), 4U);  // h, i, and two bytes
  EXPECT_EQ(work.requests[0].prompt_logprobs, std::size_t{1});
  CompletionEvent event = read(0);
  for (std::size_t i = 1; i < prompt.size(); ++i) {
    event.prompt_logprobs.push_back({{prompt[i], -1.0F}, {{'z', -0.1F}}});
  }
  work.reply->take(0, event);
  work.reply->take(0, token('a'));
  CompletionEvent last = end(StopReason::kEos, {'a'});
  last.result.end_logprobs = TokenLogprobs{{kEnd, -0.2F}, {{kEnd, -0.2F}}};
  work.reply->take(0, last);
  const OrderedJson choice = work.reply->whole()["choices"][0];
  EXPECT_EQ(choice["text"],
            "hi\u00e9"
            "a");
  const OrderedJson& logprobs = choice["logprobs"];
  EXPECT_EQ(logprobs["tokens"],
            OrderedJson({"h", "i", "bytes:\\xc3", "bytes:\\xa9", "a", "<|im_end|>"}));
  EXPECT_TRUE(logprobs["token_logprobs"][0].is_null());
  EXPECT_TRUE(logprobs["top_logprobs"][0].is_null());
  EXPECT_EQ(logprobs["token_logprobs"][1], -1.0);
  EXPECT_EQ(logprobs["top_logprobs"][1].size(), 2U);  // the best one and the chosen one
  EXPECT_EQ(logprobs["text_offset"], OrderedJson({0, 1, 2, 3, 3, 4}));
}

TEST(Replies, PromptsTimesAnswers) {
  Work work = make_text_work(model(), parse_body(R"({"prompt":["a","bc"],"n":2})"));
  ASSERT_EQ(work.requests.size(), 2U);
  EXPECT_EQ(work.requests[1].answers, 2U);
  for (const std::size_t prompt : {1U, 0U}) {
    work.reply->take(prompt, read(0));
    for (const std::size_t answer : {0U, 1U}) {
      const auto id = static_cast<std::uint32_t>('p' + 2 * prompt + answer);
      work.reply->take(prompt, token(id, answer));
      work.reply->take(prompt, end(StopReason::kLength, {id}, answer));
    }
  }
  const OrderedJson whole = work.reply->whole();
  const char* texts[] = {"p", "q", "r", "s"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(whole["choices"][i]["text"], texts[i]);
    EXPECT_EQ(whole["choices"][i]["index"], i);
  }
}

TEST(Replies, AResponseAndItsEvents) {
  Work work = make_responses_work(
      model(), parse_body(R"({"input":"hi","stream":true,"instructions":"be kind"})"));
  std::string stream = work.reply->take(0, read(0));
  stream += work.reply->take(0, token('a'));
  stream += work.reply->take(0, end(StopReason::kEos, {'a'}));
  stream += work.reply->end();
  const auto events = data_of(stream);
  const char* types[] = {"response.created",           "response.in_progress",
                         "response.output_item.added", "response.content_part.added",
                         "response.output_text.delta", "response.output_text.done",
                         "response.content_part.done", "response.output_item.done",
                         "response.completed"};
  ASSERT_EQ(events.size(), std::size(types));
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["type"], types[i]);
    EXPECT_EQ(events[i]["sequence_number"], i);
  }
  const OrderedJson& response = events.back()["response"];
  EXPECT_EQ(response["output"][0]["content"][0]["text"], "a");
  EXPECT_EQ(response["status"], "completed");
  EXPECT_EQ(response["instructions"], "be kind");
  EXPECT_NE(stream.find("event: response.completed\n"), std::string::npos);
}

TEST(Replies, AFailureInAStreamIsAnErrorInIt) {
  for (const char* body : {R"({"prompt":"x","stream":true})", R"({"prompt":"x"})"}) {
    Work work = make_text_work(model(), parse_body(body));
    const std::string text = work.reply->fail(ApiError(503, "no memory"));
    if (!work.stream) {
      EXPECT_EQ(text, "");
      continue;
    }
    EXPECT_EQ(data_of(text)[0]["error"]["message"], "no memory");
  }
}

TEST(Replies, PromptsThatDoNotFit) {
  const std::string body = R"({"prompt":")" + std::string(100, 'x') + R"("})";
  try {
    make_text_work(model(), parse_body(body));
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.code, "context_length_exceeded");
    EXPECT_EQ(error.param, "prompt");
  }
}

TEST(Replies, BordersOfAConversation) {
  const Work one =
      make_chat_work(model(), parse_body(R"({"messages":[{"role":"system","content":"sys"},
                                          {"role":"user","content":"a"}]})"));
  const Work two =
      make_chat_work(model(), parse_body(R"({"messages":[{"role":"system","content":"sys"},
        {"role":"user","content":"a"},{"role":"assistant","content":"b"},
        {"role":"user","content":"c"}]})"));
  const auto& first = one.requests[0];
  const auto& second = two.requests[0];
  ASSERT_FALSE(first.borders.empty());
  ASSERT_GE(second.borders.size(), 2U);
  EXPECT_EQ(first.borders[0], second.borders[0]);  // behind the system message
  EXPECT_TRUE(std::is_sorted(second.borders.begin(), second.borders.end()));
  EXPECT_LT(second.borders.back(), second.prompt.size());
  // Up to the last user message nothing depends on it.
  const Work edited =
      make_chat_work(model(), parse_body(R"({"messages":[{"role":"system","content":"sys"},
        {"role":"user","content":"a"},{"role":"assistant","content":"b"},
        {"role":"user","content":"other"}]})"));
  const auto& other = edited.requests[0];
  EXPECT_EQ(other.borders[1], second.borders[1]);
  EXPECT_TRUE(std::equal(second.prompt.begin(),
                         second.prompt.begin() + static_cast<std::ptrdiff_t>(second.borders[1]),
                         other.prompt.begin()));
}

}  // namespace
}  // namespace cellm
