#include "engine/conversation.h"

#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "base/advice.h"
#include "base/test_files.h"
#include "engine/answer_ids.h"
#include "engine/engine.h"
#include "engine/generate.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::size_t kContext = 2048;  // of the model
constexpr std::size_t kFrame = 16;      // more than a template writes around a message

// cellm-tiny, which answers, under different templates.
class ConversationTest : public testing::Test {
 protected:
  static const Engine& engine() {
    static const Engine engine(open_model(CELLM_TESTDATA "/../models/cellm-tiny"),
                               EngineOptions{"", 2});
    return engine;
  }
  static const Tokenizer& tokenizer() { return *engine().opened().tokenizer(); }
  // Its own template, which writes an empty think block in front of an answer and leaves it out of
  // earlier ones.
  static const Chat& rewriting() { return *engine().opened().chat(); }
  // ChatML, which only ever appends.
  static const Chat& appending() {
    static const Chat chat(kChatMlTemplate, "chatml", {});
    return chat;
  }
  static Conversation begin(const Chat& chat, const ConversationOptions& options = {}) {
    return {engine(), tokenizer(), chat, options};
  }
  static GenerateOptions options(float temperature = 0.0F) {
    GenerateOptions options;
    options.max_tokens = 60;
    options.sampler.temperature = temperature;
    options.sampler.seed = 5;
    options.stop_ids = end_of_answer_ids(engine(), &tokenizer());
    options.unusable_ids = unusable_ids(engine(), tokenizer());
    return options;
  }
  // Interrupts after so many tokens.
  static AnswerEvents interrupt_after(std::size_t most) {
    auto seen = std::make_shared<std::size_t>(0);
    AnswerEvents events;
    events.on_text = [seen](std::string_view, std::size_t tokens) { *seen += tokens; };
    events.interrupted = [seen, most] { return *seen >= most; };
    return events;
  }
  // The ids of a new session's answer to the messages.
  static Ids answer_anew(const Chat& chat, std::vector<ChatMessage> messages,
                         const GenerateOptions& how) {
    messages.pop_back();
    Session session(engine(), {});
    return generate(
               session, chat.prompt(tokenizer(), messages), how, [](auto, auto) {},
               [] { return false; })
        .ids;
  }
  static std::vector<ChatMessage> copy(const Conversation& talk) {
    return {talk.messages().begin(), talk.messages().end()};
  }
};

// The logits behind what a session has read, after one more token.
std::vector<float> logits_after(const Snapshot& snapshot) {
  Session session(snapshot.engine(), snapshot.options());
  session.restore(snapshot);
  const Ids next = {7};
  const auto logits = session.advance(next);
  return {logits.begin(), logits.end()};
}

TEST_F(ConversationTest, ALongOneReadsOnlyTheNewTurn) {
  Conversation talk = begin(appending());
  std::string story;
  for (int i = 0; i < 180; ++i) story += "The lighthouse stands on the rock by the sea. ";
  talk.set_system(story);
  const ChatAnswer first = talk.ask("What is a lighthouse?", options());
  EXPECT_GT(first.conversation_tokens, 1800U);
  EXPECT_EQ(first.result.prompt_tokens, first.conversation_tokens);
  ASSERT_FALSE(first.result.ids.empty());

  const std::size_t read = talk.session().position();
  const std::string question = "Thank you!";
  const ChatAnswer second = talk.ask(question, options());
  EXPECT_EQ(second.reread_tokens, 0U);
  EXPECT_EQ(second.result.prompt_tokens, second.conversation_tokens - read);
  EXPECT_LT(second.result.prompt_tokens, tokenizer().encode(question, false).size() + kFrame);
  EXPECT_EQ(second.result.ids, answer_anew(appending(), copy(talk), options()));
}

TEST_F(ConversationTest, ARewritingTemplateReadsAnAnswerAgain) {
  Conversation talk = begin(rewriting());
  talk.set_system("You are a helpful assistant. Answer in one or two short sentences, please.");
  const ChatAnswer first = talk.ask("What is a lighthouse?", options());
  const std::size_t answer = first.result.ids.size();
  const std::string question = "And a harbour?";
  const ChatAnswer second = talk.ask(question, options());
  EXPECT_GE(second.reread_tokens, answer);
  EXPECT_LT(second.reread_tokens, answer + kFrame);
  EXPECT_LT(second.result.prompt_tokens,
            answer + tokenizer().encode(question, false).size() + 2 * kFrame);
}

TEST_F(ConversationTest, AnswersAreThoseOfANewSession) {
  const Chat qwen3(kQwen3Template, "qwen3", {});
  for (const Chat* chat : {&appending(), &rewriting(), &std::as_const(qwen3)}) {
    Conversation talk = begin(*chat);
    for (const char* question :
         {"Hello!", "What is the capital of France?", "Why is the sky blue?", "What is a horse?"}) {
      const ChatAnswer answer = talk.ask(question, options(0.8F));
      EXPECT_EQ(answer.text, talk.messages().back().content);
      EXPECT_EQ(answer.result.ids, answer_anew(*chat, copy(talk), options(0.8F))) << question;
    }
    Session fresh(engine(), {});
    fresh.advance(talk.session().tokens());
    EXPECT_EQ(logits_after(talk.session().snapshot()), logits_after(fresh.snapshot()));
  }
}

TEST_F(ConversationTest, RegeneratesInPlace) {
  Conversation talk = begin(rewriting());
  expect_error(ErrorKind::kUsage, "no question", [&] { talk.regenerate(options()); });
  talk.ask("Hello!", options());
  const ChatAnswer first = talk.ask("Tell me a story.", options(1.0F));
  GenerateOptions other = options(1.0F);
  other.sampler.seed = 6;
  const ChatAnswer second = talk.regenerate(other);
  EXPECT_NE(first.text, second.text);
  EXPECT_EQ(talk.messages().size(), 4U);
  EXPECT_EQ(talk.messages().back().content, second.text);
  EXPECT_EQ(second.result.ids, answer_anew(rewriting(), copy(talk), other));
  EXPECT_LT(second.result.prompt_tokens, kFrame);  // what opens the answer
  EXPECT_EQ(talk.regenerate(options(1.0F)).text, first.text);
}

TEST_F(ConversationTest, TakesBackExchanges) {
  Conversation talk = begin(appending());
  EXPECT_FALSE(talk.undo());
  constexpr std::size_t kExchanges = kMaxMarks + 3;
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < kExchanges; ++i) {
    answers.push_back(talk.ask("What is " + std::to_string(i) + " plus 2?", options()).text);
  }
  for (std::size_t i = kExchanges; i-- > 0;) {
    EXPECT_TRUE(talk.undo());
    const ChatAnswer again = talk.ask("What is " + std::to_string(i) + " plus 2?", options());
    EXPECT_EQ(again.text, answers[i]);
    EXPECT_TRUE(talk.undo());
  }
  EXPECT_TRUE(talk.messages().empty());
}

TEST_F(ConversationTest, AnUndoneExchangeCostsNoReadingOfTheRest) {
  Conversation talk = begin(appending());
  talk.ask("Why is the sky blue?", options());
  talk.ask("What is a horse?", options());
  talk.undo();
  const std::string question = "What is a lighthouse?";
  EXPECT_LT(talk.ask(question, options()).result.prompt_tokens,
            tokenizer().encode(question, false).size() + kFrame);
}

TEST_F(ConversationTest, ClearKeepsTheSystemMessage) {
  Conversation talk = begin(rewriting());
  talk.ask("Hello!", options());
  talk.set_system("Be brief.");
  talk.clear();
  ASSERT_EQ(talk.messages().size(), 1U);
  EXPECT_EQ(talk.messages()[0].content, "Be brief.");
  const ChatAnswer answer = talk.ask("Hello!", options());
  EXPECT_EQ(answer.result.ids, answer_anew(rewriting(), copy(talk), options()));
  talk.set_system("Be kind.");
  EXPECT_EQ(talk.messages().size(), 3U);
  talk.set_system("");
  EXPECT_EQ(talk.messages().size(), 2U);
}

TEST_F(ConversationTest, AnInterruptedAnswerStays) {
  Conversation talk = begin(rewriting());
  const ChatAnswer whole = talk.ask("Why is the sky blue?", options());
  talk.undo();
  const ChatAnswer part = talk.ask("Why is the sky blue?", options(), interrupt_after(5));
  EXPECT_EQ(part.result.reason, StopReason::kInterrupted);
  EXPECT_EQ(part.result.ids.size(), 5U);
  EXPECT_TRUE(whole.text.starts_with(part.text));
  EXPECT_EQ(talk.messages().back().content, part.text);
  const ChatAnswer next = talk.ask("What is a horse?", options());
  EXPECT_EQ(next.result.ids, answer_anew(rewriting(), copy(talk), options()));
}

TEST_F(ConversationTest, AQuestionInterruptedBeforeItsAnswerIsDropped) {
  Conversation talk = begin(rewriting());
  talk.ask("Hello!", options());
  const std::vector<ChatMessage> before = copy(talk);
  talk.ask("Why is the sky blue?", options(), interrupt_after(0));
  EXPECT_EQ(talk.messages().size(), 2U);
  talk.regenerate(options(), interrupt_after(0));
  EXPECT_EQ(talk.messages().back().content, before.back().content);
  const ChatAnswer next = talk.ask("What is a horse?", options());
  EXPECT_EQ(next.result.ids, answer_anew(rewriting(), copy(talk), options()));
}

TEST_F(ConversationTest, TextOfEventsIsTheAnswer) {
  Conversation talk = begin(rewriting());
  talk.chat_options().thinking = true;  // the template then opens a block
  std::string text;
  std::size_t tokens = 0;
  std::vector<std::size_t> reading;
  AnswerEvents events;
  events.on_text = [&](std::string_view part, std::size_t count) {
    text += part;
    tokens += count;
  };
  events.on_reading = [&](std::size_t done, std::size_t total) {
    EXPECT_LE(done, total);
    reading.push_back(done);
  };
  const ChatAnswer answer = talk.ask("What is a horse?", options(), events);
  EXPECT_TRUE(answer.text.starts_with("<think>\n")) << answer.text;
  EXPECT_EQ(text, answer.text);
  EXPECT_EQ(tokens, answer.result.ids.size());
  EXPECT_EQ(reading.back(), answer.result.prompt_tokens);
}

TEST_F(ConversationTest, SaysThatTheContextIsFull) {
  ConversationOptions small;
  small.sequence.total_blocks = 6;  // 96 tokens
  Conversation talk = begin(rewriting(), small);
  std::optional<ChatAnswer> last;
  for (int i = 0; i < 8; ++i) {
    try {
      last = talk.ask("Why is the sky blue?", options());
    } catch (const Error& error) {
      EXPECT_EQ(error.advice().kind, AdviceKind::kShorterConversation);
      EXPECT_EQ(error.advice().available, 96U);
      EXPECT_GT(error.advice().needed, 96U);
      break;
    }
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(last->result.reason, StopReason::kContext);
  EXPECT_EQ(talk.session().position(), 96U);
  EXPECT_EQ(talk.messages().size() % 2, 0U);
  talk.clear();
  EXPECT_EQ(talk.ask("Hello!", options()).result.reason, StopReason::kEos);
}

TEST_F(ConversationTest, ARefusedQuestionChangesNothing) {
  Conversation talk = begin(rewriting());
  const ChatAnswer first = talk.ask("Hello!", options());
  expect_error(ErrorKind::kUsage, "UTF-8", [&] { talk.ask("\xFF", options()); });
  AnswerEvents events;
  events.on_text = [](std::string_view, std::size_t) { throw data_error("the pipe is closed"); };
  expect_error(ErrorKind::kData, "pipe", [&] { talk.ask("Hello!", options(), events); });
  EXPECT_EQ(talk.messages().size(), 2U);
  EXPECT_EQ(talk.regenerate(options()).text, first.text);
}

TEST_F(ConversationTest, ContinuesFromAFile) {
  const TestFolder folder;
  Conversation talk = begin(rewriting());
  talk.set_system("Be brief.");
  talk.ask("What is the capital of France?", options());
  talk.save(folder.path() / "talk.json");
  const ChatAnswer here = talk.ask("And of Italy?", options());

  Conversation other = begin(rewriting());
  other.ask("What is a horse?", options());
  other.load(folder.path() / "talk.json");
  EXPECT_EQ(other.ask("And of Italy?", options()).text, here.text);

  const auto bad = folder.write("bad.json", "[]x");
  expect_error(ErrorKind::kData, "bad.json", [&] { other.load(bad); });
  EXPECT_EQ(other.messages().size(), 5U);
}

}  // namespace
}  // namespace cellm
