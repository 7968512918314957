// Training text written by the model itself: free of licences, and close to the text of its use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// Beginnings of texts of many kinds, one a line, with \n for a line break (text/openings.txt).
extern const std::string_view kOpenings;

// Requests of users, one a line (text/requests.txt).
extern const std::string_view kRequests;

// Called with the number of tokens written and the total; may throw to cancel.
using WritingProgress = std::function<void(std::size_t done, std::size_t total)>;

// `count` sequences of at most `tokens` tokens, each an opening and its continuation by the model,
// sampled from the whole distribution at temperature 1; a sequence is shorter if the model ends it.
// Openings and samples depend on `seed` alone, not on the number of threads. Throws what
// Session::advance() throws, and Error(kUsage) for fewer tokens than an opening has.
std::vector<std::vector<std::uint32_t>> own_text(const Engine& engine, const Tokenizer& tokenizer,
                                                 std::size_t count, std::size_t tokens,
                                                 std::uint64_t seed,
                                                 const WritingProgress& progress);

// `count` sequences of `tokens` tokens, cut from concatenated conversations, each a request and the
// model's answer, sampled likewise. Throws what own_text() and render_chat() throw.
std::vector<std::vector<std::uint32_t>> own_answers(const Engine& engine,
                                                    const Tokenizer& tokenizer, ChatFormat format,
                                                    std::size_t count, std::size_t tokens,
                                                    std::uint64_t seed,
                                                    const WritingProgress& progress);

}  // namespace cellm
