// Models by name. By the rules of the C interface, so that the source may include the library's own
// headers, whose names are those of the C++ interface.
#pragma once

#include <string>

#include <cellm/cellm.h>

namespace cellm_python {

// Sets path to `model` if that exists or is no name on the Hugging Face hub. A model of a name is
// looked up in the caches, else downloaded, and converted once unless `original` is set.
cellm_status resolve_model(const std::string& model, bool original, unsigned threads,
                           const cellm_job_control& control, std::string& path) noexcept;

}  // namespace cellm_python
