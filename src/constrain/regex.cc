#include <memory>

#include "constrain/constraint.h"
#include "constrain/pattern.h"

namespace cellm {

ConstraintPtr constrain_to_regex(std::string_view pattern) {
  const Pattern parsed = whole_match(parse_pattern(pattern));
  GrammarBuilder builder;
  const std::uint32_t root = builder.rule("the pattern");
  const std::uint32_t last = append_pattern(
      builder, builder.start(root), parsed,
      [&](std::uint32_t from, const CharSet& set) { return append_character(builder, from, set); });
  builder.end(root, last);
  return std::make_shared<const Constraint>(builder.finish(root));
}

}  // namespace cellm
