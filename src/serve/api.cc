#include "serve/api.h"

#include <chrono>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "serve/connection.h"
#include "serve/exchange.h"
#include "serve/limits.h"
#include "serve/metrics.h"
#include "serve/openapi.h"
#include "serve/page.h"
#include "serve/tokenizer_api.h"

namespace cellm {
namespace {

using Clock = std::chrono::steady_clock;

ApiError going_away() {
  ApiError error(503, "the server is shutting down");
  error.code = "draining";
  return error;
}

// An answer on its way to a client, event by event.
struct Stream {
  Stream(Scheduler& scheduler, Work work, std::size_t together)
      : exchange(scheduler, std::move(work.requests), together), reply(std::move(work.reply)) {}

  Exchange exchange;
  std::unique_ptr<Reply> reply;
  Clock::time_point latest = Clock::now();

  // What to send now; waits a little for it.
  std::string step() {
    if (auto event = exchange.next(kPollTime)) {
      return reply->take(event->first, event->second);
    }
    return Clock::now() - latest < kStreamSilence ? std::string() : std::string(kSseComment);
  }

  // The provider of httplib: false ends the connection.
  bool provide(httplib::DataSink& sink, const std::atomic<bool>& aborted) {
    std::string text;
    bool failed = false;
    try {
      if (aborted) throw going_away();
      text = step();
      if (exchange.finished()) text += reply->end();
    } catch (const ApiError& error) {
      text = reply->fail(error);
      failed = true;
    }
    if (!sink.is_writable()) {
      Connection::current()->note = "the client left";
      return false;
    }
    if (!text.empty()) {
      if (!sink.write(text.data(), text.size())) return false;
      latest = Clock::now();
    }
    if (failed || exchange.finished()) {
      Connection::current()->note = reply->usage().note();
      sink.done();
    }
    return true;
  }
};

}  // namespace

Api::Api(const ServedModel& model, Scheduler& scheduler, const ApiLimits& limits)
    : model_(model), scheduler_(scheduler), limits_(limits) {}

void Api::install(HttpServer& server) {
  const auto get_health = [this](const Request& request, Response& response) {
    health(request, response);
  };
  server.get("/health", get_health, true);
  const auto get_metrics = [this, &server](const Request& /*request*/, Response& response) {
    response.set_content(metrics_text(scheduler_.metrics(), limits_.max_queue, server.responses()),
                         kMetricsType);
  };
  server.get("/metrics", get_metrics, limits_.open_metrics);
  server.get("/openapi.json", [](const Request& /*request*/, Response& response) {
    response.set_content(std::string(kOpenApi), "application/json");
  });
  for (const char* path : {"/v1/models", "/models"}) {
    server.get(path, [this](const Request& /*request*/, Response& response) {
      set_json(response, json_text({{"object", "list"}, {"data", OrderedJson::array({models()})}}));
    });
  }
  const auto get_model = [this](const Request& request, Response& response) {
    constexpr std::string_view kFolder = "/models/";
    const std::string name = request.path.substr(request.path.find(kFolder) + kFolder.size());
    if (name != model_.name) {
      ApiError error(
          404, fmt::format("there is no model {} here, only {}", printable(name), model_.name));
      error.code = "model_not_found";
      throw error;
    }
    set_json(response, json_text(models()));
  };
  server.get("/v1/models/*", get_model);
  server.get("/models/*", get_model);
  for (const PageFile& file : page_files()) {
    server.get(
        file.path,
        [&file](const Request& /*request*/, Response& response) {
          response.set_header("Content-Security-Policy", kPagePolicy);
          response.set_header("Referrer-Policy", "no-referrer");
          response.set_content(std::string(*file.text), file.type);
        },
        true);
  }
  install_answers(server);
  install_tokenizer(server);
}

void Api::install_answers(HttpServer& server) {
  const std::pair<const char*, MakeWork> endpoints[] = {
      {"/v1/chat/completions", make_chat_work}, {"/chat/completions", make_chat_work},
      {"/v1/completions", make_text_work},      {"/completions", make_text_work},
      {"/v1/responses", make_responses_work},   {"/responses", make_responses_work},
      {"/completion", make_plain_work}};
  for (const auto& [path, make] : endpoints) {
    server.post(path, [this, make = make](const Request& request, const std::string& body,
                                          Response& response) {
      answer(request, parse_body(body), make, response);
    });
  }
  for (const char* path : {"/v1/embeddings", "/embeddings"}) {
    server.post(
        path, [](const Request& /*request*/, const std::string& /*body*/, Response& /*response*/) {
          ApiError error(404,
                         "no model that makes embeddings is loaded: this server's model writes "
                         "text");
          error.code = "model_not_found";
          throw error;
        });
  }
}

void Api::install_tokenizer(HttpServer& server) {
  server.post("/tokenize",
              [this](const Request& /*request*/, const std::string& body, Response& response) {
                set_json(response, json_text(tokenize(model_, parse_body(body))));
              });
  server.post("/detokenize",
              [this](const Request& /*request*/, const std::string& body, Response& response) {
                set_json(response, json_text(detokenize(model_, parse_body(body))));
              });
  server.get("/tokenizer_info", [this](const Request& /*request*/, Response& response) {
    set_json(response, json_text(tokenizer_info(model_)));
  });
}

// 503 tells a balancer to look elsewhere; ?live asks whether the process answers at all.
void Api::health(const Request& request, Response& response) const {
  const char* status = "ok";
  const SchedulerMetrics metrics = scheduler_.metrics();
  if (metrics.sequences_free == 0 && metrics.queued >= limits_.max_queue) status = "full";
  if (draining_) status = "draining";
  if (std::string_view(status) != "ok" && !request.has_param("live")) response.status = 503;
  set_json(response, json_text({{"status", status}}));
}

OrderedJson Api::models() const {
  return {{"id", model_.name},
          {"object", "model"},
          {"created", model_.created},
          {"owned_by", "cellm"},
          {"max_model_len", model_.context},
          {"meta",
           {{"n_ctx", model_.context},
            {"n_vocab", model_.vocab_size},
            {"n_params", model_.parameters}}}};
}

void Api::answer(const Request& request, const OrderedJson& body, MakeWork make,
                 Response& response) {
  if (draining_) {
    ApiError error = going_away();
    error.retry_after = std::chrono::seconds(1);
    throw error;
  }
  Work work = make(model_, body);
  for (CompletionRequest& one : work.requests) one.client = Connection::current()->client;
  if (work.stream) {
    answer_stream(std::move(work), request, response);
  } else {
    answer_whole(std::move(work), response);
  }
}

void Api::answer_whole(Work work, Response& response) {
  Exchange exchange(scheduler_, std::move(work.requests), limits_.max_sequences);
  const Connection& connection = *Connection::current();
  while (!exchange.finished()) {
    if (const auto event = exchange.next(kPollTime)) {
      work.reply->take(event->first, event->second);
    }
    if (aborted_) throw going_away();
    if (connection.is_closed()) {  // nobody reads this
      set_error(response, ApiError(499, "the client has left before the answer was there"));
      Connection::current()->note = "the client left";
      return;
    }
  }
  Connection::current()->note = work.reply->usage().note();
  set_json(response, json_text(work.reply->whole()));
}

void Api::answer_stream(Work work, const Request& request, Response& response) {
  const auto stream = std::make_shared<Stream>(scheduler_, std::move(work), limits_.max_sequences);
  const char* type = "text/event-stream";
  // A proxy in between is to pass events on at once (nginx).
  response.set_header("X-Accel-Buffering", "no");
  const auto provide = [this, stream](std::size_t /*offset*/, httplib::DataSink& sink) {
    return stream->provide(sink, aborted_);
  };
  if (request.version == "HTTP/1.0") {  // has no chunks: the end of the connection is the end
    response.set_content_provider(type, provide);
  } else {
    response.set_chunked_content_provider(type, provide);
  }
}

}  // namespace cellm
