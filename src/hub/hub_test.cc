#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "hub/headers.h"
#include "hub/http.h"
#include "hub/hub_name.h"
#include "hub/repository.h"

namespace cellm {
namespace {

std::string read_name(std::string_view text) {
  const auto name = parse_hub_name(text);
  return name ? name->repository + "|" + name->file + "|" + name->revision : "path";
}

TEST(HubName, IsReadWithFileAndRevision) {
  EXPECT_EQ("Qwen/Qwen3.5-0.8B||main", read_name("Qwen/Qwen3.5-0.8B"));
  EXPECT_EQ("a/b|c.gguf|main", read_name("a/b:c.gguf"));
  EXPECT_EQ("a/b|d/c.gguf|refs/pr/1", read_name("a/b:d/c.gguf@refs/pr/1"));
  EXPECT_EQ("a/b||v1.0", read_name("a/b@v1.0"));
  for (const char* text : {"a/b", "a/b:c.gguf", "a/b:c.gguf@v1", "a/b@refs/pr/1"})
    EXPECT_EQ(text, hub_name_text(*parse_hub_name(text)));
  EXPECT_EQ("a/b", hub_name_text(*parse_hub_name("a/b@main")));
}

TEST(HubName, IsNoneForPaths) {
  for (const char* text :
       {"",         "a",       "/a/b",  "./a",       "../a",     "~/a",
        "a/b/c",    "a/",      "/a",    "a/b.cellm", "a/b.gguf", "a/b.safetensors",
        "a/b.json", "a/b.git", "a/..",  "a/b--c",    "a/-b",     "a/b-",
        "a b/c",    "a/b c",   "a\n/b", "a/b\\c",    "C:/x"}) {
    EXPECT_EQ("path", read_name(text)) << text;
  }
  EXPECT_EQ("path", read_name("a/" + std::string(97, 'b')));
  EXPECT_EQ("a/" + std::string(96, 'b') + "||main", read_name("a/" + std::string(96, 'b')));
}

TEST(HubName, RefusesFilesAndRevisionsThatLeaveTheRepository) {
  for (const char* text :
       {"a/b:", "a/b:x.bin", "a/b:../x.gguf", "a/b:/x.gguf", "a/b:x//y.gguf", "a/b:.\\x.gguf",
        "a/b@", "a/b@../x", "a/b@a..b", "a/b@/a", "a/b@a b", "a/b@a/", "a/b@a.lock", "a/b@x:y"}) {
    EXPECT_THROW(parse_hub_name(text), Error) << text;
  }
}

TEST(Headers, NamesHaveNoCaseAndTheLastValueCounts) {
  HttpHeaders headers;
  for (const char* line : {"HTTP/1.1 302 Found\r\n", "ETag: \"old\"\r\n", "HTTP/1.1 200 OK\r\n",
                           "X-A:  1 \r\n", "x-a: 2\r\n", "nothing\r\n", "\r\n"})
    EXPECT_TRUE(headers.add(line));
  EXPECT_EQ("2", headers.find("x-a"));
  EXPECT_EQ("", headers.find("etag"));
  EXPECT_FALSE(headers.add(std::string(70000, 'x')));
}

TEST(Headers, RangesAndSizesAreWholeNumbers) {
  const auto range = parse_content_range("bytes 5-9/10");
  ASSERT_TRUE(range);
  EXPECT_EQ(5U, range->begin);
  EXPECT_EQ(10U, range->end);
  EXPECT_EQ(10U, range->total);
  for (const char* text : {"", "bytes 5-4/10", "bytes 5-10/10", "bytes */10", "bytes 1-2/*",
                           "bytes -1-2/3", "items 0-1/2", "bytes 0-18446744073709551616/9"})
    EXPECT_FALSE(parse_content_range(text)) << text;
  EXPECT_EQ(18446744073709551615U, parse_size("18446744073709551615").value());
  for (const char* text : {"", "-1", "+1", "1 ", "0x1", "18446744073709551616"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Headers, EtagsNameBlobs) {
  const std::string sha1(40, 'a');
  EXPECT_EQ(sha1, etag_value('"' + sha1 + '"'));
  EXPECT_EQ(sha1, etag_value("W/\"" + sha1 + '"'));
  EXPECT_TRUE(is_blob_name(sha1));
  EXPECT_TRUE(is_blob_name(std::string(64, '0')));
  for (const std::string& text : {std::string(40, 'A'), std::string(41, 'a'), std::string("../x")})
    EXPECT_FALSE(is_blob_name(text)) << text;
  EXPECT_TRUE(is_strong_etag("\"a\""));
  for (const char* text : {"W/\"a\"", "a", "\"\"", "\"a\"b\"", "\"a\r\n\"", "\""})
    EXPECT_FALSE(is_strong_etag(text)) << text;
}

TEST(Addresses, OriginsHaveTheirPort) {
  EXPECT_EQ("https://a.b:443", origin_of("https://A.b/c?d"));
  EXPECT_EQ("http://a:80", origin_of("http://a"));
  for (const char* text : {"", "a", "ftp://a", "file:///a", "https://u:p@a/", "https://"})
    EXPECT_EQ("", origin_of(text)) << text;
}

TEST(Addresses, LocationsAreSeenFromWhereTheyWereGiven) {
  EXPECT_EQ("https://a/c", resolve_location("https://a/b", "/c"));
  EXPECT_EQ("https://x/y", resolve_location("https://a/b", "https://x/y"));
  for (const char* text : {"", "file:///c", "javascript:0", "https://u:p@x/"})
    EXPECT_EQ("", resolve_location("https://a/b", text)) << text;
  EXPECT_EQ("a/b%20%3F%25", percent_encoded("a/b ?%", true));
  EXPECT_EQ("refs%2Fpr%2F1", percent_encoded("refs/pr/1", false));
}

using Names = std::vector<std::string>;

TEST(Repository, AFolderNeedsConfigurationTokenizerAndWeights) {
  const Names all{"README.md",         "a/model.safetensors", "chat_template.jinja",
                  "config.json",       "model.safetensors",   "other.safetensors",
                  "pytorch_model.bin", "tokenizer.json",      "tokenizer_config.json"};
  EXPECT_EQ((Names{"chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json",
                   "tokenizer_config.json"}),
            select_folder(all, "m").files);
  const Selection parts = select_folder(
      {"config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"},
      "m");
  EXPECT_EQ("model.safetensors.index.json", parts.index);
  EXPECT_EQ((Names{"config.json", "model.safetensors.index.json"}), parts.files);
  EXPECT_EQ((Names{"a.safetensors", "b.safetensors", "config.json"}),
            select_folder({"a.safetensors", "b.safetensors", "config.json"}, "m").files);
  expect_error(ErrorKind::kUnsupported, "a.gguf", [] {
    select_folder({"a.gguf", "config.json"}, "m");
  });
  expect_error(ErrorKind::kUnsupported, ".bin", [] {
    select_folder({"config.json", "model.bin"}, "m");
  });
}

TEST(Repository, AGgufFileComesWithItsParts) {
  const Names all{"a.gguf", "b-00001-of-00002.gguf", "b-00002-of-00002.gguf",
                  "c-00001-of-00002.gguf"};
  EXPECT_EQ(Names{"a.gguf"}, select_gguf(all, "a.gguf", "m"));
  EXPECT_EQ((Names{"b-00001-of-00002.gguf", "b-00002-of-00002.gguf"}),
            select_gguf(all, "b-00002-of-00002.gguf", "m"));
  expect_error(ErrorKind::kData, "c-00002-of-00002.gguf",
               [&] { select_gguf(all, "c-00001-of-00002.gguf", "m"); });
  expect_error(ErrorKind::kData, "a.gguf", [&] { select_gguf(all, "d.gguf", "m"); });
}

TEST(Repository, ARevisionIsACommitWithPaths) {
  const std::string sha(40, 'a');
  const auto json = [&](const std::string& commit, const std::string& file) {
    return "{\"sha\":\"" + commit + "\",\"siblings\":[{\"rfilename\":\"b\"},{\"rfilename\":\"" +
           file + "\"}]}";
  };
  EXPECT_EQ((Names{"a/c", "b"}), parse_revision(json(sha, "a/c"), "m").files);
  for (const char* file : {"../x", "/x", "a/./b", "a//b", "", "b", "a\\\\b", "a\\u0000"})
    EXPECT_THROW(parse_revision(json(sha, file), "m"), Error) << file;
  for (const char* commit : {"", "main", "../../../../../../../../../../../../../x"})
    EXPECT_THROW(parse_revision(json(commit, "a"), "m"), Error) << commit;
}

}  // namespace
}  // namespace cellm
