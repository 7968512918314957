#include "jobs/own_text_windows.h"

#include <algorithm>
#include <xxhash.h>

#include <fmt/format.h>

#include "base/error.h"
#include "tune/own_text.h"

namespace cellm {

std::vector<std::vector<std::uint32_t>> own_windows(std::string_view text, const Engine& model,
                                                    const Tokenizer& tokenizer, std::size_t count,
                                                    std::uint64_t seed, const JobControl& control) {
  const Chat* chat = model.opened().chat();
  if (text == kOwnAnswers && chat == nullptr) {
    throw unsupported_error("{}: no chat template; \"{}\" is for chat models",
                            printable(model.source().path()), kOwnAnswers);
  }
  const WritingProgress progress =
      control.stage(text == kOwnText ? kStageWriting : kStageAnswering);
  if (text == kOwnText)
    return own_text(model, tokenizer, count, kCalibrationWindow, seed, progress);
  return own_answers(model, tokenizer, *chat, count, kCalibrationWindow, seed, progress);
}

CalibrationText own_calibration_text(std::string_view text, const Engine& model, std::size_t tokens,
                                     std::size_t held_out, std::uint64_t seed,
                                     const JobControl& control) {
  const Tokenizer* tokenizer = model.opened().tokenizer();
  if (tokenizer == nullptr) {
    throw data_error("{}: no tokenizer inside or beside this model; calibration needs it",
                     printable(model.source().path()));
  }
  const std::size_t windows = std::max<std::size_t>(1, tokens / kCalibrationWindow);
  // Texts may end early, so they are concatenated and cut into windows.
  std::vector<std::uint32_t> stream;
  for (const auto& window :
       own_windows(text, model, *tokenizer, windows + held_out, seed, control)) {
    stream.insert(stream.end(), window.begin(), window.end());
  }
  CalibrationText result;
  for (std::size_t begin = 0; begin + kCalibrationWindow <= stream.size();
       begin += kCalibrationWindow) {
    const auto first = stream.begin() + static_cast<std::ptrdiff_t>(begin);
    auto& part = result.held_out.size() < held_out ? result.held_out : result.windows;
    part.emplace_back(first, first + static_cast<std::ptrdiff_t>(kCalibrationWindow));
  }
  if (result.windows.empty()) {
    throw data_error("{}: the model writes {} tokens and no more, too few to calibrate on",
                     printable(model.source().path()), stream.size());
  }
  result.label.tokens = result.windows.size() * kCalibrationWindow;
  result.label.seed = seed;
  result.label.text_checksum =
      fmt::format("{:016x}", XXH3_64bits(stream.data(), stream.size() * sizeof(std::uint32_t)));
  return result;
}

}  // namespace cellm
