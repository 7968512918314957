#include "tokenizer/tokenizer_document.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "tokenizer/spec.h"

namespace cellm {
namespace {

// Builds a document from the events of the parser. Keeps the two lists that would take most of the
// time and memory out of it.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view source, TokenizerDocument& document, Json& rest)
      : source_(source), document_(document), rest_(rest) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool binary(binary_t&) override { return add(nullptr); }  // JSON text has none

  bool number_unsigned(number_unsigned_t value) override {
    if (list_ != List::kVocab) return add(value);
    if (value >= kMaxTokenIds) {
      throw data_error("{}: model.vocab: \"{}\" has id {}, ids must be below {}", source_,
                       printable(document_.pieces[document_.pieces.size() - 1]), value,
                       kMaxTokenIds);
    }
    document_.ids.push_back(static_cast<std::uint32_t>(value));
    return true;
  }

  bool string(string_t& value) override {
    if (list_ == List::kMerges) {
      add_merge(value);
    } else if (list_ == List::kMergePair) {
      document_.merges.push_back(value);
    } else {
      return add(std::move(value));
    }
    return true;
  }

  bool key(string_t& value) override {
    if (list_ == List::kVocab) {
      if (value.size() > kMaxPieceBytes || document_.pieces.size() == kMaxTokenIds) {
        throw data_error("{}: model.vocab: piece {} has {} bytes; at most {} pieces of {} bytes",
                         source_, document_.pieces.size(), value.size(), kMaxTokenIds,
                         kMaxPieceBytes);
      }
      if (value.empty()) throw data_error("{}: model.vocab has an empty piece", source_);
      document_.pieces.push_back(value);
      return true;
    }
    if (open_.back()->contains(value)) {
      throw data_error("{}: JSON key \"{}\" appears twice in one object", source_,
                       printable(value));
    }
    key_ = std::move(value);
    return true;
  }

  bool start_object(std::size_t) override {
    if (in_model("vocab")) {
      document_.has_vocab = true;
      list_ = List::kVocab;
      return add_null();
    }
    return open(Json::object());
  }

  bool start_array(std::size_t) override {
    if (list_ == List::kMerges) {
      list_ = List::kMergePair;
      pair_start_ = document_.merges.size();
      return true;
    }
    if (in_model("merges")) {
      document_.has_merges = true;
      list_ = List::kMerges;
      return add_null();
    }
    return open(Json::array());
  }

  bool end_object() override {
    if (list_ == List::kVocab) {
      list_ = List::kNone;
    } else {
      open_.pop_back();
    }
    return true;
  }

  bool end_array() override {
    if (list_ == List::kMergePair) {
      if (document_.merges.size() - pair_start_ != 2) {
        throw data_error("{}: model.merges[{}] has {} elements, expected 2", source_,
                         pair_start_ / 2, document_.merges.size() - pair_start_);
      }
      check_merges();
      list_ = List::kMerges;
    } else if (list_ == List::kMerges) {
      list_ = List::kNone;
    } else {
      open_.pop_back();
    }
    return true;
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& failure) override {
    throw data_error("{}: not valid JSON: {}", source_, printable(failure.what()));
  }

 private:
  enum class List { kNone, kVocab, kMerges, kMergePair };

  bool in_model(std::string_view name) const {
    return list_ == List::kNone && open_.size() == 2 && model_ != nullptr &&
           open_.back() == model_ && key_ == name;
  }

  Json* place(Json value) {
    if (open_.empty()) {
      rest_ = std::move(value);
      return &rest_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    Json& member = (*open_.back())[key_];
    member = std::move(value);
    return &member;
  }

  bool add(Json value) {
    if (list_ == List::kVocab) {
      throw data_error("{}: model.vocab: the id of \"{}\" is {}, expected a non-negative integer",
                       source_, printable(document_.pieces[document_.pieces.size() - 1]),
                       value.type_name());
    }
    if (list_ != List::kNone) {
      throw data_error("{}: model.merges has a {}, expected \"a b\" or [\"a\", \"b\"]", source_,
                       value.type_name());
    }
    place(std::move(value));
    return true;
  }

  bool add_null() {
    place(nullptr);
    return true;
  }

  bool open(Json value) {
    if (list_ != List::kNone) return add(std::move(value));
    if (open_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) {
      throw data_error("{}: JSON nested deeper than {}", source_, kMaxJsonDepth);
    }
    const bool is_model = open_.size() == 1 && key_ == "model" && open_.back()->is_object();
    // Only the innermost open value grows, so pointers to outer ones stay valid.
    open_.push_back(place(std::move(value)));
    if (is_model) model_ = open_.back();
    return true;
  }

  void add_merge(const std::string& merge) {
    const std::size_t rank = document_.merges.size() / 2;
    if (merge.starts_with("#version")) return;  // from a merges.txt
    const std::size_t space = merge.find(' ');
    if (space == std::string::npos || merge.find(' ', space + 1) != std::string::npos) {
      throw data_error("{}: model.merges[{}] is \"{}\", expected two pieces and a space", source_,
                       rank, printable(merge));
    }
    document_.merges.push_back(std::string_view(merge).substr(0, space));
    document_.merges.push_back(std::string_view(merge).substr(space + 1));
    check_merges();
  }

  void check_merges() const {
    if (document_.merges.size() / 2 > kMaxMerges) {
      throw data_error("{}: more than {} merges", source_, kMaxMerges);
    }
  }

  std::string_view source_;
  TokenizerDocument& document_;
  Json& rest_;
  std::vector<Json*> open_;
  std::string key_;
  List list_ = List::kNone;
  const Json* model_ = nullptr;
  std::size_t pair_start_ = 0;
};

}  // namespace

void parse_tokenizer_document(std::string_view text, std::string_view source,
                              TokenizerDocument& document, Json& rest) {
  Builder builder(source, document, rest);
  Json::sax_parse(text.begin(), text.end(), &builder);
}

}  // namespace cellm
