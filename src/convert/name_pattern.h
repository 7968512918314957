// The regular expression of --tensor.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cellm {

// A Perl-compatible regular expression that is searched for in tensor names. Memory and steps of a
// search are bounded for any pattern (base/limits.h). Immutable after construction.
class NamePattern {
 public:
  // Throws Error(kUsage) for a pattern that is not valid.
  explicit NamePattern(std::string_view pattern);
  ~NamePattern();
  NamePattern(NamePattern&&) noexcept;
  NamePattern& operator=(NamePattern&&) noexcept;

  // Throws Error(kUsage) for a pattern that searches too long.
  bool found_in(std::string_view name) const;

 private:
  struct Compiled;
  std::string pattern_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace cellm
