#include "convert/name_pattern.h"

#include <string>

#include "base/test_files.h"

namespace cellm {
namespace {

TEST(NamePattern, IsSearchedFor) {
  const NamePattern pattern(R"(layers\.(0|1[0-3])\.mlp)");
  EXPECT_TRUE(pattern.found_in("model.layers.0.mlp.up_proj.weight"));
  EXPECT_TRUE(pattern.found_in("model.layers.12.mlp.up_proj.weight"));
  EXPECT_FALSE(pattern.found_in("model.layers.2.mlp.up_proj.weight"));
  EXPECT_FALSE(NamePattern("^layers").found_in("model.layers.0"));
  EXPECT_TRUE(NamePattern("").found_in("anything"));
}

TEST(NamePattern, RefusesWhatIsNotValid) {
  for (const std::string& text :
       {std::string("("), std::string("a)"), std::string("[a"), std::string("*"),
        std::string(100'000, '('), std::string("a{9}{99999}")}) {
    expect_error(ErrorKind::kUsage, "is not a regular expression", [&] { NamePattern{text}; });
  }
}

TEST(NamePattern, GivesUpOnEndlessSearches) {
  const NamePattern pattern("(a|aa)+[xyz]$");
  expect_error(ErrorKind::kUsage, "fails on", [&] { pattern.found_in(std::string(500, 'a')); });
}

}  // namespace
}  // namespace cellm
