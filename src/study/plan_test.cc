#include "study/plan.h"

#include <limits>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "base/today.h"
#include "study/formats.h"
#include "study/score_json.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::vector<std::string> names_of(const std::vector<StudyFormat>& formats) {
  std::vector<std::string> names;
  for (const StudyFormat& format : formats) names.push_back(format.name);
  return names;
}

TEST(StudyFormats, ATunedFormatBringsTheOneThatItIsMadeOf) {
  const std::vector<std::string> given{"t2-calibrated-tuned", "int2-tuned", "int2", "bits-2.25"};
  const auto formats = study_formats(given);
  EXPECT_EQ(names_of(formats),
            (std::vector<std::string>{"f16", "t2-calibrated", "t2-calibrated-tuned", "int2",
                                      "int2-tuned", "bits-2.25"}));
  EXPECT_EQ(formats[1].making, StudyMaking::kCalibrated);
  EXPECT_EQ(formats[2].making, StudyMaking::kTuned);
  EXPECT_EQ(formats[2].base, "t2-calibrated");
  EXPECT_TRUE(formats[3].in_study);
  EXPECT_FALSE(formats[4].in_study);
  EXPECT_EQ(formats[5].bits, 2.25);
  for (const std::string bad : {"f16-tuned", "int2-tuned-tuned", "int2-tuned-calibrated", "bits-",
                                "bits-0", "bits-2x", "bits-17", "-tuned"}) {
    expect_error(ErrorKind::kUsage, "format", [&] { study_formats({&bad, 1}); });
  }
}

TEST(ScoreJson, KeepsEveryBit) {
  EvalScores scores;
  for (int i = 0; i < 50; ++i) {
    const double x = 1.0 / (3.0 + i);
    scores.push_back({x, 2.0 * x, std::numeric_limits<double>::denorm_min() * i, -x, i % 3 == 0});
  }
  const std::string text = scores_json(scores).dump();
  EvalScores read{scores.front()};
  add_scores(OrderedJson::parse(text), "file", read);
  ASSERT_EQ(read.size(), scores.size() + 1);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const RowScore& a = scores[i];
    const RowScore& b = read[i + 1];
    EXPECT_EQ(std::tie(a.nll, a.reference_nll, a.kld, a.delta_p, a.same_top),
              std::tie(b.nll, b.reference_nll, b.kld, b.delta_p, b.same_top));
  }
}

TEST(ScoreJson, RefusesAnotherForm) {
  const EvalScores scores(3);
  for (const char* name : {"nll", "reference_nll", "kld", "delta_p", "same_top"}) {
    for (const OrderedJson& value :
         {OrderedJson(), OrderedJson(1), OrderedJson{1.0, 2.0}, OrderedJson{1.0, "x", 2.0}}) {
      if (name == std::string("same_top") && value.size() == 3) continue;  // anything but 1 is 0
      OrderedJson json = scores_json(scores);
      json[name] = value;
      EvalScores read;
      expect_error(ErrorKind::kData, "file: scores: ", [&] { add_scores(json, "file", read); });
    }
  }
  EvalScores read;
  expect_error(ErrorKind::kData, "scores", [&] { add_scores(OrderedJson(3), "file", read); });
}

TEST(Today, IsTheDayOfTheEpochIfThatIsGiven) {
  EXPECT_EQ(today_utc().size(), 10U);
  ::setenv("SOURCE_DATE_EPOCH", "86400", 1);
  EXPECT_EQ(today_utc(), "1970-01-02");
  ::setenv("SOURCE_DATE_EPOCH", "x", 1);
  EXPECT_GT(today_utc(), "2026");
  ::unsetenv("SOURCE_DATE_EPOCH");
}

}  // namespace
}  // namespace cellm
