// Notes of infer on stderr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cli/infer_arguments.h"
#include "cli/surface.h"

namespace cellm {

// The quality stored in the file, if any.
void announce_quality(const InferArguments& arguments, const Model& model);

// Prints the notes of opening the model: values assumed, parts ignored.
void announce_notes(const Model& model);

// Says that a prompt begins with the begin-of-text token, which the tokenizer adds by itself.
void announce_two_begins(const InferArguments& arguments, std::span<const std::uint32_t> prompt,
                         const Model& model);

// Says that an answer of so many tokens would not fit into memory. No error: an answer may end
// before, and a large --gen often stands for no limit.
void warn_if_long(const Session& session, std::size_t tokens);

}  // namespace cellm
