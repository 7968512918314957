#include "tokenizer/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>
#include <ctime>
#include <new>
#include <optional>

#include <pcre2.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace cellm {
namespace {

constexpr std::size_t kFirstMatchStack = std::size_t{64} << 10;
// PCRE2's limit counts the steps of one attempt, not of restarts at every character. A search
// therefore covers this many start positions at a time, with a check of the time limit in between.
constexpr std::size_t kSearchWindow = 8;
constexpr std::size_t kMatchesBetweenLooks = 16;

// Processor time of this thread: a limit of elapsed time would refuse texts when the machine is
// busy.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

class RegexScratch {
 public:
  RegexScratch()
      : match_(pcre2_match_data_create(1, nullptr)), context_(pcre2_match_context_create(nullptr)) {
    if (match_ == nullptr || context_ == nullptr) {
      free_all();
      throw std::bad_alloc();
    }
  }
  ~RegexScratch() { free_all(); }
  RegexScratch(const RegexScratch&) = delete;
  RegexScratch& operator=(const RegexScratch&) = delete;

  // Starts a new text of `text_bytes`; subsequent searches count towards its time limit.
  void begin(std::size_t text_bytes) {
    text_bytes_ = text_bytes;
    seconds_ = 0;
  }

  // Measures one search in a part of the text.
  class Search {
   public:
    Search(RegexScratch& scratch, std::size_t part_bytes, std::string_view source)
        : scratch_(scratch), source_(source) {
      if (!scratch.text_bytes_) {
        scratch.text_bytes_ = part_bytes;
        alone_ = true;
      }
      const std::uint64_t bytes = part_bytes;
      pcre2_set_match_limit(scratch.context_,
                            static_cast<std::uint32_t>(std::min(
                                kMaxMatchSteps, kMatchSteps + kMatchStepsPerByte * bytes)));
      scratch.stack_allowed_ =
          std::min(kMaxMatchStackBytes, kMatchStackBytes + kMatchStackBytesPerByte * part_bytes);
      // Without the JIT, the same memory is on the heap.
      pcre2_set_heap_limit(scratch.context_,
                           static_cast<std::uint32_t>(scratch.stack_allowed_ >> 10));
    }
    ~Search() {
      scratch_.seconds_ += spent();
      if (alone_) {
        scratch_.text_bytes_.reset();
        scratch_.seconds_ = 0;
      }
    }
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;

    void look_at_clock() const {
      const auto bytes = static_cast<double>(*scratch_.text_bytes_);
      if (scratch_.seconds_ + spent() > kMaxSearchSeconds + kMaxSearchSecondsPerByte * bytes) {
        throw data_error("{}: the pre-tokenizer regex takes too long on a text of {} bytes",
                         source_, *scratch_.text_bytes_);
      }
    }

   private:
    double spent() const { return thread_seconds() - began_; }

    RegexScratch& scratch_;
    std::string_view source_;
    double began_ = thread_seconds();
    bool alone_ = false;
  };

  // Searches for a match that starts within kSearchWindow bytes after `start`.
  int match(const pcre2_code* code, std::string_view text, std::size_t start) {
    pcre2_set_offset_limit(context_, start + kSearchWindow);
    const auto run = [&] {
      return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                         PCRE2_NO_UTF_CHECK, match_, context_);
    };
    int result = run();
    if (result == PCRE2_ERROR_JIT_STACKLIMIT && stack_bytes_ < stack_allowed_) {
      // The first 32 KiB are on the machine stack; more is allocated only when a text needs it.
      pcre2_jit_stack_free(stack_);
      stack_ = pcre2_jit_stack_create(kFirstMatchStack, stack_allowed_, nullptr);
      stack_bytes_ = stack_allowed_;
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
  std::size_t stack_bytes_ = 0;
  std::size_t stack_allowed_ = 0;
  std::optional<std::size_t> text_bytes_;  // nothing: each search is a separate text
  double seconds_ = 0;                     // of the searches in this text so far
};

void RegexScratchDelete::operator()(RegexScratch* scratch) const {
  delete scratch;
}
RegexScratchPtr make_regex_scratch() {
  return RegexScratchPtr(new RegexScratch());
}

void begin_text(RegexScratch& scratch, std::size_t bytes) {
  scratch.begin(bytes);
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
  pcre2_set_parens_nest_limit(context.get(), kMaxPatternNesting);
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
  // Without a JIT for this processor the interpreter gives the same matches, but slower.
  (void)pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

void Regex::find_all(std::string_view text, RegexScratch& scratch,
                     std::vector<TextRange>& matches) const {
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  const RegexScratch::Search search(scratch, text.size(), source_);
  while (at <= text.size()) {
    const int result = scratch.match(compiled_->code, text, at);
    if (result == PCRE2_ERROR_NOMATCH) {
      search.look_at_clock();
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
    // The failed attempts before this match are as expensive as those of a search without a match.
    if (found.begin != at || matches.size() % kMatchesBetweenLooks == 0) search.look_at_clock();
    at = last_end = found.end;
  }
}

}  // namespace cellm
