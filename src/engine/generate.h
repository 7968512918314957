// Generation of answers from prompts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/generation.h"
#include "engine/session.h"

namespace cellm {

// Called for each token immediately, with Generation::latest_text().
using OnToken = std::function<void(std::uint32_t id, std::string_view text)>;

static_assert(kMaxDraftTokens + 1 <= kMaxLogitRows);

// Chooses tokens by the logits after each token of `input`, which is text.pending_with_draft(), as
// long as they are what follows in it. `room`: tokens that the sequence could take before the step.
// kept: 0 before, counts the tokens that are read, which Batch::keep() must be told, also after an
// exception. go_on(id) is called after each choice of a token and may end it.
template <class GoOn>
void choose_along(Generation& text, std::span<const std::uint32_t> input, const StepOutput& output,
                  std::size_t room, std::size_t& kept, GoOn&& go_on) {
  while (true) {
    text.read(1);
    const std::span<const float> logits = output.logits(kept++);
    const auto id = text.choose(logits, room - kept);
    if (!id || !go_on(*id) || text.ended()) return;
    if (kept == input.size() || *id != input[kept]) return;
  }
}

// Feeds the prompt to the session and generates. Penalties count all tokens of the session. What
// the result's text has beyond that of the calls became certain at the end. interrupted is polled
// between batches of the prompt and between tokens. Throws what Session::advance() throws.
GenerateResult generate(Session& session, std::span<const std::uint32_t> prompt,
                        const GenerateOptions& options, const OnToken& on_token,
                        const std::function<bool()>& interrupted);

// One text of many.
struct BatchPrompt {
  std::vector<std::uint32_t> ids;  // at least one
  SamplerOptions sampler;
};

// The results of generate() for each prompt, any number of them. Prompts run in one batch of at
// most `together` (1 to kMaxBatchTokens) sequences; when a text ends, the next prompt takes its
// place. options.sampler is not used, nor is a lookup: the texts share the weights already.
// progress is called between steps with the number of tokens generated, over all prompts, and its
// maximum (an ended text counts with its maximum); it may throw to cancel. Throws Error(kUsage) for
// a prompt that is empty or does not fit.
std::vector<GenerateResult> generate_batch(
    const Engine& engine, const SequenceOptions& sequences, std::span<const BatchPrompt> prompts,
    const GenerateOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress,
    std::size_t together = kMaxBatchTokens);

}  // namespace cellm
