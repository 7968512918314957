// Counts of the JSON documents that a conversion parses and of the weights that it loads.

#include "base/work_count.h"

#include <map>
#include <string>

#include "jobs/convert_job.h"
#include "jobs/test_jobs.h"

namespace cellm {
namespace {

// Counts work as long as it lives, by subject.
class WorkLog {
 public:
  WorkLog() {
    observe_work(
        [this](Work work, std::string_view subject) { ++counts_[work][std::string(subject)]; });
  }
  ~WorkLog() { observe_work({}); }
  WorkLog(const WorkLog&) = delete;
  WorkLog& operator=(const WorkLog&) = delete;

  const std::map<std::string, std::size_t>& counts(Work work) { return counts_[work]; }

 private:
  std::map<Work, std::map<std::string, std::size_t>> counts_;
};

// config.json and the headers of the source and of each state of the result are parsed once;
// weights are loaded from the source, the quantized file and the tuned file.
TEST(ConvertWork, ASearchParsesEachDocumentOnceAndLoadsWeightsThreeTimes) {
  const TestFolder in;
  const TestFolder out;
  ConvertJobOptions job;
  job.input = test::model_with_tokenizer(in, "llama");
  job.output = out.path() / "m.cellm";
  job.formats = TargetRequest{3.0, {}, {}};
  job.calibration = CalibrationRequest{std::string(kDefaultText), 1024, 0, true};
  job.tune_tokens = 4096;
  job.threads = 2;
  WorkLog log;
  const ConvertResult result = run_convert(job, {});
  ASSERT_TRUE(result.tuned && result.quality);
  ASSERT_NE(result.tuned->tokens, 0U);  // so that the tuned file has another header

  for (const auto& [text, count] : log.counts(Work::kJsonParse))
    EXPECT_EQ(count, 1U) << text.substr(0, 200);
  EXPECT_EQ(log.counts(Work::kJsonParse).size(), 4U);
  std::size_t loads = 0;
  for (const auto& [path, count] : log.counts(Work::kWeightsLoad)) {
    loads += count;
    EXPECT_LE(count, path == job.input ? 1U : 2U) << path;
  }
  EXPECT_LE(loads, 3U);
}

}  // namespace
}  // namespace cellm
