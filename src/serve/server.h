// A model behind OpenAI's API.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "schedule/scheduler.h"
#include "serve/access.h"

namespace cellm {

struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 8080;            // 0: any
  ApiKeys keys = {};          // none: no key is needed
  bool is_public = false;     // listening beyond this machine without keys is meant
  bool open_metrics = false;  // /metrics needs no key
  Hosts hosts = {};
  std::string name = {};           // of the model, for clients
  const Chat* chat = nullptr;      // null: the model's own, if it has one
  std::string chat_template = {};  // the source of `chat`
  SchedulerOptions scheduler = {};
  // Takes one line at a time, from any thread.
  std::function<void(const std::string&)> log = {};
};

// Engine and chat must outlive it.
class ModelServer {
 public:
  // Listens, but answers nobody yet. Throws Error(kUsage) for a host beyond this machine with
  // neither keys nor is_public, Error(kData) for a model without a tokenizer, Error(kResources) if
  // it cannot listen; also what Scheduler's constructor throws.
  ModelServer(const Engine& engine, const ServeOptions& options);
  ~ModelServer();
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  int port() const;
  std::size_t context() const;
  std::string address() const;  // "http://127.0.0.1:8080"

  // Answers requests until `stop` is readable, then takes no new ones, and returns when those in
  // progress have ended, after `drain` at the latest, or when `stop` has a second byte: the rest is
  // broken off. Returns whether all ended by themselves.
  bool run(int stop, std::chrono::seconds drain);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::string host_;
};

}  // namespace cellm
