#include "cli/surface.h"

#include "base/printable.h"
#include "cli/public_error.h"

namespace cellm {

Run public_run(Run run) {
  return [run = std::move(run)] {
    try {
      return run();
    } catch (const Error& error) {
      throw_error(error.status(), error.what(), error.advice());
    }
  };
}

cellm_activations activations_named(std::string_view name) {
  if (name == "int8") return CELLM_ACTIVATIONS_INT8;
  if (name == "fast") return CELLM_ACTIVATIONS_FAST;
  if (name == "f32") return CELLM_ACTIVATIONS_F32;
  throw failure(CELLM_ERROR_USAGE, "activations \"{}\" are unknown", printable(name));
}

cellm_kv_encoding kv_encoding_named(std::string_view name) {
  if (name == "f16") return CELLM_KV_F16;
  if (name == "turboquant") return CELLM_KV_TURBOQUANT;
  if (name == "f32") return CELLM_KV_F32;
  throw failure(CELLM_ERROR_USAGE, "KV encoding \"{}\" is unknown", printable(name));
}

cellm_lookup lookup_named(std::string_view name) {
  if (name == "auto") return CELLM_LOOKUP_AUTO;
  if (name == "on") return CELLM_LOOKUP_ON;
  if (name == "off") return CELLM_LOOKUP_OFF;
  throw failure(CELLM_ERROR_USAGE, "lookup \"{}\" is unknown", printable(name));
}

}  // namespace cellm
