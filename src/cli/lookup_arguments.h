// The arguments of infer, chat and serve for speculation by prompt lookup.
#pragma once

#include <cstddef>
#include <string>

#include "cli/options.h"

namespace cellm {

struct LookupArguments {
  std::string use = "auto";
  std::size_t draft_max = 16;
};

struct LookupOptions;  // engine/generation.h

// Under a heading of the help.
void add_lookup_options(Options& options, LookupArguments& arguments, const std::string& group);
LookupOptions lookup_options(const LookupArguments& arguments);

}  // namespace cellm
