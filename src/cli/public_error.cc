#include "cli/public_error.h"

#include "base/error.h"
#include "capi/status.h"

namespace cellm {

void throw_error(cellm_status status, const char* message, cellm_advice advice) {
  throw Error(error_kind(status), message, advice_kind(advice));
}

}  // namespace cellm
