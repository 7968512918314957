#include "cli/markdown_stream.h"

#include <gtest/gtest.h>

namespace cellm {
namespace {

// Sequences as letters: B and b bold on and off (b also ends dim), C and c color, D dim.
std::string readable(std::string text) {
  const std::pair<std::string, std::string> kNames[] = {{"\x1b[1m", "[B]"},
                                                        {"\x1b[2m", "[D]"},
                                                        {"\x1b[22m", "[b]"},
                                                        {"\x1b[36m", "[C]"},
                                                        {"\x1b[39m", "[c]"}};
  for (const auto& [sequence, name] : kNames) {
    for (std::size_t at; (at = text.find(sequence)) != std::string::npos;) {
      text.replace(at, sequence.size(), name);
    }
  }
  return text;
}

// However the text is divided, the result is the same.
std::string styled(std::string_view text) {
  MarkdownStream whole;
  std::string once = whole.push(text);
  once += whole.finish();
  MarkdownStream parts;
  std::string by_byte;
  for (const char c : text) by_byte += parts.push({&c, 1});
  by_byte += parts.finish();
  EXPECT_EQ(once, by_byte);
  return readable(once);
}

TEST(MarkdownStream, PlainTextIsUnchanged) {
  for (const char* text : {"", "a", "a\nb\n", "  a", "\n\n", "2 * 3 ** 4", "* point\n* other",
                           "#tag", "*italics*", "a * b", "1. x\n2. y", "****", "#######"}) {
    EXPECT_EQ(styled(text), text);
  }
}

TEST(MarkdownStream, Bold) {
  EXPECT_EQ(styled("a **b c** d"), "a [B]b c[b] d");
  EXPECT_EQ(styled("**b**"), "[B]b[b]");
  EXPECT_EQ(styled("* **b**: x"), "* [B]b[b]: x");
  EXPECT_EQ(styled("**open\nnext"), "[B]open[b]\nnext");
  EXPECT_EQ(styled("**open"), "[B]open[b]");
  EXPECT_EQ(styled("a ** b ** c"), "a ** b ** c");
}

TEST(MarkdownStream, InlineCode) {
  EXPECT_EQ(styled("use `a**b**` now"), "use [C]a**b**[c] now");
  EXPECT_EQ(styled("`a"), "[C]a[c]");
  EXPECT_EQ(styled("**a `b` c**"), "[B]a [C]b[c] c[b]");
}

TEST(MarkdownStream, CodeBlock) {
  EXPECT_EQ(styled("a\n```cpp\nint **p; # `x`\n# no heading\n```\n**b**"),
            "a\n[D]```cpp[b]\n[C]int **p; # `x`\n# no heading\n[c][D]```[b]\n[B]b[b]");
  EXPECT_EQ(styled("```\nopen"), "[D]```[b]\n[C]open[c]");
  EXPECT_EQ(styled("  ```\nx\n  ```"), "[D]  ```[b]\n[C]x\n[c][D]  ```[b]");
}

TEST(MarkdownStream, Heading) {
  EXPECT_EQ(styled("## A **b** c\ntext"), "[B]## A b c[b]\ntext");
}

TEST(MarkdownStream, HoldsBackNoMoreThanAMark) {
  MarkdownStream stream;
  EXPECT_EQ(stream.push("Hello"), "Hello");
  EXPECT_EQ(stream.push(" *"), " ");
  EXPECT_EQ(readable(stream.push("*b")), "[B]b");
}

}  // namespace
}  // namespace cellm
