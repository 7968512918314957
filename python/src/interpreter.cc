#include "interpreter.h"

#include <atomic>
#include <chrono>
#include <pthread.h>
#include <thread>
#include <unistd.h>

namespace cellm_python {
namespace {

std::atomic<unsigned> forks{0};
std::atomic<bool> ending{false};
std::atomic<int> returning{0};  // threads that wait for the GIL
thread_local bool is_last = false;

}  // namespace

unsigned fork_count() {
  return forks.load();
}

void count_forks() {
  pthread_atfork(nullptr, nullptr, [] {
    ++forks;
    returning = 0;  // those threads are not here
  });
}

void end_of_threads() {
  is_last = true;
  ending = true;
  const WithoutGil released;
  while (returning.load() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

WithoutGil::WithoutGil() : state_(PyEval_SaveThread()) {}

WithoutGil::~WithoutGil() {
  if (is_last) {
    PyEval_RestoreThread(state_);
    return;
  }
  ++returning;
  if (ending.load()) {
    --returning;
    while (true) pause();  // until the process ends
  }
  PyEval_RestoreThread(state_);
  --returning;
}

}  // namespace cellm_python
