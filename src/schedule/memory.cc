#include "schedule/memory.h"

#include <algorithm>

#include "base/error.h"

namespace cellm {
namespace {

// Of a block of one layer: its reference, node, alignment and the allocator's header.
constexpr std::uint64_t kBlockOverhead = 128;
// Of an id in a vector that grows by doubling.
constexpr std::uint64_t kTokenBytes = 2 * sizeof(std::uint32_t);
// Of a sequence of a model with any number of layers: its vectors and nodes.
constexpr std::uint64_t kSequenceOverhead = 16384;

// The address of the first layer's block stands for those of all layers.
const std::byte* block_address(const Sequence& sequence, std::size_t index) {
  for (const LayerState& layer : sequence.state.layers) {
    if (const auto* cache = std::get_if<KvCache>(&layer)) return cache->block(index).data();
  }
  return nullptr;
}

std::size_t attention_layers(const ModelConfig& config) {
  return static_cast<std::size_t>(
      std::ranges::count(config.layers, MixerKind::kAttention, &LayerSpec::mixer));
}

}  // namespace

StateSizes::StateSizes(const ModelConfig& config, const SequenceOptions& options)
    : tokens_per_block(options.tokens_per_block),
      block_bytes(attention_layers(config) * kBlockOverhead),
      recurrent_bytes(state_bytes(config, options.kv_encoding, options.tokens_per_block, 0)) {
  block_bytes += state_bytes(config, options.kv_encoding, options.tokens_per_block, 1);
  block_bytes -= recurrent_bytes;
}

std::uint64_t StateSizes::own(std::size_t tokens, std::size_t shared) const {
  return recurrent_bytes + blocks(blocks_of(tokens) - shared) + tokens * kTokenBytes +
         kSequenceOverhead;
}

void MemoryLedger::take(std::uint64_t bytes) {
  CELLM_CHECK(fits(bytes));
  used_ += bytes;
}

void MemoryLedger::give(std::uint64_t bytes) {
  CELLM_CHECK(bytes <= used_);
  used_ -= bytes;
}

Lease::Lease(MemoryLedger& ledger, std::uint64_t bytes) : ledger_(&ledger), bytes_(bytes) {
  ledger.take(bytes);
}

Lease::Lease(Lease&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      blocks_(std::exchange(other.blocks_, {})) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    give_back();
    ledger_ = std::exchange(other.ledger_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    blocks_ = std::exchange(other.blocks_, {});
  }
  return *this;
}

Lease::~Lease() {
  give_back();
}

std::size_t Lease::unshared_blocks() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      blocks_, [&](const std::byte* block) { return ledger_->holders_.at(block) == 1; }));
}

void Lease::share(const Sequence& sequence, std::size_t count, bool own) {
  for (std::size_t i = blocks_.size(); i < count; ++i) {
    const std::byte* block = block_address(sequence, i);
    if (block == nullptr) return;  // no layer has attention
    if (own) {
      CELLM_CHECK(bytes_ >= ledger_->block_bytes_);
      bytes_ -= ledger_->block_bytes_;
      ledger_->give(ledger_->block_bytes_);
    }
    if (++ledger_->holders_[block] == 1) ledger_->take(ledger_->block_bytes_);
    blocks_.push_back(block);
  }
}

void Lease::give_back() {
  if (ledger_ == nullptr) return;
  ledger_->give(bytes_);
  for (const std::byte* block : blocks_) {
    const auto holder = ledger_->holders_.find(block);
    if (--holder->second != 0) continue;
    ledger_->holders_.erase(holder);
    ledger_->give(ledger_->block_bytes_);
  }
  ledger_ = nullptr;
}

}  // namespace cellm
