#include "cli/job_display.h"

#include <variant>

#include <fmt/format.h>

#include "cli/interrupts.h"
#include "cli/note_text.h"

namespace cellm {
namespace {

// Characters that leave room for the bar on a line of 80.
constexpr std::size_t kLabel = 60;

std::string label_of(const Event& event) {
  std::string label(event.stage == kStageStudy ? std::string_view() : event.stage);
  if (!event.message.empty()) label += (label.empty() ? "" : ", ") + event.message;
  return label.size() <= kLabel ? label : label.substr(0, kLabel - 3) + "...";
}

}  // namespace

JobControl JobDisplay::control() {
  return JobControl([this](const Event& event) { show(event); }, &interrupts());
}

void JobDisplay::show(const Event& event) {
  if (event.note) {
    finish();
    if (const auto* once = std::get_if<ConvertsOnceNote>(&*event.note)) output_ = once->path;
    if (quiet_ && !is_always_said(*event.note)) return;
    fmt::print(stderr, "{}", note_text(*event.note, output_));
    return;
  }
  if (!bar_ || stage_ != event.stage) {
    stage_ = event.stage;
    bar_.reset();  // off the terminal before the next one
    bar_.emplace(label_of(event), !quiet_);
  }
  bar_->set_label(label_of(event));
  bar_->update(event.done, event.total);
}

}  // namespace cellm
