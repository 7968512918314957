#include "study/report.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "eval/coherence.h"
#include "study/document.h"
#include "study/report_text.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// A document of two formats, as run_study() makes it.
OrderedJson small_document(const std::string& text, const std::string& name) {
  const auto format = [](const std::string& id, std::uint64_t bytes, double kld) {
    const OrderedJson pair{0.9 * kld, 1.1 * kld};
    return OrderedJson{
        {"name", id},
        {"flags", "--format " + id},
        {"scale", "absmax"},
        {"in_study", true},
        {"in_variants", false},
        {"file_bytes", bytes},
        {"bits_per_weight", 4.5},
        {"body_bits_per_weight", 4.0},
        {"evaluation",
         {{"perplexity", 20.0},
          {"perplexity_ratio", 1.1},
          {"kld_mean", kld},
          {"kld_median", kld},
          {"kld_p99", kld},
          {"top1", 0.75},
          {"intervals", {{"kld_mean", pair}, {"perplexity", nullptr}}}}},
        {"coherence",
         {{"greedy", {{"looping", 0.5}, {"teacher_nll", 1.0}, {"bad", 0.5}}},
          {"sampled", {{"looping", 0.0}, {"teacher_nll", 2.0}, {"bad", 0.0}}}}},
        {"speed", {{"decode_tokens_per_second", 50.0}, {"peak_memory_bytes", 1048576.0}}}};
  };
  OrderedJson document{
      {"writer", "cellm"},
      {"date", "2026-01-01"},
      {"source", {{"name", name}, {"checksum", "00"}, {"layers", 2}, {"format", "f16"}}},
      {"settings",
       {{"tokens", 100},
        {"window", 32},
        {"generate", 8},
        {"sensitivity_tokens", 32},
        {"speed_prompt", 8},
        {"speed_decode", 8},
        {"speed_runs", 1},
        {"threads", 2},
        {"target", "avx2"}}},
      {"texts", {{{"name", name}, {"tokens", 100}}}},
      {"floor", OrderedJson::object()},
      {"formats",
       {format("f16", 3000, 1e-6), format("int4", 1000, 0.3), format("int2", 2000, 9.0)}},
      {"sensitivity",
       {{{"format", "int4"}, {"parts", {{{"part", name}, {"is_layer", true}, {"kld", 0.1}}}}}}},
      {"histograms", OrderedJson::array()}};
  judge_formats(document);
  add_samples(document, {{"int4",
                          {{{"prompt", coherence_prompts()[0].text},
                            {"sampled", false},
                            {"text", text},
                            {"stop", "eos"},
                            {"looping", true},
                            {"invalid", false}}}}});
  return document;
}

TEST(Document, JudgesAndFindsTheLine) {
  const OrderedJson document = small_document("x", "m");
  const auto& formats = document["formats"];
  EXPECT_EQ(formats[0]["judgement"], "excellent");
  EXPECT_EQ(formats[1]["judgement"], "good");
  EXPECT_EQ(formats[2]["judgement"], "incoherent");
  EXPECT_EQ(formats[0]["pareto"], true);
  EXPECT_EQ(formats[1]["pareto"], true);
  EXPECT_EQ(formats[2]["pareto"], false);  // larger and worse than int4
  EXPECT_EQ(formats[1]["compression"], 3.0);
  EXPECT_EQ(document["samples"][0]["answers"].size(), 1U);
}

TEST(EmptyLines, AreCountedIfThereAreMany) {
  EXPECT_EQ(without_empty_lines(""), "");
  EXPECT_EQ(without_empty_lines("a\n\nb\n\n\nc"), "a\n\nb\n\n\nc");
  EXPECT_EQ(without_empty_lines("a\n\n\n\nb"), "a\n… 3 empty lines\nb");
  EXPECT_EQ(without_empty_lines("a\n \n\t\r\n\n\nb"), "a\n… 4 empty lines\nb");
  EXPECT_EQ(without_empty_lines(std::string(37, '\n')), "… 37 empty lines\n");
  EXPECT_EQ(without_empty_lines("a" + std::string(6, '\n')), "a\n… 5 empty lines\n");
  EXPECT_EQ(without_empty_lines("\n\n\n\na\n"), "… 4 empty lines\na\n");
}

TEST(Document, NullIsNaN) {
  EXPECT_TRUE(std::isnan(number_or_nan(OrderedJson())));
  EXPECT_EQ(number_or_nan(OrderedJson(2)), 2.0);
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Whatever a model, a text or a prompt says is text in the page, wherever it comes up.
TEST(Report, HasNoMarkupFromOutside) {
  const std::string evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!--";
  const std::string html = report_html(small_document(evil, evil));
  const std::string clean = report_html(small_document("safe", "safe"));
  for (const char* part : {"<script", "</script", "<img", "<!--", "onerror=alert(2)>"}) {
    EXPECT_EQ(count_of(html, part), count_of(clean, part)) << part;
  }
  EXPECT_NE(html.find("&lt;/script&gt;&lt;script&gt;alert(1)"), std::string::npos);
  // The document in the page is whole.
  const std::string begin = "id=\"study\">";
  const std::size_t at = html.find(begin) + begin.size();
  const auto inside = OrderedJson::parse(html.substr(at, html.find("</script>", at) - at));
  EXPECT_EQ(inside["samples"][0]["answers"][0]["text"], evil);

  const std::string markdown = report_markdown(small_document("``` \n</pre><script>", evil));
  EXPECT_NE(markdown.find("````text\n``` \n</pre><script>\n````"), std::string::npos);
  EXPECT_EQ(count_of(markdown, "<script>"), 1U);  // inside of the fence
}

TEST(Report, HasTheModelsNameForTitle) {
  const OrderedJson document = small_document("x", "Some-Model");
  EXPECT_NE(report_html(document).find("<title>Some-Model</title>"), std::string::npos);
  EXPECT_EQ(report_markdown(document).find("# Some-Model\n"), 0U);
}

TEST(Report, CountsEmptyLinesOfAnswers) {
  const OrderedJson document = small_document("one" + std::string(38, '\n') + "two", "m");
  for (const std::string& text : {report_html(document), report_markdown(document)})
    EXPECT_NE(text.find("one\n… 37 empty lines\ntwo"), std::string::npos);
  EXPECT_EQ(document["samples"][0]["answers"][0]["text"].get<std::string>().size(), 44U);
}

TEST(Report, HasTheAnswersIfThereAreAny) {
  OrderedJson document = small_document("x", "m");
  for (const std::string& text : {report_html(document), report_markdown(document)})
    EXPECT_EQ(text.find("What they answer"), std::string::npos);
  document["settings"]["questions"] = "default";
  document["settings"]["question_count"] = 200;
  const OrderedJson range{0.25, 0.375};
  for (OrderedJson& format : document["formats"]) {
    format["answers"] = {
        {"questions", 200},
        {"tokens", 4000},
        {"right", 0.3125},
        {"right_of_reference", nullptr},
        {"looping", 0.125},
        {"whole", 0.5},
        {"distinct1", 0.25},
        {"distinct2", 0.5},
        {"distinct3", 0.6875},
        {"intervals", {{"right", range}, {"right_of_reference", nullptr}, {"looping", range}}}};
  }
  const std::string markdown = report_markdown(document);
  EXPECT_NE(markdown.find("| int4 | 31.2 % | 25.0 % … 37.5 % | – | – | 12.5 % | 25.0 % … 37.5 % | "
                          "50.0 % | 0.2500 | 0.5000 | 0.6875 | 20.0 |"),
            std::string::npos)
      << markdown;
  EXPECT_NE(report_html(document).find("What they answer"), std::string::npos);
}

TEST(Report, HasBothTablesAndTheFiguresOfThePlots) {
  const OrderedJson document = small_document("an answer", "model");
  for (const std::string& text : {report_html(document), report_markdown(document)}) {
    for (const char* part : {"the engine’s own floor", "an answer", "0.3000", "75.0 %", "good",
                             "incoherent", "3.00", "--format int4"}) {
      EXPECT_NE(text.find(part), std::string::npos) << part;
    }
  }
}

}  // namespace
}  // namespace cellm
