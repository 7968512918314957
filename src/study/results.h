// The results of a study's steps as one document.
#pragma once

#include "io/json.h"
#include "study/state.h"

namespace cellm {

// study.json. Throws what nlohmann::json throws for a step of another form.
nlohmann::ordered_json study_document(const Study& study);

}  // namespace cellm
