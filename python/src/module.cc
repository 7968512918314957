// The module cellm._cellm, which the Python sources of the package wrap.
#include <cellm/cellm.hpp>
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include "bindings.h"
#include "interpreter.h"

NB_MODULE(_cellm, module) {
  using namespace cellm_python;
  module.doc() = "The library as cellm wraps it; not for other callers.";
  nb::set_leak_warnings(false);  // objects that live until the end of the process are no mistake
  count_forks();
  add_errors(module);
  add_models(module);
  add_sessions(module);
  add_batches(module);
  add_tools(module);
  add_generation(module);
  add_jobs(module);
  module.def("version", cellm::version);
  module.def("available_memory", [] {
    const cellm::AvailableMemory memory = cellm::available_memory();
    return std::pair(memory.bytes, memory.limited_by);
  });
  module.def("end_of_threads", end_of_threads);
}
