// Training a student on a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tune/adam.h"
#include "tune/student.h"

namespace cellm {

// Sequences that each start anew.
using TuningText = std::span<const std::vector<std::uint32_t>>;

struct DescentOptions {
  AdamOptions adam;
  std::size_t warm_up_steps = 10;
  std::size_t validation_steps = 10;  // between two looks at the held-out text
  std::size_t patience = 4;           // looks without a better result, after which it ends
};

// What a descent has come to: plain data, with which it can go on elsewhere.
struct DescentState {
  std::size_t step = 0;  // sequences learnt from
  double loss = 0.0;     // of the latest
  double start = 0.0;    // KL divergence on the held-out text before the first step, in nats
  double best = 0.0;     // and the least that was seen since
  std::size_t best_step = 0;
  std::size_t looks_since_best = 0;
  std::string not_finite;  // where a number was not, which ended it: a tensor's name, or a place
  AdamState adam;
  std::vector<std::vector<float>> values;  // of the chosen parameters
  std::vector<std::vector<float>> best_values;
};

// Gives the teacher's residual streams after the final norm, (tokens, hidden), of a sequence.
using TeacherStreams = std::function<std::vector<float>(std::span<const std::uint32_t>)>;

// One step of Adam for each sequence of `text`, with linear warm-up and linear decay of the rates,
// which are smaller if the student diverges by less than a nat at the start.
// The student ends with the values that were best on `held_out`, which may be those it began with.
// A step whose loss or gradients are not finite ends it, too. Only the parameters that `chosen`
// names (by their index in student.parameters()) are changed. Goes on from `state` if that has
// steps or a start. Calls `report` after every step, and before the first; it may throw to break
// off, and the state is then good to go on with.
void descend(const Compute& compute, Student& student, const std::vector<std::size_t>& chosen,
             const TeacherStreams& teacher, const Linear& teacher_head, TuningText text,
             TuningText held_out, const DescentOptions& options, DescentState& state,
             const std::function<void(const DescentState&)>& report);

}  // namespace cellm
