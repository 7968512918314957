#include "serve/server.h"

#include <poll.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/advice.h"
#include "engine/answer_ids.h"
#include "engine/reasoning_tags.h"
#include "io/parameter_count.h"
#include "serve/api.h"
#include "serve/http_server.h"
#include "serve/work.h"

namespace cellm {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string token_named(const SpecialTokens& tokens, std::string_view name) {
  for (const auto& [key, text] : tokens) {
    if (key == name) return text;
  }
  return {};
}

ServedModel make_model(const Engine& engine, const ServeOptions& options, std::size_t context) {
  const OpenedModel& opened = engine.opened();
  const Tokenizer* tokenizer = opened.tokenizer();
  const ModelConfig& config = engine.config();
  ServedModel model;
  model.name = options.name;
  model.created = unix_time();
  model.context = context;
  model.vocab_size = config.vocab_size;
  model.parameters = parameter_count(opened.source());
  model.chat = options.chat != nullptr ? options.chat : opened.chat();
  model.chat_template = options.chat != nullptr ? options.chat_template : opened.chat_template();
  model.reasons =
      options.chat != nullptr ? template_reasons(options.chat_template) : reasons(opened);
  model.tool_chat = options.chat != nullptr ? options.chat : opened.chat_with_tools();
  if (model.tool_chat != nullptr) model.tool_format = detect_tool_format(*model.tool_chat);
  if (options.log && !model.tool_format.note.empty()) options.log(model.tool_format.note);
  const SpecialTokens tokens = opened.special_tokens();
  model.bos_token = token_named(tokens, "bos_token");
  model.eos_token = token_named(tokens, "eos_token");
  model.pad_token = token_named(tokens, "pad_token");
  model.defaults = {.config = opened.generation_sampling(),
                    .card = card_sampling(config.model_type, config.vocab_size),
                    .stop_ids = end_of_answer_ids(engine, tokenizer),
                    .unusable_ids = unusable_ids(engine, *tokenizer),
                    .tokenizer = tokenizer};
  return model;
}

void check(const Engine& engine, const ServeOptions& options) {
  if (engine.opened().tokenizer() == nullptr) {
    throw data_error(AdviceKind::kGiveTokenizer, "{}: no tokenizer inside or beside this model",
                     printable(engine.opened().path()));
  }
  for (const std::string& origin : options.hosts.origins) require_origin(origin);
  if (is_loopback_name(options.host) || !options.keys.empty() || options.is_public) return;
  throw usage_error("{} can be reached from other machines; that needs keys",
                    printable(options.host));
}

// Whether a byte can be read within this time; takes it.
bool take_byte(int descriptor, milliseconds wait) {
  pollfd state{descriptor, POLLIN, 0};
  if (::poll(&state, 1, static_cast<int>(wait.count())) <= 0) return false;
  char byte = 0;
  return ::read(descriptor, &byte, 1) == 1;
}

}  // namespace

struct ModelServer::Parts {
  Parts(const Engine& engine, const ServeOptions& options)
      : scheduler(engine, options.scheduler.cache_dir.empty() ? 0 : engine.opened().checksum(),
                  options.scheduler, options.log),
        model(make_model(engine, options, scheduler.context())),
        api(model, scheduler,
            {.max_sequences = options.scheduler.max_sequences,
             .max_queue = options.scheduler.max_queue,
             .open_metrics = options.open_metrics}),
        http({.keys = options.keys, .hosts = options.hosts, .log = options.log}) {
    api.install(http);
    port = http.bind(options.host, options.port);
  }

  // Ends when nothing is in progress or time is over. Whether nothing was.
  bool end_requests(int stop, std::chrono::seconds time) {
    api.begin_drain();
    std::atomic<bool> drained = false;
    std::thread drain([&] {
      scheduler.drain();
      drained = true;
    });
    constexpr milliseconds kStep{20};
    const auto deadline = Clock::now() + time;
    bool in_time = true;
    while (!drained || http.requests_in_progress() != 0) {
      if (in_time && (Clock::now() > deadline || take_byte(stop, kStep))) {
        in_time = false;
        api.abort();
      }
      if (!in_time && drained) break;  // at most a slow reader is left
      std::this_thread::sleep_for(kStep);
    }
    drain.join();
    return in_time;
  }

  Scheduler scheduler;
  ServedModel model;
  Api api;
  HttpServer http;
  int port = 0;
};

ModelServer::ModelServer(const Engine& engine, const ServeOptions& options) {
  check(engine, options);
  parts_ = std::make_unique<Parts>(engine, options);
  host_ = options.host;
}

ModelServer::~ModelServer() = default;

int ModelServer::port() const {
  return parts_->port;
}

std::size_t ModelServer::context() const {
  return parts_->model.context;
}

std::string ModelServer::address() const {
  const bool is_six = host_.find(':') != std::string::npos;
  return fmt::format("http://{}{}{}:{}", is_six ? "[" : "", host_, is_six ? "]" : "", port());
}

bool ModelServer::run(int stop, std::chrono::seconds drain) {
  std::thread listener([this] { parts_->http.run(); });
  while (!parts_->http.is_running()) std::this_thread::sleep_for(milliseconds(1));
  constexpr milliseconds kLong{1000};
  while (!take_byte(stop, kLong)) continue;
  const bool in_time = parts_->end_requests(stop, drain);
  parts_->http.stop();
  listener.join();
  return in_time;
}

}  // namespace cellm
