// A hook for tests that count expensive work.
#pragma once

#include <functional>
#include <string_view>

namespace cellm {

enum class Work {
  kJsonParse,    // subject: the text of the document
  kWeightsLoad,  // subject: the path of the model
};

using WorkObserver = std::function<void(Work work, std::string_view subject)>;

// Calls `observer` at each report_work(), on the reporting thread; empty for none. Not thread-safe:
// set it while no other thread works.
void observe_work(WorkObserver observer);

void report_work(Work work, std::string_view subject);

}  // namespace cellm
