#include "engine/conversation_file.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/test_files.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const std::vector<ChatMessage> kMessages = {{"system", "Be brief."},
                                            {"user", "\"Hi\"\n\tthere"},
                                            {"assistant", "<think>\nhm\n</think>\n\nHéllo 🙂"}};

std::vector<std::string> texts_of(std::span<const ChatMessage> messages) {
  std::vector<std::string> texts;
  for (const ChatMessage& message : messages) texts.push_back(message.role + ":" + message.content);
  return texts;
}

TEST(ConversationFile, KeepsMessages) {
  const TestFolder folder;
  const fs::path path = folder.path() / "talk.json";
  save_messages(kMessages, path);
  EXPECT_EQ(texts_of(load_messages(path)), texts_of(kMessages));
  save_messages({}, path);  // replaces it
  EXPECT_TRUE(load_messages(path).empty());
}

TEST(ConversationFile, IsReadableByItsOwnerOnly) {
  const TestFolder folder;
  const fs::path path = folder.path() / "talk.json";
  save_messages(kMessages, path);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(ConversationFile, ReadsAnArray) {
  const auto messages = parse_messages(
      R"([{"role": "user", "content": "Hi", "name": "x"}, {"role": "assistant", "content": ""}])",
      "t");
  EXPECT_EQ(texts_of(messages), (std::vector<std::string>{"user:Hi", "assistant:"}));
}

TEST(ConversationFile, RefusesWhatIsNoConversation) {
  const auto refuses = [](std::string_view text, std::string_view message) {
    expect_error(ErrorKind::kData, message, [&] { parse_messages(text, "t.json"); });
  };
  refuses("{", "t.json");
  refuses("{}", "t.json: messages");
  refuses(R"({"messages": "Hi"})", "t.json: messages");
  refuses(R"([{"role": "user"}])", "content");
  refuses(R"([{"role": "assistant", "content": "a"}])",
          "role: expected \"user\", found \"assistant\"");
  refuses(R"([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])",
          "[1].role: expected \"assistant\", found \"user\"");
  refuses(R"([{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}])",
          "found \"tool\"");
  refuses(R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},)"
          R"({"role": "system", "content": "c"}])",
          "[2].role: expected \"user\", found \"system\"");
  refuses(R"([{"role": "user", "content": "a"}])", "t.json: the last question has no answer");
}

TEST(ConversationFile, RefusesTextThatIsNoUtf8) {
  const TestFolder folder;
  const std::vector<ChatMessage> messages = {{"user", "\xFF"}};
  expect_error(ErrorKind::kUsage, "message 1 is not valid UTF-8",
               [&] { save_messages(messages, folder.path() / "talk.json"); });
  EXPECT_FALSE(fs::exists(folder.path() / "talk.json"));
}

}  // namespace
}  // namespace cellm
