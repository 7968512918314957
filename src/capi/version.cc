#include "base/version.h"

#include <cellm/cellm.h>

const char* cellm_version() {
  return cellm::kVersion.data();  // of a literal, which ends with a zero
}

int cellm_abi_version() {
  return CELLM_ABI_VERSION;
}
