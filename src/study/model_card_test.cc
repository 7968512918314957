#include "study/model_card.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "study/formats.h"
#include "study/markdown.h"
#include "study/publish.h"

namespace cellm {
namespace {

TEST(ModelCard, InheritsWhatHoldsForConversions) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(inherited_metadata("---\nlicense: apache-2.0\nlibrary_name: transformers\n"
                               "license_link: https://a.b/c\nlanguage: en\n---\n\nlicense: x\n"),
            (Lines{"license: apache-2.0", "license_link: https://a.b/c", "language: en"}));
  // Lists of several lines, texts without metadata, and metadata without an end.
  EXPECT_EQ(inherited_metadata("---\nlanguage:\n- en\nlicense: >\n  mit\n---\n"), Lines{});
  EXPECT_EQ(inherited_metadata("# Title\n---\nlicense: mit\n---\n"), Lines{});
  EXPECT_EQ(inherited_metadata("---\nlicense: mit"), Lines{"license: mit"});
  EXPECT_EQ(inherited_metadata("---\n"), Lines{});
  EXPECT_EQ(inherited_metadata(""), Lines{});
}

TEST(Publish, NamesFilesAsTheOriginalStudy) {
  EXPECT_EQ(published_file("Qwen3.5-0.8B", "f16"), "qwen3.5-0.8b-f16.cellm");
  EXPECT_EQ(published_file("Qwen3.5-0.8B", "int4"), "qwen3.5-0.8b-i4.cellm");
  EXPECT_EQ(published_file("Qwen3.5-0.8B", "int1"), "qwen3.5-0.8b-q1.cellm");
  EXPECT_EQ(published_file("m", "bits-2.25"), "m-bits-2.25.cellm");
}

TEST(Publish, TakesTheModelsNameFromTheHubOrThePath) {
  StudyOptions options;
  for (const auto& [source, name] :
       {std::pair("a/Model", "Model"), std::pair("a/Model/", "Model"), std::pair("m.gguf", "m"),
        std::pair("/c/models--Org--Name/snapshots/01/", "Name")}) {
    options.source = source;
    EXPECT_EQ(model_name(options), name);
  }
  for (const char* hub : {"Org/Name", "Org/Name:file.gguf", "Org/Name@main"}) {
    options.hub_name = hub;
    EXPECT_EQ(model_name(options), "Name");
  }
}

TEST(StudyFormats, PublishesWhatTheOriginalStudyDid) {
  EXPECT_EQ(study_formats(published_formats("qwen3_5_text")).size(), 4U + 3U);
  EXPECT_EQ(study_formats(published_formats("qwen3")).size(), 8U + 3U);
}

TEST(Markdown, HasNoMarkupFromOutside) {
  EXPECT_EQ(markdown_text("a|b\n<i>&*_[x]`\\"), "a\\|b &lt;i>&amp;\\*\\_\\[x\\]\\`\\\\");
  EXPECT_EQ(markdown_block("a"), "```text\na\n```\n");
  EXPECT_EQ(markdown_block("```` x"), "`````text\n```` x\n`````\n");
}

}  // namespace
}  // namespace cellm
