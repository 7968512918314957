#include "tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::uint32_t kNoSymbol = ~std::uint32_t{0};

// Words up to this length are merged by scanning all pairs each time: faster than a heap there.
constexpr std::size_t kShortWord = 32;

void merge_short(const MergeTable& table, MergeScratch& scratch) {
  auto& ids = scratch.ids;
  auto& merges = scratch.merges;  // merges[i]: of ids[i] and ids[i + 1]
  merges.clear();
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    merges.push_back(table.find(ids[i], ids[i + 1]));
  }
  for (;;) {
    std::size_t best = merges.size();
    std::uint32_t best_rank = kNoSymbol;
    for (std::size_t i = 0; i < merges.size(); ++i) {
      if (merges[i] != nullptr && merges[i]->rank < best_rank) {
        best = i;
        best_rank = merges[i]->rank;
      }
    }
    if (best == merges.size()) return;
    const auto at = static_cast<std::ptrdiff_t>(best);
    ids[best] = merges[best]->result;
    ids.erase(ids.begin() + at + 1);
    merges.erase(merges.begin() + at);
    if (best < merges.size()) merges[best] = table.find(ids[best], ids[best + 1]);
    if (best > 0) merges[best - 1] = table.find(ids[best - 1], ids[best]);
  }
}

// A linked list of symbols, so that merging takes constant time, and a heap of candidate pairs. A
// candidate whose pair has changed meanwhile is recognized by its result.
class LongWord {
 public:
  LongWord(const MergeTable& table, MergeScratch& scratch)
      : table_(table), symbols_(scratch.symbols), heap_(scratch.heap) {
    const auto count = static_cast<std::uint32_t>(scratch.ids.size());
    symbols_.clear();
    heap_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      symbols_.push_back(
          {scratch.ids[i], i == 0 ? kNoSymbol : i - 1, i + 1 == count ? kNoSymbol : i + 1});
    }
    for (std::uint32_t i = 0; i + 1 < count; ++i) add_candidate(i);
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  void merge() {
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      const Candidate top = heap_.back();
      heap_.pop_back();
      const auto at = static_cast<std::uint32_t>(top.order);
      Symbol& left = symbols_[at];
      if (left.id == kNoSymbol || left.next == kNoSymbol) continue;
      Symbol& right = symbols_[left.next];
      const auto* now = table_.find(left.id, right.id);
      if (now == nullptr || now->result != top.result) continue;
      left.id = top.result;
      left.next = right.next;
      right.id = kNoSymbol;
      if (left.next != kNoSymbol) symbols_[left.next].previous = at;
      push_candidate(left.previous);
      push_candidate(at);
    }
  }

  void collect(std::vector<std::uint32_t>& ids) const {
    ids.clear();
    for (std::uint32_t at = 0; at != kNoSymbol; at = symbols_[at].next)
      ids.push_back(symbols_[at].id);
  }

 private:
  using Symbol = MergeScratch::Symbol;
  using Candidate = MergeScratch::Candidate;

  static bool later(const Candidate& a, const Candidate& b) { return a.order > b.order; }

  bool add_candidate(std::uint32_t at) {
    if (at == kNoSymbol || symbols_[at].next == kNoSymbol) return false;
    const auto* merge = table_.find(symbols_[at].id, symbols_[symbols_[at].next].id);
    if (merge == nullptr) return false;
    heap_.push_back({std::uint64_t{merge->rank} << 32 | at, merge->result});
    return true;
  }

  void push_candidate(std::uint32_t at) {
    if (add_candidate(at)) std::push_heap(heap_.begin(), heap_.end(), later);
  }

  const MergeTable& table_;
  std::vector<Symbol>& symbols_;
  std::vector<Candidate>& heap_;
};

}  // namespace

MergeTable::MergeTable(const TokenizerSpec& spec, const PieceIndex& index, std::string_view source)
    : slots_(std::bit_ceil(spec.merges.size() * 2 + 2)), mask_(slots_.size() - 1) {
  shift_ = 64 - std::countr_zero(slots_.size());
  std::string whole;
  for (std::size_t rank = 0; rank < spec.merges.size(); ++rank) {
    const auto [left, right] = spec.merges[rank];
    whole.assign(spec.vocab[left]);
    whole += spec.vocab[right];
    const auto result = index.find(whole);
    if (!result) {
      throw data_error("{}: merge {} makes \"{}\", which is not in the vocabulary", source, rank,
                       printable(whole));
    }
    const std::uint64_t key = pair_key(left, right);
    std::size_t at = slot_of(key);
    while (slots_[at].key != kEmpty) {
      if (slots_[at].key == key) {
        throw data_error("{}: merges {} and {} are the same, \"{}\" and \"{}\"", source,
                         slots_[at].merge.rank, rank, printable(spec.vocab[left]),
                         printable(spec.vocab[right]));
      }
      at = (at + 1) & mask_;
    }
    slots_[at] = {key, {static_cast<std::uint32_t>(rank), *result}};
  }
}

void apply_merges(const MergeTable& table, MergeScratch& scratch) {
  if (scratch.ids.size() < 2) return;
  if (scratch.ids.size() <= kShortWord) {
    merge_short(table, scratch);
    return;
  }
  LongWord word(table, scratch);
  word.merge();
  word.collect(scratch.ids);
}

}  // namespace cellm
