// Answers of a Runner: their tokens and drafts.
#include <algorithm>
#include <utility>

#include "engine/generate.h"
#include "schedule/error_of.h"
#include "schedule/runner.h"

namespace cellm {

void Runner::begin_answer(Answer answer, std::span<const float> logits) {
  answers_.push_back(std::move(answer));
  Answer& begun = answers_.back();
  begun.error = error_of([&] {
    const std::size_t room = context_ - batch_.position(begun.sequence);
    if (const auto id = begun.text.choose(logits, room)) add_token(begun, *id);
  });
  report(begun);
  remove_ended();
}

// Memory for the next token; false if there is none at present.
bool Runner::reserve_next(Answer& answer) {
  const std::size_t needed = batch_.position(answer.sequence) + 1;
  if (needed <= answer.reserved) return true;
  const std::size_t more = std::min(needed + kReserveStep, most_tokens(answer.request->request()));
  const std::uint64_t bytes = sizes_.own(more, 0) - sizes_.own(answer.reserved, 0);
  if (!ledger_.could_fit(bytes) || !cache_.make_room(bytes)) return false;
  answer.lease.add(bytes);
  answer.reserved = more;
  return true;
}

// Drafts are for the time when no prompts are read, which share the weights with the answers too.
void Runner::add_answers(Step& step) {
  step.plain_seconds = plain_.seconds(step.answers.size());
  std::size_t spare = kMaxLogitRows - std::min(kMaxLogitRows, step.answers.size());
  for (Answer* answer : step.answers) {
    auto input = answer->text.pending();
    if (prompts_.empty()) {
      const std::size_t reserved = answer->reserved - batch_.position(answer->sequence);
      input = answer->text.pending_with_draft(
          std::min({spare + 1, batch_.max_tentative(answer->sequence), reserved}),
          step.plain_seconds);
    }
    const std::size_t drafted = input.size() - 1;
    spare -= drafted;
    step.drafted += drafted;
    step.inputs.push_back({answer->sequence, input, input.size(), drafted != 0});
  }
}

void Runner::add_token(Answer& answer, std::uint32_t id) {
  Token token{id, answer.text.latest_text(), {}};
  const std::vector<TokenLogprobs>& logprobs = answer.text.result().logprobs;
  if (!logprobs.empty()) token.logprobs = logprobs.back();
  answer.chosen.push_back(std::move(token));
}

void Runner::take_answers(const Step& step, std::span<const StepOutput> outputs) {
  engine_.pool().parallel_for(step.answers.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Answer& answer = *step.answers[i];
      const std::span<const std::uint32_t> input = step.inputs[i].tokens;
      const std::size_t room = context_ - (batch_.position(answer.sequence) - input.size());
      answer.chosen.clear();
      answer.kept = 0;
      answer.error = error_of([&] {
        choose_along(answer.text, input, outputs[i], room, answer.kept, [&](std::uint32_t id) {
          add_token(answer, id);
          return true;
        });
      });
    }
  });
  const std::size_t hidden = engine_.config().hidden;
  for (std::size_t i = 0; i < step.answers.size(); ++i) {
    Answer& answer = *step.answers[i];
    if (step.inputs[i].tentative) end_draft(step, i);
    keep_answer(answer, outputs[i].hidden().subspan((answer.kept - 1) * hidden, hidden));
    report(answer);
  }
  if (step.prompts.empty()) {
    if (step.drafted == 0) {
      plain_.add(step.answers.size(), step.seconds);
    } else {
      plain_.add_drafted(step.answers.size());
    }
  }
  remove_ended();
}

// The answer is charged with its part of a step without drafts, and with a part of what the drafts
// of all have added by the tokens of its own.
void Runner::end_draft(const Step& step, std::size_t input) {
  Answer& answer = *step.answers[input];
  const auto error = error_of([&] { batch_.keep(answer.sequence, answer.kept); });
  if (error) answer.error = error;
  const std::size_t drafted = step.inputs[input].tokens.size() - 1;
  counters_.drafted_tokens += drafted;
  counters_.accepted_tokens += answer.kept - 1;
  std::optional<double> plain;
  double seconds = step.seconds;
  if (step.plain_seconds) {
    plain = *step.plain_seconds / static_cast<double>(step.answers.size());
    const double part = static_cast<double>(drafted) / static_cast<double>(step.drafted);
    seconds = *plain + std::max(0.0, step.seconds - *step.plain_seconds) * part;
  }
  answer.text.judge_draft(answer.kept, seconds, plain);
}

// The choice of the present step. Answers of a request that failed stay until remove_ended().
void Runner::report(Answer& answer) {
  if (answer.request->ended()) return;
  for (Token& token : answer.chosen) {
    ++counters_.generated_tokens;
    CompletionEvent event{.kind = CompletionEvent::Kind::kToken, .answer = answer.index};
    event.id = token.id;
    event.text = std::move(token.text);
    event.logprobs = std::move(token.logprobs);
    answer.request->push(std::move(event));
  }
  if (answer.error) {
    push_failure(*answer.request, *answer.error);
  } else if (answer.text.ended()) {
    answer.request->push_end(answer.index, answer.text.result());
  }
}

// The next prompt may continue behind an answer.
void Runner::keep_answer(Answer& answer, std::span<const float> hidden) {
  if (!answer.text.ended() || answer.error || !answer.request->request().use_cache) return;
  cache_.keep(batch_.snapshot(answer.sequence), hidden, answer.lease);
}

}  // namespace cellm
