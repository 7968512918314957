// The date of results.
#pragma once

#include <string>

namespace cellm {

// Today in UTC as YYYY-MM-DD; the day of the environment variable SOURCE_DATE_EPOCH, in seconds, if
// it is set, so that results can be repeated byte by byte.
std::string today_utc();

}  // namespace cellm
