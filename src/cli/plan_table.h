// What a conversion is going to write, for people and as JSON.
#pragma once

#include "convert/convert.h"

namespace cellm {

// To stdout: the classes of tensors with their formats and sizes, and the file's size.
void print_plan(const ConvertPlan& plan);
// To stdout: the same, and every tensor, as an object.
void print_plan_json(const ConvertPlan& plan);
// To stderr: how many tensors of each class got which format.
void print_formats(const ConvertPlan& plan);

}  // namespace cellm
