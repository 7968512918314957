// Session files.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>
#include <xxhash.h>

#include "base/error.h"
#include "engine/session_file.h"
#include "harness.h"

namespace cellm::fuzz {
namespace {

constexpr std::size_t kLengthOffset = 12;

// A model of one layer of each kind, with states of a few bytes.
const ModelConfig& small_config() {
  static const ModelConfig config = [] {
    ModelConfig made;
    made.vocab_size = 300;
    made.layers = {LayerSpec{.mixer = MixerKind::kAttention},
                   LayerSpec{.mixer = MixerKind::kGatedDeltaNet}};
    made.heads = 1;
    made.kv_heads = 1;
    made.head_dim = 4;
    made.max_positions = 64;
    made.delta_net = {2, 1, 1, 1, 1};
    return made;
  }();
  return config;
}

const SessionFacts& facts() {
  static const SessionFacts all{0x0123456789ABCDEF, "scalar", "int8"};
  return all;
}

void read(Bytes input, KvEncoding encoding) {
  const auto file = memory_file(input);
  const Sequence sequence = read_session(*file, facts(), small_config(),
                                         {.kv_encoding = encoding, .tokens_per_block = 4});
  require(sequence.tokens.size() == sequence.state.position &&
              sequence.tokens.size() <= small_config().max_positions &&
              std::all_of(sequence.tokens.begin(), sequence.tokens.end(),
                          [](std::uint32_t id) { return id < small_config().vocab_size; }),
          "a session has tokens of the model, as many as its position says");
  std::string again;
  write_session(sequence, facts(), [&](std::span<const std::byte> bytes) {
    again.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  require(again == text_of(input), "a session that is read is the same when it is saved again");
}

// Reads the input as it is, and with its length and checksum corrected, so that the fields after
// them are reached.
void run_session(Bytes input) {
  constexpr std::size_t kNumber = sizeof(std::uint64_t);
  std::vector<std::uint8_t> right(input.begin(), input.end());
  if (right.size() >= kLengthOffset + 2 * kNumber) {
    const std::uint64_t length = right.size();
    std::memcpy(right.data() + kLengthOffset, &length, kNumber);
    const std::uint64_t checksum = XXH3_64bits(right.data(), right.size() - kNumber);
    std::memcpy(right.data() + right.size() - kNumber, &checksum, kNumber);
  }
  for (const KvEncoding encoding : {KvEncoding::kF16, KvEncoding::kF32, KvEncoding::kTurboQuant}) {
    try {
      read(right, encoding);
    } catch (const Error& failure) {
      require(std::string_view(failure.what()).starts_with("input: "), "an error names the file");
    }
  }
  read(input, KvEncoding::kF16);
}

}  // namespace

constinit const Harness kSession{"session", run_session};

}  // namespace cellm::fuzz
