// Failures of the library become the exceptions of cellm/_errors.py.
#include <exception>
#include <string>

#include <cellm/cellm.hpp>

#include "bindings.h"

namespace cellm_python {
namespace {

const char* class_name(cellm_status status) {
  switch (status) {
    case CELLM_ERROR_USAGE:
      return "UsageError";
    case CELLM_ERROR_DATA:
      return "DataError";
    case CELLM_ERROR_UNSUPPORTED:
      return "UnsupportedError";
    case CELLM_ERROR_RESOURCES:
      return "ResourcesError";
    case CELLM_CANCELLED:
      return "CancelledError";
    default:
      return "Error";
  }
}

const char* advice_name(cellm_advice advice) {
  switch (advice) {
    case CELLM_ADVICE_NONE:
      return "";
    case CELLM_ADVICE_FOLLOW_LINKS:
      return "follow_links";
    case CELLM_ADVICE_TOKENIZER_FILE:
      return "tokenizer_file";
    case CELLM_ADVICE_CHAT_FORMAT:
      return "chat_format";
    case CELLM_ADVICE_LESS_MEMORY:
      return "less_memory";
    case CELLM_ADVICE_SMALLER_FORMAT:
      return "smaller_format";
    case CELLM_ADVICE_SMALLER_MODEL:
      return "smaller_model";
    case CELLM_ADVICE_GIVEN_FORMAT:
      return "given_format";
    case CELLM_ADVICE_FEWER_THREADS:
      return "fewer_threads";
    case CELLM_ADVICE_FEWER_TOKENS:
      return "fewer_tokens";
    case CELLM_ADVICE_TARGET_BITS:
      return "target_bits";
    case CELLM_ADVICE_CALIBRATE:
      return "calibrate";
    case CELLM_ADVICE_CHAT_TEMPLATE:
      return "chat_template";
    case CELLM_ADVICE_MERGE_ADAPTER:
      return "merge_adapter";
  }
  return "";
}

void translate(const std::exception_ptr& failure, void*) {
  try {
    std::rethrow_exception(failure);
  } catch (const cellm::Error& error) {
    try {
      const nb::object type =
          nb::module_::import_("cellm._errors").attr(class_name(error.status()));
      const nb::object value = type(to_str(error.what()), to_str(advice_name(error.advice())));
      PyErr_SetObject(type.ptr(), value.ptr());
    } catch (nb::python_error& other) {
      other.restore();
    }
  }
}

}  // namespace

void add_errors(nb::module_&) {
  nb::register_exception_translator(translate);
}

}  // namespace cellm_python
