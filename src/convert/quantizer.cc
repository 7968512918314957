#include "convert/quantizer.h"

#include "base/error.h"
#include "convert/quantize_absmax.h"
#include "convert/quantize_mse.h"

namespace cellm {

ScaleMethod parse_scale_method(std::string_view name) {
  if (name == "absmax") return ScaleMethod::kAbsmax;
  if (name == "mse") return ScaleMethod::kMse;
  if (name == "auto") return ScaleMethod::kAuto;
  throw usage_error("scale \"{}\" is unknown; use absmax, mse or auto", printable(name));
}

std::string_view scale_method_name(ScaleMethod method) {
  switch (method) {
    case ScaleMethod::kAbsmax:
      return "absmax";
    case ScaleMethod::kMse:
      return "mse";
    case ScaleMethod::kAuto:
      break;
  }
  return "auto";
}

Quantizer scale_quantizer(ScaleMethod method) {
  return [method](const QuantizeRequest& request) {
    const bool codes = request.format.grid != nullptr;  // floats have no scale to choose
    // Without data, the best scale of int8 saves a hundredth of an error that is nothing already.
    const bool worth_it = request.format.id != FormatId::kI8 || request.inputs != nullptr;
    const bool search = method == ScaleMethod::kMse || (method == ScaleMethod::kAuto && worth_it);
    return codes && search ? mse_quantizer(request) : absmax_quantizer(request);
  };
}

}  // namespace cellm
