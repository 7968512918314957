#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "capi/test_capi.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;
using test::expect_failure;
using test::expect_ok;
using test::sized;

class StudyCall : public test::CapiTest {
 protected:
  cellm_study_options options() const {
    auto options = sized<cellm_study_options>();
    options.source = source_.c_str();
    options.output = output_.c_str();
    options.texts = texts_.data();
    options.text_count = texts_.size();
    options.formats = formats_.data();
    options.format_count = formats_.size();
    options.window = 32;
    options.generate = 4;
    options.threads = 2;
    return options;
  }

  std::set<std::string> rows() const {
    std::set<std::string> names;
    std::ifstream file(fs::path(output_) / "study.json");
    const auto document = nlohmann::json::parse(file);
    for (const auto& row : document.at("formats")) names.insert(row.at("name").get<std::string>());
    return names;
  }

  const std::string source_ = path_.string();
  const std::string output_ = (folder_.path() / "study").string();
  const std::string text_ =
      folder_.write("text.txt", std::string(400, 'a') + " is not a word.").string();
  const std::array<const char*, 1> texts_{text_.c_str()};
  const std::array<const char*, 2> formats_{"f16", "int4"};
};

// Ends the job at its 20th report.
int end_early(void* user, const char*, std::uint64_t, std::uint64_t) {
  return ++*static_cast<int*>(user) == 20 ? 1 : 0;
}

TEST_F(StudyCall, ACancelledOneIsResumed) {
  const auto study = options();
  int reports = 0;
  auto control = sized<cellm_job_control>();
  control.on_progress = end_early;
  control.user = &reports;
  auto result = sized<cellm_study_result>();
  EXPECT_EQ(cellm_study(&study, &control, &result), CELLM_CANCELLED);
  EXPECT_EQ(reports, 20);
  EXPECT_FALSE(fs::exists(fs::path(output_) / "study.json"));

  expect_ok(cellm_study(&study, nullptr, &result));
  EXPECT_EQ(result.formats, 2U);
  EXPECT_EQ(rows(), (std::set<std::string>{"f16", "int4"}));
  EXPECT_TRUE(fs::exists(fs::path(output_) / "report.html"));
}

TEST_F(StudyCall, WrongOptionsAreRefused) {
  const auto refuse = [&](auto&& change, const char* message) {
    auto study = options();
    change(study);
    auto result = sized<cellm_study_result>();
    expect_failure(cellm_study(&study, nullptr, &result), CELLM_ERROR_USAGE, message);
  };
  refuse([](auto& o) { o.source = nullptr; }, "source");
  refuse([](auto& o) { o.output = nullptr; }, "output");
  refuse([](auto& o) { o.texts = nullptr; }, "texts");
  refuse([](auto& o) { o.speed_runs = 1; }, "program");
  refuse([](auto& o) { o.size = 0; }, "size is not set");
  EXPECT_FALSE(fs::exists(output_));
}

}  // namespace
}  // namespace cellm
