#include "tokenizer/tokenizer_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using nlohmann::json;
using test::added_token;
using test::make_tokenizer;
using test::small_json;
using test::thrown_by;
using Ids = std::vector<std::uint32_t>;

// The error of reading a document and making its tokenizer.
std::string complaint(const json& document, ErrorKind kind) {
  const auto error = thrown_by([&] { make_tokenizer(document); });
  EXPECT_EQ(error.kind, kind) << error.message;
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
  EXPECT_TRUE(error.message.starts_with("small.json: ")) << error.message;
  return error.message.substr(std::min<std::size_t>(error.message.size(), 12));
}
std::string complaint(const std::string& text, ErrorKind kind) {
  const auto error = thrown_by([&] { read_tokenizer_json(text, "small.json"); });
  EXPECT_EQ(error.kind, kind) << error.message;
  return error.message;
}

json split(const std::string& regex, const std::string& behavior, bool invert = false) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", regex}}},
          {"behavior", behavior},
          {"invert", invert}};
}

// The small tokenizer with these steps before ByteLevel, which then does not split.
json with_steps(const std::vector<json>& steps) {
  json document = small_json();
  json byte_level = document["pre_tokenizer"];
  byte_level["use_regex"] = false;
  json all = steps;
  all.push_back(byte_level);
  document["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", all}};
  return document;
}

TEST(TokenizerJson, MergesAsPairs) {
  json document = small_json();
  document["model"]["merges"] =
      json::array({json::array({"h", "e"}), json::array({"l", "l"}), json::array({"ll", "o"}),
                   json::array({"he", "llo"}), json::array({"\u0120", "hello"})});
  EXPECT_EQ(make_tokenizer(document).spec(), make_tokenizer(small_json()).spec());
}

TEST(TokenizerJson, OldFilesWithVersionLineAndWithoutType) {
  json document = small_json();
  document["model"]["merges"].insert(document["model"]["merges"].begin(), "#version: 0.2");
  document["model"].erase("type");
  EXPECT_EQ(make_tokenizer(document).spec(), make_tokenizer(small_json()).spec());
}

TEST(TokenizerJson, IdsInAnyOrderAndWithHoles) {
  json document = small_json();
  document["model"]["vocab"]["hello"] = 400;
  const Tokenizer tokenizer = make_tokenizer(document);
  EXPECT_EQ(tokenizer.encode("hello", true), Ids{400});
  EXPECT_FALSE(tokenizer.contains(259));
  EXPECT_EQ(tokenizer.vocab_size(), 401u);
}

TEST(TokenizerJson, LikeLlama3) {
  json document = small_json();
  document["model"]["ignore_merges"] = true;
  document["model"]["vocab"]["hellos"] = 261;  // no merge produces it
  document["added_tokens"].push_back(added_token(302, "<|begin_of_text|>", true));
  document["pre_tokenizer"] = with_steps({split(
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      "Isolated")})["pre_tokenizer"];
  document["post_processor"] = json::parse(R"({"type": "Sequence", "processors": [
      {"type": "ByteLevel", "trim_offsets": false},
      {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}},
                  {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [],
       "special_tokens": {"<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [302],
                                                "tokens": ["<|begin_of_text|>"]}}}]})");
  const Tokenizer tokenizer = make_tokenizer(document);
  EXPECT_EQ(tokenizer.encode("hellos", true), Ids{261});
  EXPECT_EQ(tokenizer.encode("hello", true), Ids{259});
  EXPECT_EQ(tokenizer.bos_from_template(), Ids{302});
  document["model"]["ignore_merges"] = false;
  EXPECT_EQ(make_tokenizer(document).encode("hellos", true), (Ids{259, 's'}));
}

// With ignore_merges a special token that is also a piece would be found as a whole word.
TEST(TokenizerJson, PlainTextNeverBecomesASpecialToken) {
  json document = with_steps({});
  document["model"]["ignore_merges"] = true;
  document["model"]["vocab"]["<end>"] = 300;
  EXPECT_EQ(make_tokenizer(document).encode("<end>", false), (Ids{'<', 'e', 'n', 'd', '>'}));
  document["model"]["vocab"]["<e"] = 303;
  document["model"]["vocab"]["nd>"] = 304;
  document["model"]["merges"].push_back("<e nd>");
  EXPECT_NE(complaint(document, ErrorKind::kUnsupported).find("special token 300"),
            std::string::npos);
}

// Words are distinguished by the merges within them.
TEST(TokenizerJson, SplitBehaviors) {
  const auto ids = [](const std::string& behavior, bool invert) {
    return make_tokenizer(with_steps({split("l", behavior, invert)})).encode("hello", true);
  };
  EXPECT_EQ(ids("Isolated", false), (Ids{256, 'l', 'l', 'o'}));
  EXPECT_EQ(ids("Removed", false), (Ids{256, 'o'}));
  EXPECT_EQ(ids("Removed", true), (Ids{'l', 'l'}));
  EXPECT_EQ(ids("MergedWithPrevious", false), (Ids{256, 'l', 'l', 'o'}));
  EXPECT_EQ(ids("MergedWithNext", false), (Ids{256, 'l', 'l', 'o'}));
  EXPECT_EQ(ids("Contiguous", false), (Ids{256, 257, 'o'}));
  EXPECT_NE(complaint(with_steps({split("l", "Sideways")}), ErrorKind::kData).find("Sideways"),
            std::string::npos);
}

TEST(TokenizerJson, SplitByText) {
  json step = split("", "Removed");
  step["pattern"] = {{"String", "l."}};
  EXPECT_EQ(make_tokenizer(with_steps({step})).encode("hellol.", true), (Ids{259}));
}

TEST(TokenizerJson, Digits) {
  json document = small_json();
  document["model"]["vocab"]["11"] = 261;
  document["model"]["merges"].push_back("1 1");
  const auto ids = [&](bool individual) {
    json changed = document;
    changed["pre_tokenizer"] =
        with_steps({{{"type", "Digits"}, {"individual_digits", individual}}})["pre_tokenizer"];
    return make_tokenizer(changed).encode("a11", true);
  };
  EXPECT_EQ(ids(true), (Ids{'a', '1', '1'}));
  EXPECT_EQ(ids(false), (Ids{'a', 261}));
}

TEST(TokenizerJson, PrefixSpace) {
  json document = small_json();
  document["pre_tokenizer"]["add_prefix_space"] = true;
  EXPECT_EQ(make_tokenizer(document).encode("hello hello<end>hello", true),
            (Ids{260, 260, 300, 260}));
}

TEST(TokenizerJson, NormalizesOutsideOfAddedTokens) {
  json document = small_json();
  document["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}}}};
  document["added_tokens"].push_back(added_token(302, "e\u0301!", false));
  const Tokenizer tokenizer = make_tokenizer(document);
  EXPECT_EQ(tokenizer.encode("e\u0301", true), (Ids{0xC3, 0xA9}));
  EXPECT_EQ(tokenizer.encode("e\u0301!", true), Ids{302});
  document["added_tokens"].back()["normalized"] = true;
  EXPECT_EQ(make_tokenizer(document).encode("\u00E9!", true), Ids{302});
}

TEST(TokenizerJson, RefusesComponentsByName) {
  const auto refused = [](const json& document, const std::string& name) {
    const std::string message = complaint(document, ErrorKind::kUnsupported);
    EXPECT_NE(message.find(name), std::string::npos) << message;
  };
  const auto with = [](const char* part, const json& value) {
    json document = small_json();
    document[part] = value;
    return document;
  };
  refused(with("normalizer", {{"type", "Lowercase"}}), "normalizer.type is Lowercase");
  refused(with("pre_tokenizer", {{"type", "Metaspace"}}), "Metaspace");
  refused(with("pre_tokenizer", nullptr), "not byte-level");
  refused(with("pre_tokenizer", split("a", "Isolated")), "not byte-level");
  refused(with("decoder", {{"type", "WordPiece"}}), "WordPiece");
  refused(with("decoder", nullptr), "decoder");
  refused(with("post_processor", {{"type", "RobertaProcessing"}}), "RobertaProcessing");
  refused(with_steps({split("a\\bb", "Isolated")}), "\\b");
  const auto model = [](const char* key, const json& value) {
    json document = small_json();
    document["model"][key] = value;
    return document;
  };
  refused(model("type", "Unigram"), "Unigram");
  refused(model("dropout", 0.1), "dropout");
  refused(model("continuing_subword_prefix", "##"), "##");
  refused(model("end_of_word_suffix", "</w>"), "</w>");
  json lacking = model("unk_token", "<unk>");
  make_tokenizer(lacking);  // no text is unknown
  lacking["model"]["vocab"].erase("Z");
  refused(lacking, "unk_token");
  json fallback = model("byte_fallback", true);
  fallback["model"]["vocab"].erase("Z");
  refused(fallback, "byte_fallback");
}

TEST(TokenizerJson, MissingBytesAreDropped) {
  json document = small_json();
  document["model"]["vocab"].erase("Z");
  EXPECT_EQ(make_tokenizer(document).encode("heZllo", true), Ids{259});
}

TEST(TokenizerJson, RefusesContradictions) {
  const auto refused = [](const json& document, const std::string& words) {
    const std::string message = complaint(document, ErrorKind::kData);
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  const auto vocab = [](const char* piece, const json& id) {
    json document = small_json();
    document["model"]["vocab"][piece] = id;
    return document;
  };
  refused(vocab("new", 259), "same id 259");
  refused(vocab("new", 2147483648), "ids must be below");
  refused(vocab("new", -1), "expected a non-negative integer");
  refused(vocab("new", "x"), "expected a non-negative integer");
  refused(vocab("", 261), "empty piece");
  refused(vocab(std::string(5000, 'a').c_str(), 261), "5000 bytes");
  refused(vocab("other", 300), "id 300");
  const auto merge = [](const json& value) {
    json document = small_json();
    document["model"]["merges"].push_back(value);
    return document;
  };
  refused(merge("h zz"), "\"zz\"");
  refused(merge("o o"), "\"oo\"");
  refused(merge("h e"), "merges 0 and 5");
  refused(merge("h e l"), "expected two pieces");
  refused(merge("he"), "expected two pieces");
  refused(merge({"h"}), "expected 2");
  refused(merge({"h", "e", "l"}), "expected 2");
  refused(merge(7), "model.merges");
  json document = small_json();
  document["added_tokens"].push_back(added_token(300, "<again>", true));
  refused(document, "same id 300");
  document["added_tokens"].back() = added_token(305, "", true);
  refused(document, "0 bytes");
  document["added_tokens"].back().erase("special");
  refused(document, "special is missing");
  document = small_json();
  document.erase("model");
  refused(document, "model is missing");
}

TEST(TokenizerJson, RefusesBrokenJson) {
  EXPECT_NE(complaint(std::string("{\"model\": "), ErrorKind::kData).find("not valid JSON"),
            std::string::npos);
  std::string text = small_json().dump();
  text.insert(1, "\"version\":\"1.0\",");
  EXPECT_NE(complaint(text, ErrorKind::kData).find("\"version\" appears twice"), std::string::npos);
  EXPECT_NE(complaint(std::string(1000, '['), ErrorKind::kData).find("nested deeper"),
            std::string::npos);
  const std::string lists = R"({"model":{"vocab":{"a":0},"merges":[],"merges":[]}})";
  EXPECT_NE(complaint(lists, ErrorKind::kData).find("\"merges\" appears twice"), std::string::npos);
  for (const char* odd : {"[]", "7", "{\"model\":7}", "{\"model\":{\"vocab\":[],\"merges\":{}}}"}) {
    complaint(std::string(odd), ErrorKind::kData);
  }
}

// The ids are those of the tokenizers library, 0.23.3.
TEST(TokenizerJson, TakesWhatIsListedTwiceOnce) {
  const auto ids = [](const json& added, const std::string& vocab) {
    json document = small_json();
    document["added_tokens"] = added;
    std::string text = document.dump();
    const std::string start = "\"vocab\":{";
    text.insert(text.find(start) + start.size(), vocab);
    return load_tokenizer(TokenizerJson{text, "t.json"}, "t.json").encode("b<e>hello", true);
  };
  const std::vector<std::uint32_t> expected = {'b', 261, 259};
  const json once = json::array({added_token(261, "<e>", true)});
  EXPECT_EQ(ids(once, ""), expected);
  EXPECT_EQ(ids(json::array({added_token(261, "<e>", true), added_token(261, "<e>", false)}), ""),
            expected);
  EXPECT_EQ(ids(json::array({added_token(261, "<e>", true), added_token(262, "<e>", true)}), ""),
            expected);
  EXPECT_EQ(ids(json::array({added_token(262, "<e>", true), added_token(263, "<e>", true)}),
                R"("<e>":261,)"),
            expected);
  EXPECT_EQ(ids(once, R"("hello":261,)"), expected);  // the last of a key counts
  EXPECT_EQ(ids(once, R"("hello":259,)"), expected);
}

// Truncates a valid file at every byte: always an Error, nothing else.
TEST(TokenizerJson, SurvivesTruncation) {
  const std::string text = small_json().dump();
  for (std::size_t size = 0; size < text.size(); size += 3) {
    EXPECT_THROW(read_tokenizer_json(std::string_view(text).substr(0, size), "cut"), Error);
  }
}

}  // namespace
}  // namespace cellm
