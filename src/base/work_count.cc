#include "base/work_count.h"

#include <utility>

namespace cellm {
namespace {

WorkObserver& current_observer() {
  static WorkObserver observer;
  return observer;
}

}  // namespace

void observe_work(WorkObserver observer) {
  current_observer() = std::move(observer);
}

void report_work(Work work, std::string_view subject) {
  if (current_observer()) current_observer()(work, subject);
}

}  // namespace cellm
