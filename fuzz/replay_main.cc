// Runs input files through their harness; every test run replays fuzz/corpus and fuzz/regressions.
//
// usage: fuzz_replay FOLDER...            each has a subfolder of inputs for every harness
//        fuzz_replay --harness NAME PATH...   files, or folders of files, for one harness
//
// With CELLM_FUZZ_VERBOSE in the environment each file is named on stderr before it runs.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "harness.h"

namespace {

namespace fs = std::filesystem;
using cellm::fuzz::Harness;

constexpr std::size_t kMaxInputBytes = std::size_t{1} << 30;

struct Totals {
  std::size_t inputs = 0;
  double slowest = 0;
  std::string slowest_path;
};

std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& item : fs::directory_iterator(path)) {
    if (item.is_regular_file()) files.push_back(item.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void replay(const Harness& harness, const fs::path& path, Totals& totals) {
  for (const fs::path& file : files_of(path)) {
    // Before it runs: the input may end the program.
    if (std::getenv("CELLM_FUZZ_VERBOSE") != nullptr) std::fprintf(stderr, "%s\n", file.c_str());
    const std::string content = cellm::read_file(file, kMaxInputBytes);
    const auto start = std::chrono::steady_clock::now();
    cellm::fuzz::run_input(harness,
                           {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()});
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    ++totals.inputs;
    if (spent.count() > totals.slowest) {
      totals.slowest = spent.count();
      totals.slowest_path = file.string();
    }
  }
}

int run(const std::vector<std::string>& arguments) {
  Totals totals;
  if (arguments.size() >= 3 && arguments[0] == "--harness") {
    const Harness* harness = cellm::fuzz::find_harness(arguments[1]);
    if (harness == nullptr) {
      std::fprintf(stderr, "no harness is called %s\n", arguments[1].c_str());
      return 2;
    }
    for (std::size_t i = 2; i < arguments.size(); ++i) replay(*harness, arguments[i], totals);
  } else if (!arguments.empty() && !arguments[0].starts_with("-")) {
    for (const auto& folder : arguments) {
      for (const auto& item : fs::directory_iterator(folder)) {
        if (!item.is_directory()) continue;
        const Harness* harness = cellm::fuzz::find_harness(item.path().filename().string());
        if (harness == nullptr) {
          std::fprintf(stderr, "%s: no harness has this name\n", item.path().c_str());
          return 2;
        }
        replay(*harness, item.path(), totals);
      }
    }
  } else {
    std::fputs("usage: fuzz_replay FOLDER... | fuzz_replay --harness NAME PATH...\n", stderr);
    return 2;
  }
  if (totals.inputs == 0) {
    std::fputs("there are no inputs to replay\n", stderr);
    return 1;
  }
  std::printf("%zu inputs, slowest %.3f s: %s\n", totals.inputs, totals.slowest,
              totals.slowest_path.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
