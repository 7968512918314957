// The parts of the module, each of which adds its classes and functions.
#pragma once

#include <memory>

#include <cellm/cellm.hpp>

#include "held.h"

namespace cellm_python {

using HeldModel = Held<cellm::Model>;
using SessionPtr = std::shared_ptr<Single<cellm::Session>>;
using HeldSession = Held<Single<cellm::Session>>;
using HeldSnapshot = Held<cellm::Snapshot>;
using HeldTools = Held<cellm::Tools>;

inline constexpr const char* kSession = "session";
inline constexpr const char* kSnapshot = "snapshot";

void add_errors(nb::module_& module);
void add_models(nb::module_& module);
void add_sessions(nb::module_& module);
void add_batches(nb::module_& module);
void add_tools(nb::module_& module);
void add_generation(nb::module_& module);
void add_jobs(nb::module_& module);

}  // namespace cellm_python
