#include "harness.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "base/aligned_buffer.h"
#include "base/error.h"

namespace cellm::fuzz {
namespace {

const std::array kHarnesses{
    kSafetensors,   kShardIndex,    kHfFolder,         kLora,          kGguf,
    kCellm,         kConfig,        kGenerationConfig, kTokenizerJson, kCompactTokenizer,
    kGgufTokenizer, kTokenizerText, kPattern,          kChatTemplate,  kConversation,
    kToolText,      kToolFormat,    kToolRequest,      kJsonSchema,    kRegex,
    kGbnf,          kChoices,       kQuestions,        kStudyStep,     kSession,
    kApiRequest,    kHttpRequest,   kHubRevision,      kHubHeaders,    kValues,
    kCommandLine};

// A message may contain a few names, each cut by printable(), and lists of supported values.
constexpr std::size_t kMaxMessageBytes = 4096;

// A heap block and the file that it is presented as.
class MemoryFile {
 public:
  explicit MemoryFile(Bytes input)
      : memory_(::operator new (input.size(), std::align_val_t{kAlignment})),
        file_("input", {static_cast<const std::byte*>(memory_.get()), input.size()}) {
    if (!input.empty()) std::memcpy(memory_.get(), input.data(), input.size());
  }
  const MappedFile& file() const { return file_; }

 private:
  struct Delete {
    void operator()(void* memory) const {
      ::operator delete (memory, std::align_val_t{kAlignment});
    }
  };

  std::unique_ptr<void, Delete> memory_;
  MappedFile file_;
};

}  // namespace

std::span<const Harness> harnesses() {
  return kHarnesses;
}

const Harness* find_harness(std::string_view name) {
  const auto found = std::find_if(kHarnesses.begin(), kHarnesses.end(),
                                  [name](const Harness& harness) { return harness.name == name; });
  return found == kHarnesses.end() ? nullptr : &*found;
}

void run_input(const Harness& harness, Bytes input) {
  try {
    harness.run(input);
  } catch (const Error& failure) {
    const std::string_view message = failure.what();
    require(failure.kind() == ErrorKind::kData || failure.kind() == ErrorKind::kUnsupported ||
                failure.kind() == ErrorKind::kUsage,
            "an input causes errors of kind data, unsupported or usage");
    require(!message.empty() && message.size() <= kMaxMessageBytes, "a message is short");
    require(std::none_of(message.begin(), message.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }),
            "a message is one line without control characters");
  }
}

void require(bool promise, std::string_view what) {
  if (promise) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

std::shared_ptr<const MappedFile> memory_file(Bytes input) {
  const auto holder = std::make_shared<const MemoryFile>(input);
  return {holder, &holder->file()};
}

}  // namespace cellm::fuzz
