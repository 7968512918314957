#include "cli/answer_view.h"

#include <gtest/gtest.h>

namespace cellm {
namespace {

constexpr TerminalStyle kPipe{.terminal = false, .styled = false};
constexpr TerminalStyle kPlain{.terminal = true, .styled = false};
constexpr TerminalStyle kStyled{.terminal = true, .styled = true};

// The output for a text in one part or byte by byte.
std::string printed(TerminalStyle style, bool thinking, std::string_view text, bool bytes = false) {
  testing::internal::CaptureStdout();
  AnswerView view(style, thinking);
  if (bytes) {
    for (const char c : text) view.push({&c, 1}, 1);
  } else {
    view.push(text, 7);
  }
  view.finish();
  return testing::internal::GetCapturedStdout();
}

TEST(AnswerView, PrintsPlainTextElsewhere) {
  for (const bool bytes : {false, true}) {
    EXPECT_EQ(printed(kPipe, true, "**a** `b`\n", bytes), "**a** `b`\n");
    EXPECT_EQ(printed(kPipe, true, "", bytes), "\n");
    EXPECT_EQ(printed(kPipe, true, "<think>\nhm </x\n</think>\n\nA <think>b", bytes),
              "<think>\nhm </x\n</think>\n\nA <think>b\n");
    EXPECT_EQ(printed(kPipe, true, "<think>\n\n</think>\n\nA", bytes), "A\n");
    EXPECT_EQ(printed(kPipe, false, "<think>\nhm\n</think>\n\nA", bytes), "A\n");
    EXPECT_EQ(printed(kPipe, true, "<thin", bytes), "<thin\n");
  }
}

TEST(AnswerView, DimsThinking) {
  for (const bool bytes : {false, true}) {
    EXPECT_EQ(printed(kStyled, true, "<think>\nh **m**\n</think>\n\n**A**", bytes),
              "\x1b[2mh **m**\x1b[22m\n\n\x1b[1mA\x1b[22m\n");
    EXPECT_EQ(printed(kStyled, true, "<think>\nhm", bytes), "\x1b[2mhm\x1b[22m\n\n");
  }
}

TEST(AnswerView, FoldsThinking) {
  const std::string styled = printed(kStyled, false, "<think>\nhm\n</think>\n\nA");
  EXPECT_TRUE(styled.ends_with("\r\x1b[K\x1b[2mthought for 7 tokens\x1b[22m\nA\n")) << styled;
  EXPECT_EQ(printed(kPlain, false, "<think>\nhm\n</think>\n\nA"), "thought for 7 tokens\nA\n");
}

TEST(AnswerView, ATerminalGetsNoControlCharacters) {
  const std::string_view text =
      "a\x1b[31mb\x07\xC2\x9B"
      "1m\tc\r\xC3\xA4";
  EXPECT_EQ(printed(kPlain, true, text), "a\uFFFD[31mb\uFFFD\uFFFD1m\tc\uFFFDä\n");
  EXPECT_EQ(printed(kStyled, true, text), "a\uFFFD[31mb\uFFFD\uFFFD1m\tc\uFFFDä\n");
  const std::string piped = printed(kPipe, true, text);
  EXPECT_TRUE(piped.starts_with(text)) << piped;
}

}  // namespace
}  // namespace cellm
