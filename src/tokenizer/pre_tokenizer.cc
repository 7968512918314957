#include "tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

namespace cellm {
namespace {

// GPT-2's published split pattern; ByteLevel's use_regex.
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// A regex that matches exactly `text`.
std::string quote(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    const bool is_syntax =
        std::string_view(R"(\.+*?()|[]{}^$#&-~/<>=!:,"'@%`;_ )").find(c) != std::string_view::npos;
    if (is_syntax) pattern += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      pattern += fmt::format("\\x{{{:x}}}", static_cast<unsigned char>(c));
    } else {
      pattern += c;
    }
  }
  return pattern;
}

struct Piece {
  TextRange range;
  bool is_match;
};

// Matches and the text between them.
std::vector<Piece> cut(std::size_t size, const std::vector<TextRange>& matches) {
  std::vector<Piece> pieces;
  pieces.reserve(matches.size() * 2 + 1);
  if (size == 0) {
    pieces.push_back({{0, 0}, false});
    return pieces;
  }
  std::size_t done = 0;
  for (const TextRange& match : matches) {
    if (done != match.begin) pieces.push_back({{done, match.begin}, false});
    pieces.push_back({match, true});
    done = match.end;
  }
  if (done != size) pieces.push_back({{done, size}, false});
  return pieces;
}

// Pieces joined according to the behavior. Empty ones are kept, since they separate their
// neighbours.
void join(const std::vector<Piece>& pieces, SplitBehavior behavior, std::vector<TextRange>& out) {
  bool previous = false;
  switch (behavior) {
    case SplitBehavior::kIsolated:
      for (const Piece& piece : pieces) out.push_back(piece.range);
      break;
    case SplitBehavior::kRemoved:
      for (const Piece& piece : pieces) {
        if (!piece.is_match) out.push_back(piece.range);
      }
      break;
    case SplitBehavior::kContiguous:
      for (const Piece& piece : pieces) {
        if (piece.is_match == previous && !out.empty()) {
          out.back().end = piece.range.end;
        } else {
          out.push_back(piece.range);
        }
        previous = piece.is_match;
      }
      break;
    case SplitBehavior::kMergedWithPrevious:
      for (const Piece& piece : pieces) {
        if (piece.is_match && !previous && !out.empty()) {
          out.back().end = piece.range.end;
        } else {
          out.push_back(piece.range);
        }
        previous = piece.is_match;
      }
      break;
    case SplitBehavior::kMergedWithNext:
      for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
        if (piece->is_match && !previous && !out.empty()) {
          out.back().begin = piece->range.begin;
        } else {
          out.push_back(piece->range);
        }
        previous = piece->is_match;
      }
      std::reverse(out.begin(), out.end());
      break;
  }
}

void find_digits(std::string_view text, std::vector<TextRange>& matches) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t length = 0;
    if (is_numeric(decode_utf8(text.substr(at), length))) matches.push_back({at, at + length});
    at += length;
  }
}

std::string_view part(std::string_view text, const TextRange& range) {
  return text.substr(range.begin, range.end - range.begin);
}

}  // namespace

PreTokenizer::PreTokenizer(const std::vector<PreTokenizerStep>& steps, std::string_view source) {
  for (const PreTokenizerStep& step : steps) {
    if (const auto* split = std::get_if<SplitStep>(&step)) {
      const std::string pattern = split->is_regex ? split->pattern : quote(split->pattern);
      steps_.emplace_back(Split{Regex(pattern, source), split->behavior, split->invert});
    } else if (const auto* digits = std::get_if<DigitsStep>(&step)) {
      steps_.emplace_back(*digits);
    } else {
      byte_level_ = std::get<ByteLevelStep>(step);
    }
  }
  if (byte_level_.use_regex) {
    steps_.emplace_back(Split{Regex(kGpt2Pattern, source), SplitBehavior::kIsolated, false});
  }
}

std::string_view PreTokenizer::split(std::string_view text, PreTokenizerScratch& scratch,
                                     std::string& spaced, std::vector<TextRange>& words) const {
  std::optional<std::string> replaced = with_stand_ins(text);
  std::string_view subject = replaced ? std::string_view(*replaced) : text;
  words.clear();
  if (!text.empty()) words.push_back({0, text.size()});
  std::vector<TextRange> next;
  std::vector<TextRange> joined;

  const auto run = [&](const Step& step) {
    next.clear();
    for (const TextRange& word : words) {
      const std::string_view inside = part(subject, word);
      scratch.matches.clear();
      auto behavior = SplitBehavior::kIsolated;
      bool invert = false;
      if (const auto* split = std::get_if<Split>(&step)) {
        split->regex.find_all(inside, *scratch.regex, scratch.matches);
        behavior = split->behavior;
        invert = split->invert;
      } else {
        find_digits(inside, scratch.matches);
        if (!std::get<DigitsStep>(step).individual) behavior = SplitBehavior::kContiguous;
      }
      auto pieces = cut(inside.size(), scratch.matches);
      if (invert) {
        for (Piece& piece : pieces) piece.is_match = !piece.is_match;
      }
      joined.clear();
      join(pieces, behavior, joined);
      for (const TextRange& range : joined) {
        if (range.begin == range.end) continue;
        next.push_back({word.begin + range.begin, word.begin + range.end});
      }
    }
    std::swap(words, next);
  };

  const std::size_t before_space = steps_.size() - (byte_level_.use_regex ? 1 : 0);
  for (std::size_t i = 0; i < before_space; ++i) run(steps_[i]);
  std::string spaced_subject;
  if (byte_level_.add_prefix_space) {
    spaced.clear();
    for (TextRange& word : words) {
      const std::size_t begin = spaced.size();
      if (text[word.begin] != ' ') {
        spaced += ' ';
        spaced_subject += ' ';
      }
      spaced += part(text, word);
      spaced_subject += part(subject, word);
      word = {begin, spaced.size()};
    }
    subject = spaced_subject;
  }
  if (byte_level_.use_regex) run(steps_.back());
  return byte_level_.add_prefix_space ? std::string_view(spaced) : text;
}

}  // namespace cellm
