// Limits on templates and on the work of one rendering. Templates come from files and run without
// being asked for, so each limit bounds the time or memory of a hostile one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cellm::chat {

// A template's source: the largest published ones have 40 KB.
inline constexpr std::size_t kMaxTemplateBytes = std::size_t{4} << 20;
// Tokens of its tags; a token takes about 100 bytes.
inline constexpr std::size_t kMaxTemplateTokens = 1'000'000;
// Nesting of expressions and statements in the source. The parser and the interpreter recurse.
inline constexpr int kMaxSyntaxDepth = 200;
// Nested evaluations, over macro calls; Python's own recursion ends at 1,000 frames.
inline constexpr int kMaxEvaluationDepth = 1000;
// Nesting of lists and objects that a template builds.
inline constexpr int kMaxValueDepth = 100;
// Evaluated nodes, plus bytes and elements that they copy: about a second.
inline constexpr std::uint64_t kMaxSteps = 50'000'000;
// A text, and the elements of a list.
inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxElements = 1 << 22;
// Elements of a range(); the limit of jinja2's sandbox.
inline constexpr std::int64_t kMaxRange = 100'000;

}  // namespace cellm::chat
