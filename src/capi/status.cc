#include "capi/status.h"

#include <array>
#include <utility>

#include "base/advice.h"

namespace cellm {
namespace {

constexpr std::array<std::pair<ErrorKind, cellm_status>, 5> kStatuses{
    {{ErrorKind::kOther, CELLM_ERROR},
     {ErrorKind::kUsage, CELLM_ERROR_USAGE},
     {ErrorKind::kData, CELLM_ERROR_DATA},
     {ErrorKind::kUnsupported, CELLM_ERROR_UNSUPPORTED},
     {ErrorKind::kResources, CELLM_ERROR_RESOURCES}}};

// Of several kinds with the same advice, the first is the one that it stands for.
constexpr std::array<std::pair<AdviceKind, cellm_advice>, 15> kAdvice{
    {{AdviceKind::kNone, CELLM_ADVICE_NONE},
     {AdviceKind::kFollowLinks, CELLM_ADVICE_FOLLOW_LINKS},
     {AdviceKind::kGiveTokenizer, CELLM_ADVICE_TOKENIZER_FILE},
     {AdviceKind::kGiveChatFormat, CELLM_ADVICE_CHAT_FORMAT},
     {AdviceKind::kLessMemory, CELLM_ADVICE_LESS_MEMORY},
     {AdviceKind::kSmallerFormat, CELLM_ADVICE_SMALLER_FORMAT},
     {AdviceKind::kSmallerModel, CELLM_ADVICE_SMALLER_MODEL},
     {AdviceKind::kGivenFormats, CELLM_ADVICE_GIVEN_FORMAT},
     {AdviceKind::kFewerThreads, CELLM_ADVICE_FEWER_THREADS},
     {AdviceKind::kFewerTokens, CELLM_ADVICE_FEWER_TOKENS},
     {AdviceKind::kTargetBits, CELLM_ADVICE_TARGET_BITS},
     {AdviceKind::kCalibration, CELLM_ADVICE_CALIBRATE},
     {AdviceKind::kCalibrateOnMore, CELLM_ADVICE_CALIBRATE},
     {AdviceKind::kChooseTemplate, CELLM_ADVICE_CHAT_TEMPLATE},
     {AdviceKind::kMergeAdapter, CELLM_ADVICE_MERGE_ADAPTER}}};

}  // namespace

cellm_status status_of(ErrorKind kind) {
  for (const auto& [known, status] : kStatuses) {
    if (known == kind) return status;
  }
  return CELLM_ERROR;
}

ErrorKind error_kind(cellm_status status) {
  for (const auto& [kind, known] : kStatuses) {
    if (known == status) return kind;
  }
  return ErrorKind::kOther;
}

cellm_advice public_advice(AdviceKind kind) {
  for (const auto& [known, advice] : kAdvice) {
    if (known == kind) return advice;
  }
  return CELLM_ADVICE_NONE;
}

AdviceKind advice_kind(cellm_advice advice) {
  for (const auto& [kind, known] : kAdvice) {
    if (known == advice) return kind;
  }
  return AdviceKind::kNone;
}

}  // namespace cellm
