// The entry points of libFuzzer. The program's name selects the harness: fuzz_gguf runs "gguf"
// (fuzz/CMakeLists.txt makes the links).

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <time.h>

#include "harness.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

const cellm::fuzz::Harness* chosen = nullptr;

// Statistics of this process. Time is the CPU time of the thread, so that other load does not
// count.
struct Statistics {
  unsigned long long inputs = 0;
  double slowest_seconds = 0;
  std::size_t slowest_bytes = 0;
};
Statistics statistics;

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Appends one line to the file that CELLM_FUZZ_STATISTICS names: inputs, CPU seconds and bytes of
// the slowest, peak resident KiB. libFuzzer forks a process for each job, so there are many lines.
void write_statistics() {
  const char* path = std::getenv("CELLM_FUZZ_STATISTICS");
  if (path == nullptr || statistics.inputs == 0) return;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::FILE* file = std::fopen(path, "a");
  if (file == nullptr) return;
  std::fprintf(file, "%llu\t%.6f\t%zu\t%ld\n", statistics.inputs, statistics.slowest_seconds,
               statistics.slowest_bytes, usage.ru_maxrss);
  std::fclose(file);
}

// One in this many inputs is mutated byte by byte, to reach states that structured mutation
// excludes.
constexpr unsigned kBytesEvery = 3;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** argv) {
  std::string_view name = (*argv)[0];
  name = name.substr(name.rfind('/') + 1);
  if (name.starts_with("fuzz_")) name.remove_prefix(5);
  chosen = cellm::fuzz::find_harness(name);
  if (chosen == nullptr) {
    std::fprintf(stderr, "no harness is called %.*s; there are:", static_cast<int>(name.size()),
                 name.data());
    for (const auto& harness : cellm::fuzz::harnesses()) {
      std::fprintf(stderr, " %.*s", static_cast<int>(harness.name.size()), harness.name.data());
    }
    std::fputs("\n", stderr);
    std::exit(2);
  }
  std::atexit(write_statistics);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const double start = thread_seconds();
  cellm::fuzz::run_input(*chosen, {data, size});
  const double spent = thread_seconds() - start;
  ++statistics.inputs;
  if (spent > statistics.slowest_seconds) {
    statistics.slowest_seconds = spent;
    statistics.slowest_bytes = size;
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  if (chosen->mutate == nullptr || seed % kBytesEvery == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  cellm::fuzz::Random random(seed);
  const std::string changed = chosen->mutate({reinterpret_cast<const char*>(data), size}, random);
  if (changed.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}
