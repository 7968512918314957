#include "engine/session.h"

#include "base/advice.h"
#include "base/error.h"
#include "base/memory.h"
#include "engine/session_file.h"

namespace cellm {

Session::Session(const Engine& engine, const SequenceOptions& options)
    : engine_(engine), batch_(engine), id_(batch_.add(options)) {}

std::uint64_t Session::state_bytes(std::size_t tokens) const {
  const SequenceOptions& options = batch_.options(id_);
  return cellm::state_bytes(engine_.config(), options.kv_encoding, options.tokens_per_block,
                            tokens);
}

void Session::require_memory(std::size_t tokens) const {
  const std::size_t most = std::min(tokens, max_tokens());
  const std::uint64_t needed = state_bytes(most);
  const std::uint64_t held = position() == 0 ? 0 : state_bytes(position());
  cellm::require_memory(
      needed - std::min(held, needed),
      fmt::format("{}: a sequence of {} tokens", printable(engine_.source().path()), most),
      AdviceKind::kFewerTokens);
}

const StepOutput& Session::step(std::span<const std::uint32_t> tokens, std::size_t logits,
                                bool tentative) {
  const StepInput input{id_, tokens, logits, tentative};
  const StepOutput& output = batch_.step({&input, 1}).front();
  fed_ = output.hidden();
  return output;
}

const StepOutput& Session::advance_tentatively(std::span<const std::uint32_t> tokens) {
  return step(tokens, kAllLogits, true);
}

std::span<const float> Session::feed(std::span<const std::uint32_t> tokens) {
  return step(tokens, 0).hidden();
}

std::span<const float> Session::logits(std::size_t first, std::size_t rows) {
  const std::size_t hidden = engine_.config().hidden;
  const std::size_t fed = fed_.size() / hidden;
  CELLM_CHECK(first <= fed && rows <= fed - first);
  return batch_.project(fed_.subspan(first * hidden, rows * hidden));
}

std::span<const float> Session::advance(std::span<const std::uint32_t> tokens) {
  require_fit(tokens);
  for (; tokens.size() > kMaxBatchTokens; tokens = tokens.subspan(kMaxBatchTokens)) {
    feed(tokens.first(kMaxBatchTokens));
  }
  return step(tokens, 1).logits();
}

void Session::restore(const Snapshot& snapshot) {
  const SequenceId restored = batch_.add(snapshot);
  batch_.remove(id_);
  id_ = restored;
}

void Session::save(const std::filesystem::path& path, std::uint64_t model_checksum) const {
  save_session(snapshot(), model_checksum, path);
}

void Session::load(const std::filesystem::path& path, std::uint64_t model_checksum) {
  restore(load_session(engine_, model_checksum, batch_.options(id_), path));
}

}  // namespace cellm
