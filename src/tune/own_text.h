// Text that a model writes itself: it needs no licence, and is what the model will meet when it is
// used.
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

// What users ask and want done, one a line (text/requests.txt).
extern const std::string_view kRequests;

// Called with tokens written and in all; may throw to break off.
using WritingProgress = std::function<void(std::size_t done, std::size_t total)>;

// `count` sequences of `tokens` tokens at most, each an opening and how the model goes on, sampled
// from its whole distribution at temperature 1; shorter where it comes to an end. The openings and
// the samples are those of `seed`, whatever the number of threads. Throws what Session::advance()
// throws, and Error(kUsage) for fewer tokens than an opening has.
std::vector<std::vector<std::uint32_t>> own_text(const Engine& engine, const Tokenizer& tokenizer,
                                                 std::size_t count, std::size_t tokens,
                                                 std::uint64_t seed,
                                                 const WritingProgress& progress);

// `count` sequences of `tokens` tokens, cut from conversations one after the other, each a request
// and the model's answer, sampled likewise. Throws what own_text() and render_chat() throw.
std::vector<std::vector<std::uint32_t>> own_answers(const Engine& engine,
                                                    const Tokenizer& tokenizer, ChatFormat format,
                                                    std::size_t count, std::size_t tokens,
                                                    std::uint64_t seed,
                                                    const WritingProgress& progress);

}  // namespace cellm
