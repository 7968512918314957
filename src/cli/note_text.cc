#include "cli/note_text.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/plan_table.h"

namespace cellm {
namespace {

std::string shown(double seconds) {
  constexpr double kSecondsShown = 120.0;
  if (seconds < kSecondsShown) return fmt::format("{:.0f} s", std::max(1.0, seconds));
  return fmt::format("{:.0f} min", seconds / 60.0);
}

// "14 min (formats 3 min, codes 96 s)"
std::string times_text(const std::vector<StageTime>& times) {
  double sum = 0.0;
  std::vector<std::string> parts;
  for (const StageTime& time : times) {
    sum += time.seconds;
    parts.push_back(fmt::format("{} {}", time.name, shown(time.seconds)));
  }
  if (parts.size() == 1) return shown(sum);
  return fmt::format("{} ({})", shown(sum), fmt::join(parts, ", "));
}

// The first of some names, separated by commas.
std::string first_names(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 8;
  const std::size_t named = std::min(kNamed, names.size());
  return fmt::format(
      "{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(named), ", "),
      named < names.size() ? ", ..." : "");
}

class NoteText {
 public:
  explicit NoteText(const std::string& output) : output_(output) {}

  std::string operator()(const RecipeNote& note) const {
    return fmt::format("recipe {}: {} bits per weight; {}\n", note.name, note.bits_per_weight,
                       note.expectation);
  }
  std::string operator()(const ExpectedTimesNote& note) const {
    return fmt::format("this takes about {}\n", times_text(note.stages));
  }
  std::string operator()(const FewTokensNote& note) const {
    return fmt::format(
        "note: {} tokens of calibration are few for matrices of {} columns; {} or more make a "
        "better file\n",
        note.tokens, note.cols, note.good_tokens);
  }
  std::string operator()(const FewDifferentTokensNote& note) const {
    return fmt::format("note: {} has {} different tokens; a file made by it fits little else\n",
                       printable(note.text), note.tokens);
  }
  std::string operator()(const FormatsNote& note) const {
    return fmt::format(
               "formats for {:.3f} bits per weight, by the cost of {} parts measured one by one "
               "(together KLD {:.3f}):\n",
               bits_per_weight(*note.plan), note.parts, note.predicted_kld) +
           formats_text(*note.plan);
  }
  std::string operator()(const UnusedTensorsNote& note) const {
    return fmt::format(
        "note: {} of vision and multi-token prediction, which cellm does not run, are kept; "
        "--text-only leaves them out\n",
        human_bytes(note.bytes));
  }
  std::string operator()(const NoTokenizerNote& /*note*/) const {
    return "note: the source has no tokenizer; infer will need --tokenizer\n";
  }
  std::string operator()(const SourceNote& note) const {
    return fmt::format("note: {}\n", note.text);
  }
  std::string operator()(const ResumedNote& note) const {
    return fmt::format("note: {} of {} quantized tensors are taken over from the previous run\n",
                       note.resumed, note.tensors);
  }
  std::string operator()(const NoFeedbackNote& note) const {
    return fmt::format(
        "note: no error feedback for {} tensors, whose inputs on this text are all zero or not "
        "finite: {}\n",
        note.tensors.size(), first_names(note.tensors));
  }
  std::string operator()(const TargetsNote& note) const {
    std::string text;
    if (note.tensors != 0) {
      text = fmt::format(
          "targets of {} tensors corrected by {:.1f} % on average, at most {:.1f} % "
          "({})\n",
          note.tensors, 100.0 * note.mean, 100.0 * note.largest, note.largest_tensor);
    }
    if (!note.limited.empty()) {
      text += fmt::format(
          "note: the correction of {} tensors was limited to the size of their "
          "weights: {}\n",
          note.limited.size(), first_names(note.limited));
    }
    if (!note.overflowed.empty()) {
      text += fmt::format(
          "note: no corrected targets for {} tensors, since the source overflows on "
          "this text: {}\n",
          note.overflowed.size(), first_names(note.overflowed));
    }
    return text;
  }
  std::string operator()(const CalibrationTimesNote& note) const {
    return fmt::format(
        "calibration: {:.1f} s forward, {:.1f} s second moments, {:.1f} s quantizing\n",
        note.forward, note.moments, note.quantizing);
  }
  std::string operator()(const ReplacedValuesNote& note) const {
    return fmt::format("note: replaced: {}\n", describe(note.found));
  }
  std::string operator()(const KeptAsFloatsNote& note) const {
    return fmt::format(
        "note: {} matrices whose columns GGUF has in another order are kept as f32, {} instead of "
        "{}; --tensor gives them a format\n",
        note.tensors, human_bytes(note.bytes), human_bytes(note.stored_bytes));
  }
  std::string operator()(const FileNote& note) const {
    return fmt::format("{}: {} ({} bytes), {:.3f} bits per weight\n", printable(output_),
                       human_bytes(note.bytes), note.bytes, note.bits_per_weight);
  }
  std::string operator()(const QualityNote& note) const {
    const Comparison& c = note.comparison;
    return fmt::format(
        "{}: KLD {:.3f} ({:.3f} to {:.3f}) from the source, the same first choice in {:.1f} % of "
        "{} predictions, on {}\n",
        printable(output_), c.kld_mean.value, c.kld_mean.low, c.kld_mean.high, 100.0 * c.top1.value,
        note.predictions,
        note.held_out ? "text it was not calibrated on" : "the text it was calibrated on");
  }
  std::string operator()(const ValidatedNote& note) const {
    const ValidationReport& report = note.report;
    return fmt::format(
        "validated: {} tensors, largest relative error {:.2e} ({}); logits differ by at most "
        "{:.4f}, {} of {} first choices equal\n",
        report.tensors, report.worst_error, report.worst_tensor, report.logit_difference,
        report.same_top, report.positions);
  }
  std::string operator()(const TimesNote& note) const {
    return fmt::format("took {}\n", times_text(note.stages));
  }
  std::string operator()(const ConvertsOnceNote& note) const {
    return fmt::format("{}: converting once to {}, kept in {}\n", printable(note.model),
                       note.format, printable(note.path));
  }
  std::string operator()(const TuningBeginsNote& note) const {
    return fmt::format(
        "tuning on {} windows of {} tokens, with at most {} of memory beside the models\n",
        note.windows, note.window_tokens, human_bytes(note.memory_bytes));
  }
  std::string operator()(const TuningStoppedNote& note) const {
    return fmt::format("warning: tuning ended at step {} of {}: {} is not finite\n", note.step,
                       note.steps, note.where);
  }
  std::string operator()(const TuneResult& result) const {
    if (result.tokens == 0) return "note: tuning found no better scales\n";
    return fmt::format("tuned on {} tokens: KLD {:.3f} -> {:.3f} on held-out text\n", result.tokens,
                       result.before, result.after);
  }

 private:
  const std::string& output_;
};

}  // namespace

bool is_always_said(const Note& note) {
  return std::holds_alternative<QualityNote>(note) || std::holds_alternative<ValidatedNote>(note) ||
         std::holds_alternative<TuningStoppedNote>(note);
}

std::string note_text(const Note& note, const std::string& output) {
  return std::visit(NoteText(output), note);
}

}  // namespace cellm
