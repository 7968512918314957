// Where a request ends, and what it is made of. What is unclear is refused: what one reader takes
// for the end is to another the middle.
#pragma once

#include <httplib.h>

namespace cellm {

// Names of headers are tokens (RFC 9110, 5.1). "Content-Length :" is one header to some readers and
// another to others. Throws ApiError.
void check_names(const httplib::Headers& headers);
// Whether a body follows the head. How long it is said to be has to be clear (RFC 9112, 6.3).
// Throws ApiError, also for a body that is too long.
bool has_body(const httplib::Request& request);
// Throws ApiError unless the body is one that is read: as it is, with a length, in one part.
void check_body_form(const httplib::Request& request);

}  // namespace cellm
