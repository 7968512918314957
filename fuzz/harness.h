// Fuzz harnesses: one for each reader of untrusted bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "base/mapped_file.h"

namespace cellm::fuzz {

using Bytes = std::span<const std::uint8_t>;
using Random = std::minstd_rand;

// A reader under test.
struct Harness {
  std::string_view name;  // also its folder in fuzz/corpus and fuzz/regressions
  // Reads one input. May throw Error and nothing else; postconditions of accepted inputs are
  // checked with require().
  void (*run)(Bytes input);
  // Structure-aware mutation of an input; null if byte mutations suffice. Returns the input
  // unchanged if it cannot be parsed.
  std::string (*mutate)(const std::string& input, Random& random) = nullptr;
};

// All harnesses.
std::span<const Harness> harnesses();
// Null for an unknown name.
const Harness* find_harness(std::string_view name);

// Runs one input. An Error must be one printable line of a kind that an input can cause; every
// other exception propagates and ends the program.
void run_input(const Harness& harness, Bytes input);

// Ends the program with a message that names the violated postcondition.
void require(bool promise, std::string_view what);

inline std::string_view text_of(Bytes input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// The input as a file in memory of exactly its size, aligned like a mapping, so that
// AddressSanitizer detects reads before or after it.
std::shared_ptr<const MappedFile> memory_file(Bytes input);

extern const Harness kSafetensors;
extern const Harness kShardIndex;
extern const Harness kHfFolder;
extern const Harness kLora;
extern const Harness kGguf;
extern const Harness kCellm;
extern const Harness kConfig;
extern const Harness kGenerationConfig;
extern const Harness kTokenizerJson;
extern const Harness kCompactTokenizer;
extern const Harness kGgufTokenizer;
extern const Harness kTokenizerText;
extern const Harness kPattern;
extern const Harness kChatTemplate;
extern const Harness kConversation;
extern const Harness kToolText;
extern const Harness kToolFormat;
extern const Harness kToolRequest;
extern const Harness kJsonSchema;
extern const Harness kRegex;
extern const Harness kGbnf;
extern const Harness kChoices;
extern const Harness kQuestions;
extern const Harness kStudyStep;
extern const Harness kSession;
extern const Harness kApiRequest;
extern const Harness kHttpRequest;
extern const Harness kHubRevision;
extern const Harness kHubHeaders;
extern const Harness kValues;
extern const Harness kCommandLine;

}  // namespace cellm::fuzz
