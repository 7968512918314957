// Harnesses of the server: requests as bytes of a connection, and the bodies of API requests.

#include <algorithm>
#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chat/chat.h"
#include "harness.h"
#include "mutate.h"
#include "serve/api_error.h"
#include "serve/http_server.h"
#include "serve/tokenizer_api.h"
#include "serve/work.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm::fuzz {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;
// Responses to what an input can have fit into the buffer of the socket.
constexpr std::size_t kMaxConnectionBytes = 4096;

const ServedModel& model() {
  static const Tokenizer tokenizer = [] {
    const std::string path = std::string(CELLM_FUZZ_DATA) + "/small.tokenizer.json";
    return Tokenizer(read_tokenizer_json(read_file(path, kMaxFileBytes), path), path);
  }();
  static const Chat chat(kQwen35Template, "qwen3_5", {});
  static const ServedModel served = [] {
    ServedModel made;
    made.name = "m";
    made.context = 4096;
    made.vocab_size = tokenizer.vocab_size();
    made.defaults.tokenizer = &tokenizer;
    made.chat = &chat;
    made.tool_chat = &chat;
    return made;
  }();
  return served;
}

// The events of an answer, as a scheduler would report them.
void finish(Work& work) {
  for (std::size_t i = 0; i < work.requests.size() && i < 4; ++i) {
    require(!work.requests[i].prompt.empty(), "a prompt has tokens");
    const auto& borders = work.requests[i].borders;
    require(std::is_sorted(borders.begin(), borders.end()), "borders ascend");
    CompletionEvent event{.kind = CompletionEvent::Kind::kPromptRead};
    std::string sent = work.reply->take(i, event);
    event.kind = CompletionEvent::Kind::kToken;
    event.id = work.requests[i].prompt.front();
    event.text.assign(1, 'x');
    sent += work.reply->take(i, event);
    event.kind = CompletionEvent::Kind::kEnd;
    event.result.text = "xy";
    sent += work.reply->take(i, event);
    require(work.stream != sent.empty(), "a stream has events, another answer has none");
    require(sent.find('\r') == std::string::npos, "events have one kind of line break");
  }
  require(OrderedJson::accept(json_text(work.reply->whole())), "a response is JSON");
}

// The first byte chooses the endpoint; the rest is the body.
void run_api(Bytes input) {
  if (input.empty()) return;
  const std::string_view body = text_of(input.subspan(1));
  try {
    const OrderedJson request = parse_body(body);
    constexpr std::array kMakers{make_chat_work, make_text_work, make_responses_work};
    const std::size_t choice = input[0] % 6;
    if (choice < kMakers.size() || choice == 5) {
      Work work =
          choice == 5 ? make_plain_work(model(), request) : kMakers[choice](model(), request);
      finish(work);
    } else if (choice == 3) {
      json_text(tokenize(model(), request));
    } else {
      json_text(detokenize(model(), request));
    }
  } catch (const ApiError& error) {
    require(error.status >= 400 && error.status < 500, "a body causes errors of the client");
    require(OrderedJson::accept(error_body(error)), "an error is JSON");
  }
}

constexpr std::array<std::string_view, 39> kFields{
    "messages",    "role",         "user",
    "assistant",   "content",      "prompt",
    "input",       "stream",       "n",
    "stop",        "seed",         "logit_bias",
    "echo",        "logprobs",     "tools",
    "type",        "function",     "name",
    "parameters",  "tokens",       "max_tokens",
    "text",        "format",       "schema",
    "grammar",     "top_k",        "top_p",
    "temperature", "system",       "tool",
    "call_id",     "arguments",    "tool_calls",
    "min_p",       "instructions", "strict",
    "regex",       "choice",       "structured_outputs"};

std::string mutate_api(const std::string& input, Random& random) {
  if (input.empty()) return input;
  return input.substr(0, 1) + mutate_json_text(input.substr(1), kFields, random);
}

// A server that answers whatever it is asked.
HttpServer& server() {
  static HttpServer& made = *[] {
    HttpRules rules;
    rules.keys = ApiKeys(std::vector<std::string>{"0123456789abcdef"});
    rules.hosts = {{"llm.example"}, {"https://chat.example"}};
    rules.log = [](const std::string& line) {
      require(std::none_of(line.begin(), line.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
              "a line of the log is one line");
    };
    auto* http = new HttpServer(std::move(rules));
    http->get(
        "/open", [](const auto& /*request*/, auto& response) { set_json(response, "{}"); }, true);
    http->get("/closed/*",
              [](const auto& /*request*/, auto& response) { set_json(response, "{}"); });
    http->post("/post", [](const auto& /*request*/, const std::string& body, auto& response) {
      parse_body(body);
      set_json(response, "{}");
    });
    return http;
  }();
  return made;
}

void run_http(Bytes input) {
  int ends[2];
  require(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "a pair of sockets");
  const std::size_t size = std::min(input.size(), kMaxConnectionBytes);
  require(::send(ends[0], input.data(), size, MSG_NOSIGNAL) == static_cast<ssize_t>(size),
          "a socket takes the input");
  ::shutdown(ends[0], SHUT_WR);
  server().serve(ends[1]);
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(ends[0], buffer, sizeof(buffer), 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  require(answer.empty() || answer.starts_with("HTTP/1.1 "), "an answer is HTTP");
}

}  // namespace

constinit const Harness kApiRequest{"api_request", run_api, mutate_api};
constinit const Harness kHttpRequest{"http_request", run_http};

}  // namespace cellm::fuzz
