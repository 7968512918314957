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
#include "engine/generate.h"
#include "model/config.h"

namespace cellm {
namespace {

// `wanted` of the windows [0, available), in order.
std::vector<std::size_t> choose_windows(std::size_t wanted, std::size_t available,
                                        std::uint64_t seed) {
  std::vector<std::size_t> chosen(wanted);
  if (seed == 0) {
    for (std::size_t i = 0; i < wanted; ++i) chosen[i] = i * available / wanted;
    return chosen;
  }
  // The last windows of a shuffle. By hand, since std::shuffle is not the same everywhere.
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

CalibrationText read_calibration_text(const std::filesystem::path& path, const ModelSource& source,
                                      std::size_t max_tokens, std::uint64_t seed) {
  const std::string text = path == kDefaultText ? std::string(kCalibrationDefault)
                                                : read_file(path, kMaxCalibrationBytes);
  const std::string name = printable(path.string());
  const std::string model = printable(source.path());
  const std::size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string::npos) {
    throw data_error("{}: byte {} (0x{:02x}) is not valid UTF-8", name, invalid,
                     static_cast<unsigned char>(text[invalid]));
  }
  const ModelConfig config = parse_model_config(source.config_json(), model);
  const auto tokenizer = find_tokenizer(source, config.vocab_size, "");
  if (!tokenizer) {
    throw data_error("{}: no tokenizer inside or beside this model; calibration needs it", model);
  }
  const auto ids = tokenizer->encode(text, false);
  if (ids.size() < kCalibrationWindow) {
    throw usage_error("{}: the text has {} tokens, calibration needs at least {}", name, ids.size(),
                      kCalibrationWindow);
  }
  const auto& first = tokenizer->bos_from_template();
  if (config.max_positions <= first.size()) {
    throw usage_error("{}: a context of {} tokens leaves no room for a text", model,
                      config.max_positions);
  }
  const std::size_t length = std::min(kCalibrationWindow, config.max_positions) - first.size();
  const std::size_t available = (ids.size() + length - 1) / length;
  const std::size_t wanted = std::clamp<std::size_t>(max_tokens / length, 1, available);
  CalibrationText result;
  // A draw takes whole windows, unless all are wanted.
  const std::size_t whole = ids.size() / length;
  const std::size_t candidates = seed != 0 && wanted <= whole ? whole : available;
  for (const std::size_t chosen : choose_windows(wanted, candidates, seed)) {
    const auto begin = static_cast<std::ptrdiff_t>(chosen * length);
    const auto left = static_cast<std::ptrdiff_t>(ids.size()) - begin;
    const auto end = begin + std::min(left, static_cast<std::ptrdiff_t>(length));
    auto& window = result.windows.emplace_back(first);
    window.insert(window.end(), ids.begin() + begin, ids.begin() + end);
    result.label.tokens += window.size();
  }
  result.label.seed = seed;
  result.label.text_checksum = fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
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
  const std::string culprit = statistics.find_nonfinite();
  if (!culprit.empty()) {
    throw data_error("{}: the input of {} is NaN or infinite on the calibration text",
                     printable(engine.source().path()), culprit);
  }
  return statistics;
}

}  // namespace cellm
