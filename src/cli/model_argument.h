// Models named on the command line.
#pragma once

#include <string>

namespace cellm {

// The path of a model that is a path or a name on the hub, which is downloaded and converted if it
// is not there (hub/resolve.h), with progress and notes on stderr unless `quiet`. With `original`
// it is what the hub has, not converted. Ctrl-C breaks off if the command catches it
// (cli/interrupts.h): then throws Cancelled. Throws the errors of resolve_model().
struct ModelLookup {
  bool quiet = false;
  bool original = false;
  unsigned threads = 0;
};
std::string model_path(const std::string& model, const ModelLookup& lookup = {});

}  // namespace cellm
