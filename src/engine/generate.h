// From prompts to answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/generation.h"
#include "engine/session.h"

namespace cellm {

// Feeds the prompt to the session and generates. on_token is called with each id as soon as it is
// known; interrupted is asked between batches of the prompt and between tokens. Throws what
// Session::advance() throws.
GenerateResult generate(Session& session, std::span<const std::uint32_t> prompt,
                        const GenerateOptions& options,
                        const std::function<void(std::uint32_t)>& on_token,
                        const std::function<bool()>& interrupted);

// One text of many.
struct BatchPrompt {
  std::vector<std::uint32_t> ids;  // at least one
  SamplerOptions sampler;
};

// What generate() gives for each prompt alone, however many there are: as soon as a text ends, the
// next prompt takes its place, so that at most `together` (1 to kMaxBatchTokens) of them are in
// memory and run at a time. options.sampler is not used. progress is called between steps with
// tokens generated, of all prompts together, and how many there are at most (a text that has ended
// counts as if it had all it may have); it may throw to break off. Throws Error(kUsage) for a
// prompt that is empty or does not fit.
std::vector<GenerateResult> generate_batch(
    const Engine& engine, const SequenceOptions& sequences, std::span<const BatchPrompt> prompts,
    const GenerateOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress,
    std::size_t together = kMaxBatchTokens);

}  // namespace cellm
