#include "cli/chat_loop.h"

#include <cstdio>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/stopwatch.h"
#include "cli/answer_view.h"
#include "cli/chat_commands.h"
#include "cli/command.h"
#include "cli/interrupts.h"
#include "cli/progress.h"

namespace cellm {
namespace {

constexpr double kSilentSeconds = 1.0;  // of reading, before its progress is shown

// Shows that a long prompt is being read.
class ReadingProgress {
 public:
  explicit ReadingProgress(bool enabled) : enabled_(enabled) {}
  void update(std::size_t done, std::size_t total) {
    if (done == total) return bar_.reset();
    if (!bar_ && enabled_ && watch_.seconds() > kSilentSeconds) bar_.emplace("reading");
    if (bar_) bar_->update(done, total);
  }
  void end() { bar_.reset(); }

 private:
  bool enabled_;
  Stopwatch watch_;
  std::optional<ProgressBar> bar_;
};

std::string_view remark_on(StopReason reason) {
  switch (reason) {
    case StopReason::kLength:
      return ", cut off by max-tokens";
    case StopReason::kContext:
      return ", the context is full: /undo or /clear makes room";
    case StopReason::kInterrupted:
      return ", interrupted";
    case StopReason::kLoop:
      return ", stopped because it repeats itself";
    default:
      return "";
  }
}

}  // namespace

bool ChatLoop::handle(const std::string& message) {
  const std::optional<ChatCommand> command = parse_chat_command(message);
  if (command) return run_command(command->name, command->rest);
  answer([&](const GenerateOptions& options, const AnswerEvents& events) {
    return talk_.ask(message_of(message), options, events);
  });
  return true;
}

void ChatLoop::answer(const Ask& ask) {
  if (settings_.interactive) take_interrupt();
  AnswerView view(settings_.style, settings_.show_thinking);
  ReadingProgress progress(settings_.interactive);
  AnswerEvents events;
  bool began = false;
  events.on_text = [&](std::string_view text, std::size_t tokens) {
    began = true;
    view.push(text, tokens);
  };
  events.on_reading = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  events.interrupted = interrupt_pending;
  GenerateOptions options = settings_.generate;
  options.sampler.seed += totals_.answers++;
  ChatAnswer answer;
  try {
    answer = ask(options, events);
  } catch (...) {
    progress.end();
    if (began) view.finish();
    throw;
  }
  progress.end();
  view.finish();
  if (settings_.interactive) take_interrupt();
  report(answer);
}

void ChatLoop::report(const ChatAnswer& answer) {
  const GenerateResult& result = answer.result;
  totals_.prompt_tokens += result.prompt_tokens;
  totals_.reread_tokens += answer.reread_tokens;
  totals_.generated_tokens += result.ids.size();
  totals_.decoded_tokens += result.decoded_tokens;
  totals_.drafted_tokens += result.drafted_tokens;
  totals_.accepted_tokens += result.accepted_tokens;
  totals_.prompt_seconds += result.prompt_seconds;
  totals_.decode_seconds += result.decode_seconds;
  if (result.reason == StopReason::kInterrupted && result.ids.empty())
    return note("interrupted; the conversation is as before");
  if (settings_.quiet) return;
  note(fmt::format("{} tokens, {:.1f} tokens/s, context {} of {}{}", result.ids.size(),
                   rate(result.decoded_tokens, result.decode_seconds), talk_.session().position(),
                   talk_.session().max_tokens(), remark_on(result.reason)));
}

// For a user only.
void ChatLoop::note(std::string_view text) const {
  if (!settings_.interactive) return;
  if (settings_.style.styled) {
    print_now(fmt::format("{}{}{}\n", kDim, text, kNoBold));
  } else {
    fmt::print(settings_.style.terminal ? stdout : stderr, "{}\n", text);
  }
}

bool ChatLoop::run_command(std::string_view name, std::string_view rest) {
  require_arguments(name, rest);
  if (name == "bye") return false;
  if (name == "help") {
    print_now(chat_help());
  } else if (name == "system") {
    talk_.set_system(std::string(rest));
    note(rest.empty() ? "no system message" : "system message set");
  } else if (name == "regen") {
    answer([&](const GenerateOptions& options, const AnswerEvents& events) {
      return talk_.regenerate(options, events);
    });
  } else if (name == "undo") {
    if (!talk_.undo()) throw usage_error("/undo: there is no question yet");
    note("dropped the latest question and its answer");
  } else if (name == "clear") {
    talk_.clear();
    note("a new conversation");
  } else if (name == "save") {
    talk_.save(rest);
    note(fmt::format("messages saved: {}", talk_.messages().size()));
  } else if (name == "load") {
    talk_.load(rest);
    note(fmt::format("messages loaded: {}", talk_.messages().size()));
  } else if (name == "set") {
    set(rest);
  } else if (name == "think") {
    set_thinking(rest);
  } else {
    print_statistics();
  }
  return true;
}

void ChatLoop::set(std::string_view rest) {
  if (rest.empty()) {
    print_now(list_settings(settings_.generate));
    return;
  }
  change_setting(rest, settings_.generate);
  note(std::string(rest));
}

void ChatLoop::set_thinking(std::string_view rest) {
  if (rest != "on" && rest != "off") throw usage_error("/think takes on or off");
  settings_.show_thinking = rest == "on";
  note(settings_.show_thinking ? "thinking is shown" : "thinking is folded");
}

void ChatLoop::print_statistics() const {
  const Session& session = talk_.session();
  print_now(
      fmt::format("messages  {}\n"
                  "context   {} of {} tokens, {}\n"
                  "read      {} tokens, {} of them again, {:.1f} tokens/s\n"
                  "written   {} tokens in {} answers, {:.1f} tokens/s\n"
                  "lookup    {} of {} tokens read ahead were right\n"
                  "memory    {} at most\n",
                  talk_.messages().size(), session.position(), session.max_tokens(),
                  human_bytes(session.state_bytes(session.position())), totals_.prompt_tokens,
                  totals_.reread_tokens, rate(totals_.prompt_tokens, totals_.prompt_seconds),
                  totals_.generated_tokens, totals_.answers,
                  rate(totals_.decoded_tokens, totals_.decode_seconds), totals_.accepted_tokens,
                  totals_.drafted_tokens, human_bytes(peak_memory_bytes())));
}

}  // namespace cellm
