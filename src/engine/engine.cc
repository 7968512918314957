#include "engine/engine.h"

#include <algorithm>
#include <cmath>

#include "base/advice.h"
#include "base/finite.h"
#include "base/memory.h"
#include "ops/linear.h"

namespace cellm {

Activations parse_activations(std::string_view name) {
  if (name == "int8") return Activations::kInt8;
  if (name == "fast") return Activations::kFast;
  if (name == "f32") return Activations::kF32;
  throw usage_error("activations \"{}\" are unknown; use int8, fast or f32", printable(name));
}

namespace {

// Known before anything is read, so that a model that does not fit is refused at once.
Model load(const OpenedModel& opened, const EngineOptions& options) {
  const bool pack = options.activations != Activations::kF32;
  require_memory(opened.weights_bytes(options.max_layers, pack),
                 fmt::format("{}: loading", printable(opened.path())), AdviceKind::kSmallerFormat);
  return opened.weights(options.max_layers);
}

}  // namespace

Engine::Engine(std::shared_ptr<const OpenedModel> opened, const EngineOptions& options)
    : opened_(std::move(opened)),
      kernels_(kernel_table(options.target.c_str())),
      pool_(std::make_unique<ThreadPool>(options.threads)),
      model_(load(*opened_, options)) {
  if (options.activations == Activations::kF32) {
    unpack_weights(model_, *pool_);
  } else {
    pack_weights(model_, opened_->source(), *pool_);
  }
  if (options.activations == Activations::kFast) use_bf16(model_, kernels_);
}

std::size_t max_sequence_tokens(const ModelConfig& config, const SessionOptions& options) {
  const std::size_t context = config.max_positions;
  const std::size_t blocks = options.total_blocks;
  // Comparing blocks first keeps the product from overflowing.
  if (blocks == 0 || blocks > context / options.tokens_per_block) return context;
  return blocks * options.tokens_per_block;
}

void require_fit(const ModelConfig& config, std::span<const std::uint32_t> tokens,
                 std::size_t position, std::size_t max_tokens) {
  CELLM_CHECK(!tokens.empty());
  if (tokens.size() > max_tokens - position) {
    throw usage_error("{} tokens after {} do not fit into the context of {}", tokens.size(),
                      position, max_tokens);
  }
  for (const std::uint32_t token : tokens) {
    if (token >= config.vocab_size) {
      throw usage_error(
          "token {} is beyond the vocabulary of {}; is the tokenizer that of this model?", token,
          config.vocab_size);
    }
  }
}

void require_finite(const Engine& engine, std::span<const float> logits) {
  if (all_finite(logits)) return;
  const std::string culprit = find_nonfinite(engine.source(), engine.config());
  const std::string path = printable(engine.source().path());
  if (culprit.empty())
    throw data_error("{}: the activations overflowed; no weight is NaN or infinite", path);
  throw data_error("{}: a weight is NaN or infinite: {}", path, culprit);
}

Session::Session(const Engine& engine, const SessionOptions& options)
    : engine_(engine),
      options_(options),
      max_tokens_(max_sequence_tokens(engine.config(), options)),
      state_(empty_state(engine.config(), options.kv_encoding, options.tokens_per_block)),
      work_(engine.config()) {}

std::uint64_t Session::state_bytes(std::size_t tokens) const {
  return cellm::state_bytes(engine_.config(), options_.kv_encoding, options_.tokens_per_block,
                            tokens);
}

void Session::require_memory(std::size_t tokens) const {
  cellm::require_memory(
      state_bytes(std::min(tokens, max_tokens_)),
      fmt::format("{}: a sequence of {} tokens", printable(engine_.source().path()),
                  std::min(tokens, max_tokens_)),
      AdviceKind::kFewerTokens);
}

void Session::run(std::span<const std::uint32_t> batch) {
  forward(compute(), engine_.model(), batch, state_, work_);
  fed_ = batch.size();
}

void Session::feed(std::span<const std::uint32_t> tokens) {
  CELLM_CHECK(tokens.size() <= kMaxBatchTokens);
  require_fit(tokens);
  run(tokens);
}

std::span<const float> Session::logits(std::size_t first, std::size_t rows) {
  CELLM_CHECK(rows >= 1 && rows <= kMaxLogitRows && first <= fed_ && rows <= fed_ - first);
  const ModelConfig& config = engine_.config();
  const std::size_t count = rows * config.vocab_size;
  if (logits_.size() < count) logits_.resize(count);
  apply(compute(), engine_.model().lm_head, work_.hidden.data() + first * config.hidden, rows,
        logits_.data());
  const std::span<const float> result(logits_.data(), count);
  require_finite(engine_, result);
  return result;
}

std::span<const float> Session::advance(std::span<const std::uint32_t> tokens) {
  require_fit(tokens);
  for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
    run(tokens.subspan(begin, std::min(kMaxBatchTokens, tokens.size() - begin)));
  }
  return logits(fed_ - 1, 1);
}

}  // namespace cellm
