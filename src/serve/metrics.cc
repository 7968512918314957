#include "serve/metrics.h"

#include <fmt/format.h>

namespace cellm {
namespace {

class Text {
 public:
  template <typename T>
  void gauge(const char* name, const char* help, T value) {
    add(name, help, "gauge", value);
  }
  template <typename T>
  void counter(const char* name, const char* help, T value) {
    add(name, help, "counter", value);
  }
  void begin(const char* name, const char* help, const char* type) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  template <typename T>
  void sample(const char* name, const char* label, const std::string& of, T value) {
    text_ += fmt::format("{}{{{}=\"{}\"}} {}\n", name, label, escaped(of), value);
  }
  std::string take() { return std::move(text_); }

 private:
  template <typename T>
  void add(const char* name, const char* help, const char* type, T value) {
    begin(name, help, type);
    text_ += fmt::format("{} {}\n", name, value);
  }
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '\\' || c == '"') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    return out;
  }

  std::string text_;
};

}  // namespace

std::string metrics_text(const SchedulerMetrics& m, std::size_t max_queue,
                         const std::map<int, std::size_t>& responses) {
  Text text;
  text.gauge("cellm_requests_running", "Prompts being read and answers being written.", m.running);
  text.gauge("cellm_requests_waiting", "Requests that wait for a place.", m.queued);
  text.gauge("cellm_queue_limit", "Requests that may wait.", max_queue);
  text.gauge("cellm_sequences_free", "Free places for prompts and answers.", m.sequences_free);
  const double usage = m.cache_bytes_limit == 0 ? 0.0
                                                : static_cast<double>(m.cache_bytes_used) /
                                                      static_cast<double>(m.cache_bytes_limit);
  text.gauge("cellm_cache_usage_ratio", "Used part of the memory for sequences, 0 to 1.", usage);
  text.gauge("cellm_cache_bytes", "Used memory for sequences.", m.cache_bytes_used);
  text.gauge("cellm_cache_limit_bytes", "Memory for sequences.", m.cache_bytes_limit);
  text.counter("cellm_requests_total", "Accepted requests.", m.requests);
  text.counter("cellm_requests_cancelled_total", "Requests whose client went away.", m.cancelled);
  text.counter("cellm_requests_failed_total", "Requests that failed.", m.failed);
  text.counter("cellm_requests_refused_total", "Requests refused for a full queue.", m.refused);
  text.counter("cellm_prompt_tokens_total", "Tokens of prompts that were read.", m.prompt_tokens);
  text.counter("cellm_cached_tokens_total", "Tokens of prompts taken from the cache.",
               m.cached_tokens);
  text.counter("cellm_generated_tokens_total", "Generated tokens.", m.generated_tokens);
  text.counter("cellm_drafted_tokens_total", "Tokens guessed by lookup.", m.drafted_tokens);
  text.counter("cellm_accepted_tokens_total", "Guessed tokens that were right.", m.accepted_tokens);
  text.counter("cellm_prompt_seconds_total", "Time in steps that read a part of a prompt.",
               m.prompt_seconds);
  text.counter("cellm_decode_seconds_total", "Time in all other steps.", m.decode_seconds);
  text.begin("cellm_cache_misses_total", "Requests of which more had to be read, by reason.",
             "counter");
  for (const auto& [reason, count] : m.cache_misses) {
    text.sample("cellm_cache_misses_total", "reason", reason, count);
  }
  text.begin("cellm_http_responses_total", "Responses by status.", "counter");
  for (const auto& [status, count] : responses) {
    text.sample("cellm_http_responses_total", "status", std::to_string(status), count);
  }
  return text.take();
}

}  // namespace cellm
