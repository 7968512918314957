// The arguments of study.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "study/study.h"

namespace cellm {

struct StudyArguments {
  StudyOptions study;
  std::vector<std::string> texts;
  std::vector<std::string> files;
  std::string source;
  std::string output;
  std::string publish;
  std::string questions{kDefaultQuestions};
  bool no_keep = false;
  bool plan = false;  // print the jobs
  std::string job;    // run one of them
  bool quiet = false;
};

void add_study_options(Options& options, StudyArguments& arguments);

// The options of the study. `source`: the path of the model.
StudyOptions study_options(const StudyArguments& arguments, const std::string& source);

// The command line that runs a job of this study.
std::vector<std::string> job_command(const StudyArguments& arguments, const std::string& job);

}  // namespace cellm
