// The fields of a .cellm header that describe the model.
#pragma once

#include <string>

#include "io/model_source.h"

namespace cellm {

// A JSON object with the fields of docs/file-format.md, taken from the source's config.json.
std::string cellm_header_json(const ModelSource& source);

}  // namespace cellm
