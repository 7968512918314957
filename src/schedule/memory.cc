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

void MemoryLedger::take(std::uint64_t bytes, MemoryUse use) {
  CELLM_CHECK(fits(bytes));
  used_ += bytes;
  if (use == MemoryUse::kSequence) used_by_sequences_ += bytes;
}

void MemoryLedger::give(std::uint64_t bytes, MemoryUse use) {
  CELLM_CHECK(bytes <= used_);
  used_ -= bytes;
  if (use == MemoryUse::kSequence) used_by_sequences_ -= bytes;
}

void MemoryLedger::hold(const std::byte* block, MemoryUse use) {
  Holders& holders = holders_[block];
  if (++holders.all == 1) {
    CELLM_CHECK(fits(block_bytes_));
    used_ += block_bytes_;
  }
  if (use == MemoryUse::kSequence && ++holders.sequences == 1) used_by_sequences_ += block_bytes_;
}

void MemoryLedger::release(const std::byte* block, MemoryUse use) {
  const auto found = holders_.find(block);
  Holders& holders = found->second;
  if (use == MemoryUse::kSequence && --holders.sequences == 0) used_by_sequences_ -= block_bytes_;
  if (--holders.all != 0) return;
  used_ -= block_bytes_;
  holders_.erase(found);
}

Lease::Lease(MemoryLedger& ledger, std::uint64_t bytes, MemoryUse use)
    : ledger_(&ledger), bytes_(bytes), use_(use) {
  ledger.take(bytes, use);
}

Lease::Lease(Lease&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      use_(other.use_),
      blocks_(std::exchange(other.blocks_, {})) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    give_back();
    ledger_ = std::exchange(other.ledger_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    use_ = other.use_;
    blocks_ = std::exchange(other.blocks_, {});
  }
  return *this;
}

Lease::~Lease() {
  give_back();
}

void Lease::add(std::uint64_t bytes) {
  ledger_->take(bytes, use_);
  bytes_ += bytes;
}

// States that share a block also share all blocks before it.
std::uint64_t Lease::exclusive_bytes() const {
  const auto shared = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const std::byte* block) {
    return ledger_->holders_.at(block).all > 1;
  });
  const auto count = static_cast<std::uint64_t>(shared - blocks_.rbegin());
  return bytes_ + count * ledger_->block_bytes_;
}

void Lease::share(const Sequence& sequence, std::size_t count, bool own) {
  for (std::size_t i = blocks_.size(); i < count; ++i) {
    const std::byte* block = block_address(sequence, i);
    if (block == nullptr) return;  // no layer has attention
    if (own) {
      CELLM_CHECK(bytes_ >= ledger_->block_bytes_);
      bytes_ -= ledger_->block_bytes_;
      ledger_->give(ledger_->block_bytes_, use_);
    }
    ledger_->hold(block, use_);
    blocks_.push_back(block);
  }
}

void Lease::give_back() {
  if (ledger_ == nullptr) return;
  ledger_->give(bytes_, use_);
  for (const std::byte* block : blocks_) ledger_->release(block, use_);
  blocks_.clear();
  ledger_ = nullptr;
}

}  // namespace cellm
