// Common parts of jobs. A job takes plain options, reports events, can be cancelled between steps
// and returns a result. It prints nothing and knows no command-line option.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/cancel.h"
#include "jobs/notes.h"

namespace cellm {

// Stages.
inline constexpr std::string_view kStageWriting = "the model writes";
inline constexpr std::string_view kStageAnswering = "the model answers";
inline constexpr std::string_view kStageCalibrating = "calibrating";
inline constexpr std::string_view kStageConverting = "converting";
inline constexpr std::string_view kStageTuning = "tuning";
inline constexpr std::string_view kStageComparing = "comparing";
inline constexpr std::string_view kStageValidating = "validating";
inline constexpr std::string_view kStageEvaluating = "evaluating";
inline constexpr std::string_view kStageFloor = "measuring the engine's floor";
inline constexpr std::string_view kStageChoices = "scoring choices";
inline constexpr std::string_view kStageReferenceChoices = "scoring choices of the reference";
inline constexpr std::string_view kStageQuestions = "answering questions";
inline constexpr std::string_view kStageReferenceQuestions = "answers of the reference";
inline constexpr std::string_view kStageStudy = "study";  // the message names the step

// Progress of a stage, or a note. Within a stage `done` never falls and is at most `total`.
struct Event {
  std::string_view stage;  // "calibrating", "converting", ...; outlives the job
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string message;  // figures of the progress, for display: "KLD 0.1 (was 0.3)"
  std::optional<Note> note;
};

// Called on the thread of the job; an exception ends the job as cancelling does.
using Events = std::function<void(const Event&)>;

// The event callback and the cancel token of a job.
class JobControl {
 public:
  JobControl() = default;
  explicit JobControl(Events events, const CancelToken* cancel = nullptr)
      : events_(std::move(events)), cancel_(cancel) {}

  // Throws Cancelled if the job was cancelled.
  void check() const {
    if (cancel_ != nullptr && cancel_->cancelled()) throw Cancelled();
  }

  // Reports, and then throws as check().
  void progress(std::string_view stage, std::uint64_t done, std::uint64_t total,
                std::string message = {}) const {
    if (events_) events_({stage, done, total, std::move(message), std::nullopt});
    check();
  }
  void note(Note note) const {
    if (events_) events_({{}, 0, 0, {}, std::move(note)});
  }

  // A callback (done, total) that reports progress of one stage.
  auto stage(std::string_view name) const {
    return [this, name](std::uint64_t done, std::uint64_t total) { progress(name, done, total); };
  }

 private:
  Events events_;
  const CancelToken* cancel_ = nullptr;
};

}  // namespace cellm
