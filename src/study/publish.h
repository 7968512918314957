// A study as a folder to upload: the original study's files, tokenizer.json and a model card.
#pragma once

#include <string>

#include "study/state.h"

namespace cellm {

// The name of the study's model: of its folder or file, or on the hub without the organization.
std::string model_name(const StudyOptions& options);

// The name of a format's published file, in lower case: "qwen3.5-0.8b-i4.cellm" for int4.
std::string published_file(const std::string& model, const std::string& format);

// Writes the files (linked, or copied where that is not possible), tokenizer.json, README.md,
// study.json and report.html into StudyOptions::publish, which is created. Other files there are
// left alone. Throws Error(kData) or Error(kResources) for what cannot be written.
void publish(const Study& study, const nlohmann::ordered_json& document);

}  // namespace cellm
