// The steps of a study. Each stores its results in study.steps and does nothing if they are there.
// Throws what converting, evaluating and the hooks throw.
#pragma once

#include "study/state.h"

namespace cellm {

// Tokens of a speed measurement.
inline constexpr std::size_t kSpeedPrompt = 128;
inline constexpr std::size_t kSpeedDecode = 64;

void make_file(Study& study, const StudyRow& row);
// Perplexity and divergence of all rows, and those of int8 weights with exact activations.
void evaluate_rows(Study& study);
// Texts that each row's model writes, and their coherence.
void write_texts(Study& study);
void measure_speed(Study& study, const StudyRow& row);
// Sensitivity of part_rows() to each part of the model.
void measure_parts(Study& study);
void measure_histograms(Study& study);

}  // namespace cellm
