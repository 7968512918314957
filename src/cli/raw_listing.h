// The listing of a file whose model cellm does not run.
#pragma once

#include <string>

#include "io/raw_container.h"

namespace cellm {

// Prints the container's metadata and tensors on stdout, as JSON if `as_json`. `why` says why the
// model cannot be run.
void print_raw_container(const std::string& path, const RawContainer& raw, const std::string& why,
                         bool as_json);

}  // namespace cellm
