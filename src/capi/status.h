// Errors of the library as statuses and advice of cellm.h, and back.
#pragma once

#include <cellm/cellm.h>

#include "base/error.h"

namespace cellm {

cellm_status status_of(ErrorKind kind);
ErrorKind error_kind(cellm_status status);  // of a failure

// What the C interface has no option for is CELLM_ADVICE_NONE.
cellm_advice public_advice(AdviceKind kind);
AdviceKind advice_kind(cellm_advice advice);

}  // namespace cellm
