#include "toolcall/json_scanner.h"

#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cellm {
namespace {

// Whether the whole text is one object.
bool accepts(std::string_view text) {
  JsonScanner scanner;
  JsonScanner::Status status = JsonScanner::Status::kMore;
  for (const char byte : text) {
    if (status != JsonScanner::Status::kMore) return false;
    status = scanner.push(byte);
  }
  return status == JsonScanner::Status::kDone;
}

TEST(JsonScanner, FindsMembers) {
  JsonScanner scanner;
  const std::string_view text = R"({ "a" : {"b": [1, "}"]}, "c\n":-1.5e+3,"d":true, "e": [ ]})";
  for (const char byte : text) (void)scanner.push(byte);
  const auto& members = scanner.members();
  ASSERT_EQ(members.size(), 4U);
  EXPECT_EQ(members[0].key, "a");
  EXPECT_EQ(scanner.value(members[0]), R"({"b": [1, "}"]})");
  EXPECT_EQ(members[1].key, R"(c\n)");
  EXPECT_EQ(scanner.value(members[1]), "-1.5e+3");
  EXPECT_EQ(scanner.value(members[2]), "true");
  EXPECT_EQ(scanner.value(members[3]), "[ ]");
}

// Against the parser of nlohmann::json: objects that it writes, and the same with errors.
TEST(JsonScanner, AgreesWithAParser) {
  const std::vector<std::string> seeds = {
      R"({"a":1,"b":[true,false,null,-0.5e-7,"x\u00e4\"\\"],"c":{"d":{}}})",
      R"({})",
      R"({"k":0})",
      R"([1])",
      R"({"a":01})",
      R"({"a":1,})",
      R"({"a" "b"})",
      R"({"a":.5})"};
  std::minstd_rand random(7);
  const std::string_view alphabet = "{}[]\",:0123456789.eE+-truefalsn\\ u\n\x01";
  std::size_t accepted = 0;
  for (int i = 0; i < 40'000; ++i) {
    std::string text = seeds[random() % seeds.size()];
    for (std::size_t edits = random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = alphabet[random() % alphabet.size()];
      } else {
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
    }
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    const bool object = parsed.is_object() && text.front() == '{' && text.back() == '}';
    EXPECT_EQ(accepts(text), object) << text;
    accepted += object ? 1 : 0;
  }
  EXPECT_GT(accepted, 4000U);
}

TEST(JsonScanner, BoundsNesting) {
  EXPECT_FALSE(accepts("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}"));
  EXPECT_TRUE(accepts("{\"a\":" + std::string(60, '[') + std::string(60, ']') + "}"));
}

}  // namespace
}  // namespace cellm
