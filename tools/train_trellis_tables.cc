// Trains the tables of the trellis formats (src/format/trellis_tables.cc) on independent Gaussian
// weights and prints them as source, with their mean squared errors.
//
//   train_trellis_tables [FORMAT ...]
//
// Mixing tables are random permutations, the best of many. Levels and offsets are trained by
// Lloyd's algorithm: encode a sample, set every entry to the mean of the values assigned to it,
// repeat; finally with integer levels. The result is reproducible: all random numbers come from
// fixed seeds, and all searches use integers.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "format/format_choice.h"
#include "format/formats.h"
#include "quantize/trellis_encoder.h"
#include "quantize/trellis_path.h"

namespace cellm {
namespace {

constexpr std::size_t kCandidates = 400;
constexpr std::size_t kFinalists = 6;

struct Effort {
  std::size_t tiles;
  std::size_t rounds;
};
constexpr Effort kScreening{24, 8};
constexpr Effort kTraining{500, 20};
constexpr std::size_t kTestTiles = 2000;

// A table with real-valued levels, in standard deviations.
struct Candidate {
  std::array<std::uint8_t, 16> near_mix{};
  std::array<std::uint8_t, 16> far_mix{};
  double levels[2][16] = {};
  double offsets[2][16] = {};
  double error = 0.0;
};

// Box-Muller, because std::normal_distribution differs between implementations.
std::vector<float> gaussian(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; };
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; i += 2) {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double angle = 2.0 * 3.14159265358979323846 * uniform();
    values[i] = static_cast<float>(radius * std::cos(angle));
    values[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return values;
}

std::array<std::uint8_t, 16> permutation(std::mt19937_64& random) {
  std::array<std::uint8_t, 16> values{};
  std::iota(values.begin(), values.end(), std::uint8_t{0});
  for (std::size_t i = 15; i > 0; --i) std::swap(values[i], values[random() % (i + 1)]);
  return values;
}

struct Place {
  std::size_t mixed;
  std::size_t near;
};
Place place_of(const TrellisShape& shape, const Candidate& c, std::size_t state) {
  const unsigned apart = shape.spacing * shape.step_bits;
  const std::size_t near = state >> apart & 15U;
  return {(state & 15U) ^ c.near_mix[near] ^ c.far_mix[state >> (2 * apart) & 15U], near};
}

// Scale of candidates with real-valued levels, in levels per standard deviation; the final tables
// have about this scale.
constexpr double kUnit = 21.0;

std::vector<std::int16_t> values_of(const TrellisShape& shape, const Candidate& c) {
  const std::size_t states = std::size_t{1} << state_bits(shape);
  std::vector<std::int16_t> values(states * shape.step_weights);
  for (std::size_t v = 0; v < shape.step_weights; ++v) {
    for (std::size_t s = 0; s < states; ++s) {
      const Place at = place_of(shape, c, s);
      const double value = (c.levels[v][at.mixed] + c.offsets[v][at.near]) * kUnit * kPathScale;
      values[v * states + s] =
          static_cast<std::int16_t>(std::lround(std::clamp(value, -32000.0, 32000.0)));
    }
  }
  return values;
}

struct Coded {
  std::vector<float> weights;
  std::vector<std::uint16_t> states;  // a state for each step
};

Coded code(const TrellisShape& shape, const Candidate& c, std::size_t tiles, std::uint64_t seed,
           const KernelTable& kernels) {
  TrellisPath path(shape, values_of(shape, c), kernels);
  Coded coded{gaussian(tiles * kTrellisTileWeights, seed),
              std::vector<std::uint16_t>(tiles * path.steps())};
  std::array<std::int16_t, kTrellisTileWeights> x{};
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float scaled =
          coded.weights[tile * x.size() + i] * static_cast<float>(kUnit) * kPathScale;
      x[i] = static_cast<std::int16_t>(std::lround(std::clamp(scaled, -32767.0F, 32767.0F)));
    }
    path.find(x, std::span(coded.states).subspan(tile * path.steps(), path.steps()));
  }
  return coded;
}

double error_of(const TrellisShape& shape, const Candidate& c, const Coded& coded) {
  double sum = 0.0;
  for (std::size_t i = 0; i < coded.weights.size(); ++i) {
    const std::size_t v = i % shape.step_weights;
    const Place at = place_of(shape, c, coded.states[i / shape.step_weights]);
    const double e =
        static_cast<double>(coded.weights[i]) - c.levels[v][at.mixed] - c.offsets[v][at.near];
    sum += e * e;
  }
  return sum / static_cast<double>(coded.weights.size());
}

// Sets levels, then offsets, each to the mean of the residual; twice. With a grid, to the nearest
// multiple of it.
void fit(const TrellisShape& shape, const Coded& coded, double grid, Candidate& c) {
  for (int round = 0; round < 4; ++round) {
    const bool fit_levels = round % 2 == 0;
    double sums[2][16] = {};
    double counts[2][16] = {};
    for (std::size_t i = 0; i < coded.weights.size(); ++i) {
      const std::size_t v = i % shape.step_weights;
      const Place at = place_of(shape, c, coded.states[i / shape.step_weights]);
      const std::size_t entry = fit_levels ? at.mixed : at.near;
      const double other = fit_levels ? c.offsets[v][at.near] : c.levels[v][at.mixed];
      sums[v][entry] += static_cast<double>(coded.weights[i]) - other;
      counts[v][entry] += 1.0;
    }
    auto& table = fit_levels ? c.levels : c.offsets;
    for (std::size_t v = 0; v < shape.step_weights; ++v) {
      for (std::size_t n = 0; n < 16; ++n) {
        if (counts[v][n] == 0.0) continue;
        const double mean = sums[v][n] / counts[v][n];
        table[v][n] = grid == 0.0 ? mean : std::round(mean / grid) * grid;
      }
    }
  }
}

void train(const TrellisShape& shape, Effort effort, std::uint64_t seed, const KernelTable& kernels,
           double grid, Candidate& c) {
  for (std::size_t round = 0; round < effort.rounds; ++round) {
    fit(shape, code(shape, c, effort.tiles, seed + round, kernels), grid, c);
  }
}

Candidate random_candidate(std::uint64_t seed, std::size_t weights) {
  std::mt19937_64 random(seed);
  Candidate c;
  c.near_mix = permutation(random);
  c.far_mix = permutation(random);
  const auto values = gaussian(64, seed + 1'000'000);
  for (std::size_t v = 0; v < weights; ++v) {
    for (std::size_t n = 0; n < 16; ++n) {
      c.levels[v][n] = 0.9 * static_cast<double>(values[v * 32 + n]);
      c.offsets[v][n] = 0.4 * static_cast<double>(values[v * 32 + 16 + n]);
    }
  }
  return c;
}

// The largest magnitude of any level and offset together.
double reach(const TrellisShape& shape, const Candidate& c) {
  double most = 0.0;
  for (std::size_t v = 0; v < shape.step_weights; ++v) {
    const auto [low, high] = std::minmax_element(c.levels[v], c.levels[v] + 16);
    const auto [down, up] = std::minmax_element(c.offsets[v], c.offsets[v] + 16);
    most = std::max({most, -(*low + *down), *high + *up});
  }
  return most;
}

template <class Entry>
std::string row(Entry&& entry) {
  std::string text;
  for (std::size_t n = 0; n < 16; ++n) text += fmt::format("{}{}", n == 0 ? "" : ", ", entry(n));
  return "{" + text + "}";
}

// Prints a table as source of src/format/trellis_tables.cc, before clang-format.
void print(const TrellisShape& shape, const Candidate& c, double grid) {
  fmt::print("// {}: mean squared error {:.5f}\n{{1, {:.4f}F,\n {{{},\n  {}",
             format_spec(shape.format).name, c.error, 1.0 / grid,
             row([&](std::size_t n) { return int{c.near_mix[n]}; }),
             row([&](std::size_t n) { return int{c.far_mix[n]}; }));
  for (const bool levels : {true, false}) {
    std::string rows[2];
    for (std::size_t v = 0; v < 2; ++v) {
      // Offsets begin at 0, and levels have the rest of the zero.
      const double lowest = *std::min_element(c.offsets[v], c.offsets[v] + 16);
      rows[v] = row([&](std::size_t n) {
        if (v >= shape.step_weights) return 0L;
        if (!levels) return std::lround((c.offsets[v][n] - lowest) / grid);
        return std::lround((c.levels[v][n] + lowest) / grid) + kTrellisZero;
      });
    }
    fmt::print(",\n  {{{},\n   {}}}", rows[0], rows[1]);
  }
  fmt::print("}}}},\n");
  std::fflush(stdout);
}

void make_table(const TrellisShape& shape, const KernelTable& kernels) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < kCandidates; ++i) {
    Candidate c = random_candidate(i, shape.step_weights);
    train(shape, kScreening, 100, kernels, 0.0, c);
    c.error = error_of(shape, c, code(shape, c, 2 * kScreening.tiles, 1, kernels));
    candidates.push_back(c);
  }
  const auto better = [](const Candidate& a, const Candidate& b) { return a.error < b.error; };
  std::sort(candidates.begin(), candidates.end(), better);
  candidates.resize(kFinalists);
  for (Candidate& c : candidates) {
    train(shape, kTraining, 1000, kernels, 0.0, c);
    c.error = error_of(shape, c, code(shape, c, kTestTiles, 2, kernels));
    fmt::print(stderr, "{}: {:.5f}\n", format_spec(shape.format).name, c.error);
  }
  Candidate best = *std::min_element(candidates.begin(), candidates.end(), better);
  const double grid = reach(shape, best) / (kTrellisZero - 1);
  for (std::size_t v = 0; v < shape.step_weights; ++v) {
    for (std::size_t n = 0; n < 16; ++n) {
      best.levels[v][n] = std::round(best.levels[v][n] / grid) * grid;
      best.offsets[v][n] = std::round(best.offsets[v][n] / grid) * grid;
    }
  }
  train(shape, {kTraining.tiles, 4}, 2000, kernels, grid, best);
  best.error = error_of(shape, best, code(shape, best, kTestTiles, 2, kernels));
  print(shape, best, grid);
}

}  // namespace
}  // namespace cellm

int main(int argc, char** argv) {
  try {
    std::vector<std::string> names(argv + 1, argv + argc);
    if (names.empty()) names = {"t4", "t3", "t2", "t1h", "t1"};
    for (const std::string& name : names) {
      const cellm::TrellisShape* shape =
          cellm::trellis_shape(cellm::parse_format_choice(name).format);
      if (shape == nullptr) throw cellm::usage_error("{} is no trellis format", name);
      cellm::make_table(*shape, cellm::kernel_table());
    }
  } catch (const cellm::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
