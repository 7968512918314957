#include "base/version.h"

namespace cellm {

constinit const std::string_view kVersion = CELLM_VERSION;
constinit const std::string_view kProgramVersion = "cellm " CELLM_VERSION;

}  // namespace cellm
