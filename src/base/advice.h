// The kinds of advice on an error. A front end words them in terms of its own options.
#pragma once

#include "base/error.h"

namespace cellm {

enum class AdviceKind : int {
  kNone = 0,

  // Less memory is needed
  kLessMemory,              // by no particular option
  kSmallerFormat,           // with the model in a smaller format
  kSmallerModel,            // with a smaller model
  kGivenFormats,            // with given formats instead of a search for them
  kFewerThreads,            // with fewer threads
  kFewerTokens,             // with fewer tokens or a smaller encoding of the KV cache
  kFewerCalibrationTokens,  // with fewer calibration tokens

  // The error is about an option of a job
  kCalibration,
  kCalibrateOnMore,     // Advice::needed tokens with error feedback, fewer without
  kFeedback,            // must not be off
  kTargetBits,          // the message begins with the target's bits per weight
  kTensorOverride,      // the message begins with its pattern
  kLeaveInputChannels,  // the file has no column factors to train
  kMlx4bit,             // the input is required to have MLX 4-bit tensors and has none
  kStudyText,           // the study needs at least one text

  // An option of a job permits what was refused, or supplies what is missing
  kAllowNonfinite,
  kFollowLinks,
  kGiveTokenizer,
  kGiveChatFormat,
  kChooseTemplate,  // one of the model's chat templates, by its name
  kMergeAdapter,    // the input is an adapter, to be merged with its base

  kShorterConversation,  // of at most Advice::available tokens; it has Advice::needed
};

}  // namespace cellm
