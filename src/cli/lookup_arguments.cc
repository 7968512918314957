#include "cli/lookup_arguments.h"

#include "engine/generation.h"

namespace cellm {

void add_lookup_options(Options& options, LookupArguments& a, const std::string& group) {
  options
      .add(
          "--lookup", a.use,
          "Read ahead what an earlier part of the text suggests; the text is the same: auto (while "
          "it is faster), on or off")
      .group(group)
      .show_default()
      .one_of({"auto", "on", "off"});
  options.add("--draft-max,--draft", a.draft_max, "Tokens that --lookup reads ahead at most")
      .group(group)
      .show_default()
      .range(std::size_t{1}, kMaxDraftTokens);
}

LookupOptions lookup_options(const LookupArguments& arguments) {
  LookupOptions options;
  if (arguments.use == "on") options.use = UseLookup::kOn;
  if (arguments.use == "off") options.use = UseLookup::kOff;
  options.max_draft = arguments.draft_max;
  return options;
}

}  // namespace cellm
