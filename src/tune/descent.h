// Training of a student on a text with Adam.
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

// Independent sequences.
using TuningText = std::span<const std::vector<std::uint32_t>>;

struct DescentOptions {
  AdamOptions adam;
  std::size_t warm_up_steps = 10;
  std::size_t validation_steps = 10;  // between two evaluations of the held-out text
  std::size_t patience = 4;           // evaluations without improvement before training stops
};

// The state of the training, plain data: training can resume from it.
struct DescentState {
  std::size_t step = 0;  // sequences trained on
  double loss = 0.0;     // of the latest sequence
  double start = 0.0;    // KL divergence on the held-out text before the first step, in nats
  double best = 0.0;     // the lowest KL divergence since
  std::size_t best_step = 0;
  std::size_t looks_since_best = 0;  // evaluations since then
  std::string not_finite;  // the tensor or place of the value that ended training; empty if none
  AdamState adam;
  std::vector<std::vector<float>> values;  // of the chosen parameters
  std::vector<std::vector<float>> best_values;
};

// Returns the teacher's residual stream after the final norm, (tokens, hidden), of a sequence.
using TeacherStreams = std::function<std::vector<float>(std::span<const std::uint32_t>)>;

// One step of Adam for each sequence of `text`, with linear warm-up and linear decay of the rates,
// which are smaller if the student diverges by less than a nat at the start.
// The student ends with the values that were best on `held_out`, possibly the initial ones. A step
// with a loss or gradient that is not finite ends the training. Only the parameters in `chosen`
// (indices into student.parameters()) change. Resumes from `state` if that has steps or a start.
// Calls `report` before the first step and after every step; if it throws, training ends and the
// state can be resumed.
void descend(const Compute& compute, Student& student, const std::vector<std::size_t>& chosen,
             const TeacherStreams& teacher, const Linear& teacher_head, TuningText text,
             TuningText held_out, const DescentOptions& options, DescentState& state,
             const std::function<void(const DescentState&)>& report);

}  // namespace cellm
