#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>

#include "base/advice.h"
#include "capi/handles.h"
#include "capi/status.h"

namespace {

thread_local std::string last_error;
thread_local cellm_advice last_advice = CELLM_ADVICE_NONE;

// The constructor of a text this short allocates nothing.
constexpr const char* kOutOfMemory = "out of memory";

cellm_status keep(cellm_status status, const char* message,
                  cellm_advice advice = CELLM_ADVICE_NONE) noexcept {
  last_advice = advice;
  try {
    last_error = message;
  } catch (...) {
    last_error = kOutOfMemory;
  }
  return status;
}

}  // namespace

namespace cellm {

cellm_status status_of_exception() noexcept {
  try {
    throw;
  } catch (const Error& failure) {
    return keep(status_of(failure.kind()), failure.what(), public_advice(failure.advice().kind));
  } catch (const Cancelled& cancelled) {
    return keep(CELLM_CANCELLED, cancelled.what());
  } catch (const std::bad_alloc&) {
    return keep(CELLM_ERROR_RESOURCES, kOutOfMemory, CELLM_ADVICE_LESS_MEMORY);
  } catch (const std::filesystem::filesystem_error& failure) {
    return keep(CELLM_ERROR_DATA, failure.what());
  } catch (const std::system_error& failure) {
    return keep(CELLM_ERROR_RESOURCES, failure.what());
  } catch (const std::exception& failure) {
    return keep(CELLM_ERROR, failure.what());
  } catch (...) {
    return keep(CELLM_ERROR, "unknown failure");
  }
}

}  // namespace cellm

const char* cellm_last_error() {
  return last_error.c_str();
}

cellm_advice cellm_last_advice() {
  return last_advice;
}

void cellm_free(void* memory) {
  std::free(memory);
}
