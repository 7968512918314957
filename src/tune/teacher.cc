#include "tune/teacher.h"

#include <algorithm>

#include "model/decoder.h"

namespace cellm {

std::vector<float> final_streams(const Compute& compute, const Model& model,
                                 std::span<const std::uint32_t> tokens) {
  constexpr std::size_t kTokensPerBlock = 64;
  SequenceState state = empty_state(model.config, KvEncoding::kF32, kTokensPerBlock);
  Workspace work(model.config);
  std::vector<float> streams;
  streams.reserve(tokens.size() * model.config.hidden);
  for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
    const std::size_t count = std::min(kMaxBatchTokens, tokens.size() - begin);
    forward(compute, model, tokens.subspan(begin, count), state, work);
    streams.insert(streams.end(), work.hidden.data(),
                   work.hidden.data() + count * model.config.hidden);
  }
  return streams;
}

}  // namespace cellm
