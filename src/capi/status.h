// Errors of the library as statuses and advice of cellm.h, and back.
#pragma once

#include <cellm/cellm.h>

#include "base/error.h"

namespace cellm {

cellm_status status_of(ErrorKind kind);
ErrorKind error_kind(cellm_status status);  // kOther for CELLM_OK and CELLM_CANCELLED

// CELLM_ADVICE_NONE for advice on an option that the C interface does not have.
cellm_advice public_advice(AdviceKind kind);
AdviceKind advice_kind(cellm_advice advice);

}  // namespace cellm
