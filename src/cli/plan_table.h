// The plan of a conversion as a table and as JSON.
#pragma once

#include <string>

#include "convert/convert.h"

namespace cellm {

// To stdout: the classes of tensors with their formats and sizes, and the file's size; as JSON also
// every tensor.
void print_plan(const ConvertPlan& plan, bool as_json);
// Lines with the number of tensors of each class and format.
std::string formats_text(const ConvertPlan& plan);

}  // namespace cellm
