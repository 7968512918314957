// The results of a study's steps as one document.
#pragma once

#include "io/json.h"
#include "study/state.h"

namespace cellm {

// study.json. Throws what nlohmann::json throws for a step of another form.
nlohmann::ordered_json study_document(const Study& study);

// Writes the qualities into the kept files, or removes those that are not kept, and writes
// study.json, report.md and report.html. Returns the document of study.json. The results of all
// steps must be stored.
nlohmann::ordered_json write_results(const Study& study);

}  // namespace cellm
