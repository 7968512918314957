// The endpoints, between HTTP and the scheduler.
#pragma once

#include <atomic>
#include <cstddef>

#include "schedule/scheduler.h"
#include "serve/http_server.h"
#include "serve/work.h"

namespace cellm {

struct ApiLimits {
  std::size_t max_sequences = 8;  // prompts of one request that run at a time
  std::size_t max_queue = 64;
  bool open_metrics = false;  // /metrics needs no key
};

// Handlers run on many threads. Model, scheduler and server must outlive it.
class Api {
 public:
  Api(const ServedModel& model, Scheduler& scheduler, const ApiLimits& limits);

  void install(HttpServer& server);

  // From now on /health says that this server is going away.
  void begin_drain() { draining_ = true; }
  // Answers in progress end, unfinished.
  void abort() { aborted_ = true; }

 private:
  using Request = HttpServer::Request;
  using Response = HttpServer::Response;
  using MakeWork = Work (*)(const ServedModel&, const OrderedJson&);

  void health(const Request& request, Response& response) const;
  OrderedJson models() const;
  void install_answers(HttpServer& server);
  void install_tokenizer(HttpServer& server);
  void answer(const Request& request, const OrderedJson& body, MakeWork make, Response& response);
  void answer_whole(Work work, Response& response);
  void answer_stream(Work work, const Request& request, Response& response);

  const ServedModel& model_;
  Scheduler& scheduler_;
  ApiLimits limits_;
  std::atomic<bool> draining_ = false;
  std::atomic<bool> aborted_ = false;
};

}  // namespace cellm
