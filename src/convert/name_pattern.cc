#define PCRE2_CODE_UNIT_WIDTH 8
#include "convert/name_pattern.h"

#include <cstdint>
#include <new>

#include <pcre2.h>

#include "base/advice.h"
#include "base/limits.h"

namespace cellm {
namespace {

std::string message_of(int code) {
  PCRE2_UCHAR message[256] = {};
  pcre2_get_error_message(code, message, sizeof(message));
  return reinterpret_cast<const char*>(message);
}

}  // namespace

struct NamePattern::Compiled {
  ~Compiled() {
    pcre2_match_context_free(context);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
  }
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
};

NamePattern::NamePattern(std::string_view pattern)
    : pattern_(pattern), compiled_(std::make_unique<Compiled>()) {
  int code = 0;
  PCRE2_SIZE offset = 0;
  compiled_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0,
                                  &code, &offset, nullptr);
  if (compiled_->code == nullptr) {
    if (code == PCRE2_ERROR_HEAP_FAILED) throw std::bad_alloc();
    throw usage_error(AdviceKind::kTensorOverride,
                      "\"{}\" is not a regular expression: {} at character {}", printable(pattern),
                      message_of(code), offset);
  }
  compiled_->match = pcre2_match_data_create_from_pattern(compiled_->code, nullptr);
  compiled_->context = pcre2_match_context_create(nullptr);
  if (compiled_->match == nullptr || compiled_->context == nullptr) throw std::bad_alloc();
  pcre2_set_match_limit(compiled_->context, kMaxNameSteps);
  pcre2_set_heap_limit(compiled_->context, kMaxNameHeapKib);
}

NamePattern::~NamePattern() = default;
NamePattern::NamePattern(NamePattern&&) noexcept = default;
NamePattern& NamePattern::operator=(NamePattern&&) noexcept = default;

bool NamePattern::found_in(std::string_view name) const {
  const int result = pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(name.data()),
                                 name.size(), 0, 0, compiled_->match, compiled_->context);
  if (result >= 0) return true;
  if (result == PCRE2_ERROR_NOMATCH) return false;
  if (result == PCRE2_ERROR_NOMEMORY) throw std::bad_alloc();
  throw usage_error(AdviceKind::kTensorOverride, "\"{}\" fails on {}: {}", printable(pattern_),
                    printable(name), message_of(result));
}

}  // namespace cellm
