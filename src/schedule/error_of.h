// Exceptions as values, for failures that belong to one request.
#pragma once

#include <exception>
#include <new>
#include <optional>

#include "base/error.h"

namespace cellm {

// Runs `work`; the error that it throws, if any.
template <class Work>
std::optional<Error> error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::kResources, "the memory for a step could not be allocated");
  } catch (const std::exception& error) {
    return Error(ErrorKind::kOther, error.what());
  }
  return std::nullopt;
}

}  // namespace cellm
