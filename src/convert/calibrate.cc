#include "convert/calibrate.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>
#include <xxhash.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "convert/default_text.h"

namespace cellm {
namespace {

constexpr std::size_t kLargestHeldOutPart = 4;  // a quarter of a text

// `wanted` of the windows [0, available), in order.
std::vector<std::size_t> choose_windows(std::size_t wanted, std::size_t available,
                                        std::uint64_t seed) {
  std::vector<std::size_t> chosen(wanted);
  if (seed == 0) {
    for (std::size_t i = 0; i < wanted; ++i) chosen[i] = i * available / wanted;
    return chosen;
  }
  // The last windows of a Fisher–Yates shuffle; std::shuffle differs between standard libraries.
  std::vector<std::size_t> all(available);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::mt19937_64 random(seed);
  for (std::size_t i = available; i > available - wanted; --i) {
    std::swap(all[i - 1], all[random() % i]);
  }
  std::copy_n(all.end() - static_cast<std::ptrdiff_t>(wanted), wanted, chosen.begin());
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

CalibrationText read_calibration_text(const std::filesystem::path& path, const OpenedModel& model,
                                      std::size_t max_tokens, std::uint64_t seed,
                                      std::size_t held_out) {
  const std::string text = path == kDefaultText ? std::string(kCalibrationDefault)
                                                : read_file(path, kMaxCalibrationBytes);
  const std::string name = printable(path.string());
  const std::size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string::npos) {
    throw data_error("{}: byte {} (0x{:02x}) is not valid UTF-8", name, invalid,
                     static_cast<unsigned char>(text[invalid]));
  }
  const ModelConfig& config = model.config();
  const Tokenizer* tokenizer = model.tokenizer();
  if (tokenizer == nullptr) {
    throw data_error("{}: no tokenizer inside or beside this model; calibration needs it",
                     printable(model.path()));
  }
  const auto ids = tokenizer->encode(text, false);
  if (ids.size() < kCalibrationWindow) {
    throw usage_error("{}: the text has {} tokens, calibration needs at least {}", name, ids.size(),
                      kCalibrationWindow);
  }
  const auto& first = tokenizer->bos_from_template();
  if (config.max_positions <= first.size()) {
    throw usage_error("{}: a context of {} tokens leaves no room for a text",
                      printable(model.path()), config.max_positions);
  }
  const std::size_t length = std::min(kCalibrationWindow, config.max_positions) - first.size();
  const std::size_t available = (ids.size() + length - 1) / length;
  const std::size_t wanted = std::clamp<std::size_t>(max_tokens / length, 1, available);
  const std::size_t whole = ids.size() / length;
  const std::size_t apart = std::min(held_out, whole / kLargestHeldOutPart);
  const std::size_t chosen = std::min(wanted + apart, apart == 0 ? available : whole);
  // Only whole windows are drawn, unless all are used.
  const std::size_t candidates = apart != 0 || (seed != 0 && wanted <= whole) ? whole : available;
  CalibrationText result;
  result.begin_tokens = first.size();
  std::size_t taken = 0;
  for (const std::size_t index : choose_windows(chosen, candidates, seed)) {
    const auto begin = static_cast<std::ptrdiff_t>(index * length);
    const auto left = static_cast<std::ptrdiff_t>(ids.size()) - begin;
    const auto end = begin + std::min(left, static_cast<std::ptrdiff_t>(length));
    std::vector<std::uint32_t> window = first;
    window.insert(window.end(), ids.begin() + begin, ids.begin() + end);
    ++taken;
    if (taken * apart / chosen != (taken - 1) * apart / chosen) {
      result.held_out.push_back(std::move(window));
    } else {
      result.label.tokens += window.size();
      result.windows.push_back(std::move(window));
    }
  }
  result.label.seed = seed;
  result.label.text_checksum = fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
  return result;
}

CalibrationText thinned(const CalibrationText& text, std::size_t max_tokens) {
  CalibrationText result = text;
  result.windows.clear();
  const std::size_t all = text.windows.size();
  const std::size_t wanted = std::clamp<std::size_t>(
      text.label.tokens == 0 ? 1 : max_tokens * all / text.label.tokens, 1, all);
  result.label.tokens = 0;
  for (const std::size_t index : choose_windows(wanted, all, 0)) {
    result.windows.push_back(text.windows[index]);
    result.label.tokens += text.windows[index].size();
  }
  return result;
}

Statistics calibrate(const Engine& engine, const CalibrationText& text,
                     const CalibrationProgress& progress) {
  Statistics statistics(engine.pool());
  std::uint64_t done = 0;
  for (const auto& window : text.windows) {
    observe(engine, window, statistics);
    done += window.size();
    if (progress) progress(done, text.label.tokens);
  }
  if (const auto culprit = statistics.find_nonfinite()) {
    throw data_error("{}: the input of {} is NaN or infinite on the calibration text",
                     printable(engine.source().path()), tensor_name(engine.config(), *culprit));
  }
  return statistics;
}

}  // namespace cellm
