#include "cli/bench_report.h"

#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"

namespace cellm {

double BenchResult::mean() const {
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum / static_cast<double>(rates.size());
}

double BenchResult::deviation() const {
  if (rates.size() < 2) return 0;
  double squares = 0;
  for (const double rate : rates) squares += (rate - mean()) * (rate - mean());
  return std::sqrt(squares / static_cast<double>(rates.size() - 1));
}

std::string BenchResult::test() const {
  std::string name = n_prompt != 0 ? fmt::format("pp{}", n_prompt) : fmt::format("tg{}", n_gen);
  if (n_draft != 0) name += fmt::format(" draft {}/{}", n_draft, n_right);
  return n_depth == 0 ? name : fmt::format("{} @ d{}", name, n_depth);
}

BenchReport::BenchReport(std::string format)
    : format_(std::move(format)),
      json_(std::make_unique<nlohmann::ordered_json>(nlohmann::ordered_json::array())) {
  if (format_ == "csv") {
    fmt::print(
        "model,model_size,model_n_params,backend,n_threads,n_prompt,n_gen,n_depth,n_draft,"
        "n_right,avg_ts,stddev_ts\n");
  }
}

BenchReport::~BenchReport() = default;

void BenchReport::begin(BenchSetting setting) {
  setting_ = std::move(setting);
  const BenchCeilings& ceilings = setting_.ceilings;
  if (format_ == "md") {
    fmt::print(
        "| model | size | params | backend | threads | test | t/s | GB/s | of {:.1f} GB/s | "
        "GMAC/s | of {:.0f} {} GMAC/s |\n",
        ceilings.bandwidth / 1e9, ceilings.macs / 1e9, ceilings.kind);
    fmt::print("| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  }
}

void BenchReport::add(const BenchResult& result) {
  const auto& [model, target, weights, ceilings, load_seconds] = setting_;
  // Decoding reads every weight once for each token; a prompt, or a draft, is bound by arithmetic.
  const double bytes = result.n_gen != 0 && result.n_draft == 0
                           ? result.mean() * static_cast<double>(weights.read_per_token)
                           : 0;
  const double macs = result.mean() * static_cast<double>(weights.body_macs);
  if (format_ == "md") {
    fmt::print(
        "| {} | {} | {:.2f} M | CPU | {} | {} | {:.2f} ± {:.2f} | {} | {} | {:.1f} | {:.0f} % "
        "|\n",
        model, human_bytes(weights.bytes), static_cast<double>(weights.parameters) / 1e6,
        result.threads, result.test(), result.mean(), result.deviation(),
        bytes == 0 ? "" : fmt::format("{:.1f}", bytes / 1e9),
        bytes == 0 ? "" : fmt::format("{:.0f} %", 100 * bytes / ceilings.bandwidth), macs / 1e9,
        100 * macs / ceilings.macs);
  } else if (format_ == "csv") {
    fmt::print("{},{},{},CPU,{},{},{},{},{},{},{:.6f},{:.6f}\n", model, weights.bytes,
               weights.parameters, result.threads, result.n_prompt, result.n_gen, result.n_depth,
               result.n_draft, result.n_right, result.mean(), result.deviation());
  } else {
    json_->push_back({{"model_filename", model},
                      {"model_size", weights.bytes},
                      {"model_n_params", weights.parameters},
                      {"backends", "CPU"},
                      {"cpu_target", target},
                      {"n_threads", result.threads},
                      {"n_prompt", result.n_prompt},
                      {"n_gen", result.n_gen},
                      {"n_depth", result.n_depth},
                      {"n_draft", result.n_draft},
                      {"n_right", result.n_right},
                      {"avg_ts", result.mean()},
                      {"stddev_ts", result.deviation()},
                      {"samples_ts", result.rates},
                      {"gb_per_second", bytes / 1e9},
                      {"bandwidth_gb_per_second", ceilings.bandwidth / 1e9},
                      {"gmac_per_second", macs / 1e9},
                      {"peak_gmac_per_second", ceilings.macs / 1e9},
                      {"load_seconds", load_seconds},
                      {"peak_memory_bytes", peak_memory_bytes()}});
  }
  std::fflush(stdout);
}

void BenchReport::end() {
  fmt::print(stderr, "{} | load {:.2f} s | peak memory {}\n", setting_.target,
             setting_.load_seconds, human_bytes(peak_memory_bytes()));
}

void BenchReport::finish() {
  if (format_ == "json") fmt::print("{}\n", json_->dump(2));
}

}  // namespace cellm
