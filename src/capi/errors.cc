#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <system_error>

#include "base/advice.h"
#include "capi/handles.h"
#include "capi/status.h"

namespace {

constexpr std::size_t kMaxMessage = 2048;

// No std::string: registering its destructor for a thread takes memory, and there may be none.
thread_local char last_error[kMaxMessage] = "";
thread_local cellm_advice last_advice = CELLM_ADVICE_NONE;

// Keeps the message, cut between characters if it is long.
cellm_status keep(cellm_status status, const char* message,
                  cellm_advice advice = CELLM_ADVICE_NONE) noexcept {
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(message[at]) & 0xC0U) == 0x80U;
  };
  std::size_t bytes = std::strlen(message);
  if (bytes >= kMaxMessage) {
    bytes = kMaxMessage - 1;
    while (bytes != 0 && continues(bytes)) --bytes;
  }
  std::memcpy(last_error, message, bytes);
  last_error[bytes] = '\0';
  last_advice = advice;
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
    return keep(CELLM_ERROR_RESOURCES, "out of memory", CELLM_ADVICE_LESS_MEMORY);
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
  return last_error;
}

cellm_advice cellm_last_advice() {
  return last_advice;
}

void cellm_free(void* memory) {
  std::free(memory);
}
