#include "cli/error_text.h"

#include <string_view>

#include "base/advice.h"

namespace cellm {
namespace {

// Texts before and after a message: the option that the message is about, and the options that
// help.
struct Frame {
  std::string_view before;
  std::string_view after;
};

// Of advice on memory.
Frame memory_frame(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kLessMemory:
      return {"", "; a smaller format, context or --threads needs less"};
    case AdviceKind::kSmallerFormat:
      return {"", "; convert the model to a smaller format, or free memory"};
    case AdviceKind::kSmallerModel:
      return {"", "; choose a smaller model"};
    case AdviceKind::kGivenFormats:
      return {"", "; a smaller model or --format needs less"};
    case AdviceKind::kFewerThreads:
      return {"", "; fewer threads (--threads) need less"};
    case AdviceKind::kFewerTokens:
      return {"", "; fewer tokens need less, or --kv-encoding turboquant"};
    case AdviceKind::kFewerCalibrationTokens:
      return {"", "; fewer tokens (--calibrate-tokens) need less"};
    default:
      return {};
  }
}

Frame frame_of(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kCalibration:
      return {"--calibrate: ", ""};
    case AdviceKind::kCalibrateOnMore:
      return {"--calibrate ", " (--feedback off needs none)"};
    case AdviceKind::kFeedback:
      return {"--feedback off: ", ""};
    case AdviceKind::kTargetBits:
      return {"--target-bpw ", ""};
    case AdviceKind::kTensorOverride:
      return {"--tensor ", ""};
    case AdviceKind::kLeaveInputChannels:
      return {"", "; leave --input-channels out"};
    case AdviceKind::kMlx4bit:
      return {"", ", which --dequant-4bit-affine promises"};
    case AdviceKind::kStudyText:
      return {"give at least one --text FILE: ", ""};
    case AdviceKind::kAllowNonfinite:
      return {"", "; --allow-nonfinite writes 0 for NaN and the largest value for the others"};
    case AdviceKind::kFollowLinks:
      return {"", "; --follow-links allows such links"};
    case AdviceKind::kGiveTokenizer:
      return {"", "; give --tokenizer tokenizer.json"};
    case AdviceKind::kMergeAdapter:
      return {"", "; convert the base model with --lora"};
    case AdviceKind::kShorterConversation:
      return {"", "; /undo drops the latest question and answer, /clear all of them"};
    case AdviceKind::kChooseTemplate:
      return {"", "; --chat-template NAME chooses one"};
    case AdviceKind::kGiveChatFormat:
      return {"",
              "; give --chat-template FILE, --chat-format chatml or plain, or leave --chat out"};
    default:
      return memory_frame(kind);
  }
}

}  // namespace

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return kExitUsage;
    case ErrorKind::kData:
      return kExitData;
    case ErrorKind::kUnsupported:
      return kExitUnsupported;
    case ErrorKind::kResources:
      return kExitResources;
    case ErrorKind::kOther:
      break;
  }
  return kExitOther;
}

std::string error_text(const Error& error) {
  const Frame frame = frame_of(error.advice().kind);
  return std::string(frame.before) + error.what() + std::string(frame.after);
}

}  // namespace cellm
