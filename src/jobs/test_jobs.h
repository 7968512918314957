// For tests only: small models with a tokenizer, and events that are checked and counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "jobs/job.h"

namespace cellm::test {

// A tokenizer.json whose tokens are the bytes, in GPT-2's spelling.
std::string byte_tokenizer_json();

// A copy of one of testdata's models in the folder, with that tokenizer.
inline std::filesystem::path model_with_tokenizer(const TestFolder& folder,
                                                  const std::string& name) {
  const auto from = std::filesystem::path(CELLM_TESTDATA) / "models" / name;
  std::filesystem::create_directories(folder.path() / name);
  for (const char* file : {"config.json", "model.safetensors"})
    std::filesystem::copy_file(from / file, folder.path() / name / file);
  folder.write(name + "/tokenizer.json", byte_tokenizer_json());
  return folder.path() / name;
}

// Checks that progress is in order, and cancels at an event if it is told to.
class EventLog {
 public:
  JobControl control() {
    return JobControl([this](const Event& event) { add(event); }, &token_);
  }
  void cancel_at(std::size_t event) { cancel_at_ = event; }

  std::size_t events() const { return events_; }
  const std::vector<std::string>& stages() const { return stages_; }
  template <class Kind>
  std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(notes_.begin(), notes_.end(), [](const Note& n) {
      return std::holds_alternative<Kind>(n);
    }));
  }

 private:
  void add(const Event& event) {
    if (event.note) {
      notes_.push_back(*event.note);
    } else {
      EXPECT_FALSE(event.stage.empty());
      EXPECT_LE(event.done, event.total) << event.stage;
      if (stages_.empty() || stages_.back() != event.stage) {
        stages_.emplace_back(event.stage);
        done_ = 0;
      }
      EXPECT_GE(event.done, done_) << event.stage;
      done_ = event.done;
    }
    if (++events_ == cancel_at_) token_.cancel();
  }

  CancelToken token_;
  std::size_t cancel_at_ = 0;
  std::size_t events_ = 0;
  std::uint64_t done_ = 0;
  std::vector<std::string> stages_;
  std::vector<Note> notes_;
};

// Names of the files in a folder.
inline std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

}  // namespace cellm::test
