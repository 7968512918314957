// Results of `cellm bench` as a table, as JSON or as CSV.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/json.h"

namespace cellm {

struct BenchResult {
  std::size_t n_prompt;
  std::size_t n_gen;
  std::size_t n_depth;
  std::size_t n_draft;  // tokens read ahead in each step
  std::size_t n_right;  // of these, those that are kept
  unsigned threads;
  std::vector<double> rates;  // tokens per second, one for each repetition

  double mean() const;
  double deviation() const;
  std::string test() const;  // "pp512", "tg64 draft 8/6 @ d4096"
};

// The ceilings of the machine for these kernels and threads, measured before the tests.
struct BenchCeilings {
  double bandwidth = 0;   // bytes per second
  double macs = 0;        // multiply-adds per second, of the kind used by the layers
  const char* kind = "";  // "int8" or "f32"
};

struct BenchWeights {
  std::uint64_t parameters = 0;
  std::uint64_t bytes = 0;  // as stored
  std::uint64_t read_per_token =
      0;  // by decoding: all matrices, the embedding only if it is the output matrix
  std::uint64_t body_macs = 0;  // per token, without the output matrix
};

// The facts shared by all tests with one number of threads.
struct BenchSetting {
  std::string model;
  std::string target;
  BenchWeights weights;
  BenchCeilings ceilings;
  double load_seconds = 0;
};

// Prints to stdout. One table for each number of threads, as each has its own ceilings; JSON and
// CSV are one document.
class BenchReport {
 public:
  explicit BenchReport(std::string format);  // "md", "json" or "csv"
  ~BenchReport();
  BenchReport(const BenchReport&) = delete;
  BenchReport& operator=(const BenchReport&) = delete;

  void begin(BenchSetting setting);
  void add(const BenchResult& result);
  void end();  // of a setting; a line on stderr
  void finish();

 private:
  std::string format_;
  BenchSetting setting_;
  std::unique_ptr<nlohmann::ordered_json> json_;
};

}  // namespace cellm
