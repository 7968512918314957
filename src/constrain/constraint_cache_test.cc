#include "constrain/constraint_cache.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "constrain/test_constraints.h"

namespace cellm {
namespace {

using test::error_of;
using Texts = std::vector<std::string>;

TEST(ConstraintCache, CompilesEachKind) {
  const auto allows = [](ConstraintKind kind, const Texts& texts, std::string_view text) {
    return satisfies(compile_constraint(kind, texts), text);
  };
  EXPECT_TRUE(allows(ConstraintKind::kJsonSchema, {R"({"type": "integer"})"}, "12"));
  EXPECT_FALSE(allows(ConstraintKind::kJsonSchema, {R"({"type": "integer"})"}, "true"));
  EXPECT_TRUE(allows(ConstraintKind::kJsonObject, {}, R"({"a": [1]})"));
  EXPECT_FALSE(allows(ConstraintKind::kJsonObject, {}, "[1]"));
  EXPECT_TRUE(allows(ConstraintKind::kRegex, {"a+b"}, "aab"));
  EXPECT_FALSE(allows(ConstraintKind::kRegex, {"a+b"}, "aabc"));
  EXPECT_TRUE(allows(ConstraintKind::kChoice, {"yes", "\"no\""}, "\"no\""));
  EXPECT_FALSE(allows(ConstraintKind::kChoice, {"yes", "\"no\""}, "no"));
  EXPECT_TRUE(allows(ConstraintKind::kGbnf, {"root ::= \"x\" root | \"y\""}, "xxy"));
  EXPECT_FALSE(allows(ConstraintKind::kGbnf, {"root ::= \"x\" root | \"y\""}, "xx"));
}

TEST(ConstraintCache, Errors) {
  const auto error = [](ConstraintKind kind, const Texts& texts) {
    return error_of([&] { compile_constraint(kind, texts); });
  };
  EXPECT_EQ(error(ConstraintKind::kRegex, {}), "usage: the constraint takes 1 texts, not 0");
  EXPECT_EQ(error(ConstraintKind::kGbnf, {"a", "b"}), "usage: the constraint takes 1 texts, not 2");
  EXPECT_EQ(error(ConstraintKind::kJsonObject, {"{}"}),
            "usage: the constraint takes 0 texts, not 1");
  EXPECT_EQ(error(ConstraintKind::kChoice, {}), "usage: a choice needs at least one text");
  EXPECT_EQ(error(ConstraintKind::kJsonSchema, {"{"}).substr(0, 17), "usage: the schema");
  EXPECT_EQ(error(ConstraintKind::kJsonSchema, {R"({"not": {}})"}).substr(0, 12), "unsupported:");
  EXPECT_NE(error(ConstraintKind::kJsonSchema, {std::string(kMaxConstraintBytes + 1, ' ')})
                .find("is longer than"),
            std::string::npos);
}

TEST(ConstraintCache, KeepsTheLatest) {
  const ConstraintCache cache;
  const auto get = [&](const Texts& texts) { return cache.get(ConstraintKind::kChoice, texts); };
  const ConstraintPtr first = get({"a", "b"});
  EXPECT_EQ(get({"a", "b"}), first);
  EXPECT_NE(get({"ab"}), first);
  EXPECT_NE(cache.get(ConstraintKind::kRegex, Texts{"ab"}), get({"ab"}));
  for (std::size_t i = 0; i < kMaxKeptConstraints; ++i) {
    EXPECT_EQ(get({"a", "b"}), first);  // in use, so it stays
    get({std::to_string(i)});
  }
  for (std::size_t i = 0; i < kMaxKeptConstraints; ++i) get({std::to_string(i)});
  EXPECT_NE(get({"a", "b"}), first);
}

}  // namespace
}  // namespace cellm
