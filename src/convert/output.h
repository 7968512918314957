// The containers that convert() writes: what each holds besides codes, and its writer.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "convert/convert.h"
#include "convert/header.h"
#include "engine/opened_model.h"
#include "io/payload_writer.h"

namespace cellm {

// Fill in everything of the plan that is particular to the container; tensors are chosen.
// finish_gguf() and finish_folder() throw Error(kUnsupported) for a model that the container cannot
// describe, and Error(kUsage) for a format that it does not hold.
void finish_cellm(const OpenedModel& model, const ConvertOptions& options,
                  const std::optional<QuantizerLabel>& quantizer, ConvertPlan& plan);
void finish_gguf(const OpenedModel& model, const ConvertOptions& options, ConvertPlan& plan);
void finish_folder(const OpenedModel& model, const ConvertOptions& options, ConvertPlan& plan);

// The format of a folder's matrices if none is given: bf16 for a source that holds most of its
// weights so, else f16.
FormatChoice folder_choice(const ModelSource& source);

// The file or folder, to be filled with the payloads of the plan.
std::unique_ptr<PayloadWriter> open_output(const ConvertPlan& plan,
                                           const std::filesystem::path& path);

}  // namespace cellm
