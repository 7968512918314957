#include "base/version.h"

#include <cellm/cellm.h>
#include <cellm/cellm.hpp>

const char* cellm_version() {
  return cellm::kVersion.data();  // of a literal, which ends with a zero
}

namespace cellm {

std::string_view version() {
  return kVersion;
}

}  // namespace cellm
