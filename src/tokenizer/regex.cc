#include "tokenizer/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <chrono>
#include <new>

#include <pcre2.h>

#include "base/error.h"
#include "base/utf8.h"

namespace cellm {
namespace {

// Backtracking steps of one match, counted as PCRE2 does: well below a second of work.
constexpr std::uint32_t kMatchLimit = 10'000'000;
// A match over a megabyte of text needs up to tens of megabytes.
constexpr std::size_t kFirstMatchStack = std::size_t{64} << 10;
constexpr std::size_t kMaxMatchStack = std::size_t{512} << 20;
constexpr std::uint32_t kMaxNesting = 100;
// PCRE2's limit does not see the work of starting again at every character. A search therefore
// covers this many bytes at a time and looks at the clock in between.
constexpr std::size_t kSearchWindow = 256;
constexpr std::size_t kMatchesBetweenLooks = 256;
constexpr double kMaxSeconds = 3;
constexpr double kMaxSecondsPerByte = 1e-6;

}  // namespace

class RegexScratch {
 public:
  RegexScratch()
      : match_(pcre2_match_data_create(1, nullptr)), context_(pcre2_match_context_create(nullptr)) {
    if (match_ == nullptr || context_ == nullptr) {
      free_all();
      throw std::bad_alloc();
    }
    pcre2_set_match_limit(context_, kMatchLimit);
  }
  ~RegexScratch() { free_all(); }
  RegexScratch(const RegexScratch&) = delete;
  RegexScratch& operator=(const RegexScratch&) = delete;

  // Looks for a match that starts within kSearchWindow bytes behind `start`.
  int match(const pcre2_code* code, std::string_view text, std::size_t start) {
    pcre2_set_offset_limit(context_, start + kSearchWindow);
    const auto run = [&] {
      return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                         PCRE2_NO_UTF_CHECK, match_, context_);
    };
    int result = run();
    if (result == PCRE2_ERROR_JIT_STACKLIMIT && stack_ == nullptr) {
      // The first 32 KiB lie on the machine's stack; more is only asked for when a text needs it.
      stack_ = pcre2_jit_stack_create(kFirstMatchStack, kMaxMatchStack, nullptr);
      if (stack_ == nullptr) throw std::bad_alloc();
      pcre2_jit_stack_assign(context_, nullptr, stack_);
      result = run();
    }
    return result;
  }

  TextRange found() const {
    const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(match_);
    return {offsets[0], offsets[1]};
  }

 private:
  void free_all() {
    pcre2_jit_stack_free(stack_);
    pcre2_match_context_free(context_);
    pcre2_match_data_free(match_);
  }

  pcre2_match_data* match_;
  pcre2_match_context* context_;
  pcre2_jit_stack* stack_ = nullptr;
};

void RegexScratchDelete::operator()(RegexScratch* scratch) const {
  delete scratch;
}
RegexScratchPtr make_regex_scratch() {
  return RegexScratchPtr(new RegexScratch());
}

struct Regex::Compiled {
  explicit Compiled(pcre2_code* compiled) : code(compiled) {}
  ~Compiled() { pcre2_code_free(code); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  pcre2_code* code;
};

Regex::Regex(std::string_view pattern, std::string_view source) : source_(source) {
  const std::string translated = translate_pattern(pattern, source);
  const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
      pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
  if (context == nullptr) throw std::bad_alloc();
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  pcre2_set_parens_nest_limit(context.get(), kMaxNesting);
  int code = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT, &code,
                    &offset, context.get());
  if (compiled == nullptr) {
    if (code == PCRE2_ERROR_HEAP_FAILED) throw std::bad_alloc();
    PCRE2_UCHAR message[256] = {};
    pcre2_get_error_message(code, message, sizeof(message));
    throw data_error("{}: pre-tokenizer regex \"{}\" is not valid: {}", source, printable(pattern),
                     reinterpret_cast<const char*>(message));
  }
  compiled_ = std::make_unique<Compiled>(compiled);
  // Without a JIT for this processor the interpreter gives the same matches, only more slowly.
  (void)pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

void Regex::find_all(std::string_view text, RegexScratch& scratch,
                     std::vector<TextRange>& matches) const {
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  const auto began = std::chrono::steady_clock::now();
  const auto look_at_clock = [&] {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    if (spent.count() > kMaxSeconds + kMaxSecondsPerByte * static_cast<double>(text.size())) {
      throw data_error("{}: the pre-tokenizer regex takes too long on a text of {} bytes", source_,
                       text.size());
    }
  };
  while (at <= text.size()) {
    const int result = scratch.match(compiled_->code, text, at);
    if (result == PCRE2_ERROR_NOMATCH) {
      look_at_clock();
      at += kSearchWindow + 1;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
      continue;
    }
    if (result == PCRE2_ERROR_NOMEMORY) throw std::bad_alloc();
    if (result < 0) {
      PCRE2_UCHAR message[256] = {};
      pcre2_get_error_message(result, message, sizeof(message));
      throw data_error("{}: the pre-tokenizer regex failed on a text of {} bytes: {}", source_,
                       text.size(), reinterpret_cast<const char*>(message));
    }
    const TextRange found = scratch.found();
    if (found.begin == found.end && found.end == last_end) {
      std::size_t length = 1;
      if (at < text.size()) decode_utf8(text.substr(at), length);
      at += length;
      continue;
    }
    matches.push_back(found);
    if (matches.size() % kMatchesBetweenLooks == 0) look_at_clock();
    at = last_end = found.end;
  }
}

}  // namespace cellm
