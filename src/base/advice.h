// What may be done about an error, for a front end to put in terms of its own options.
#pragma once

#include "base/error.h"

namespace cellm {

enum class AdviceKind : int {
  kNone = 0,

  // Less memory is needed
  kLessMemory,              // whatever it is for
  kSmallerFormat,           // with the model in a smaller format
  kSmallerModel,            // by a smaller model
  kGivenFormats,            // if formats are given and not searched for
  kFewerThreads,            // by fewer threads
  kFewerTokens,             // by fewer tokens, or a smaller encoding of the KV cache
  kFewerCalibrationTokens,  // by fewer tokens of calibration

  // The error is about an option of a job
  kCalibration,
  kCalibrateOnMore,     // needs so many tokens, and fewer or none without error feedback
  kFeedback,            // cannot be off
  kTargetBits,          // bits per weight; the message begins with those that were asked for
  kTensorOverride,      // the message begins with its pattern
  kLeaveInputChannels,  // there are none to train
  kMlx4bit,             // the input was said to be one
  kStudyText,           // at least one is needed

  // An option of a job allows it
  kAllowNonfinite,
  kFollowLinks,
  kGiveTokenizer,
  kGiveChatFormat,
};

}  // namespace cellm
