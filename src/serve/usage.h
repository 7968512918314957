// Counts of tokens and times, as responses report them.
#pragma once

#include <cstddef>
#include <string>

#include "schedule/completion.h"
#include "serve/json_text.h"

namespace cellm {

// Sums over the prompts and answers of a request. The token that ended an answer counts as
// generated.
class Usage {
 public:
  void add_prompt(std::size_t tokens) { prompt_ += tokens; }
  void take(const CompletionEvent& event);

  // OpenAI's forms of the two interfaces.
  OrderedJson completion_json() const;
  OrderedJson response_json() const;
  // The event at the end of a stream of completions; `frame`: the fields of all its chunks.
  std::string completion_event(OrderedJson frame) const;
  // "22 tokens (16 cached) and 8 generated", for the log
  std::string note() const;
  // llama.cpp's `timings`.
  OrderedJson timings_json() const;

 private:
  std::size_t prompt_ = 0;
  std::size_t cached_ = 0;
  std::size_t generated_ = 0;
  std::size_t reasoning_ = 0;
  std::size_t drafted_ = 0;
  std::size_t accepted_ = 0;
  double prompt_seconds_ = 0.0;
  double decode_seconds_ = 0.0;
};

// "stop", "length"
const char* finish_reason(StopReason reason);

}  // namespace cellm
