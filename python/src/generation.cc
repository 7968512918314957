// Generation: options, and answers that come while they are made.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cellm/cellm.hpp>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "bindings.h"
#include "engine/reasoning_tags.h"
#include "engine/sampling_choice.h"
#include "worker.h"

namespace cellm_python {
namespace {

// The request of a caller. Sampling that is not given is the model's own, as for `cellm run`.
struct Options {
  cellm::GenerateOptions generate;
  cellm::RequestedSampling sampling;
  bool card = false;  // the model's card counts, as in conversations
};

struct Token {
  std::uint32_t id;
  std::string text;
};

// An answer, all of it.
struct Answer {
  cellm::GenerateResult result;
  std::string text;
  Ids ids;
};

Answer run(cellm::Session& session, const Ids& prompt, const cellm::GenerateOptions& options,
           const Worker<Token, Answer>::Report& report) {
  Answer answer;
  answer.result = session.generate(prompt, options, [&](std::uint32_t id, std::string_view text) {
    answer.text.append(text);
    if (id != CELLM_NO_TOKEN) answer.ids.push_back(id);
    if (report) report({id, std::string(text)});
    return true;
  });
  return answer;
}

// An answer in the making. The session is in use until it ends or is closed.
class Generation {
  // After a failure the work has ended.
  template <class Call>
  decltype(auto) finishing(Call&& call) {
    try {
      return call();
    } catch (...) {
      claim_.reset();
      throw;
    }
  }

 public:
  Generation(const HeldModel& of, const HeldSession& session, const IdArray& prompt,
             const Options& given, bool stream, const HeldTools* tools)
      : claim_(std::make_unique<Claim<cellm::Session>>(session.share(), kSession)) {
    const auto model = of.share();
    Options options = given;
    const cellm::Sampling card =
        options.card ? model->sampling(CELLM_SAMPLING_CARD) : cellm::Sampling{};
    cellm::choose_sampling(options.sampling, model->sampling(), card, options.generate);
    if (tools != nullptr) options.generate.tools = tools->share()->handle();
    worker_ = std::make_unique<Worker<Token, Answer>>(
        [session = &**claim_, prompt = to_ids(prompt), options = std::move(options.generate),
         stream](const cellm::Cancel& cancel, const auto& report) mutable {
          options.cancel = &cancel;
          return run(*session, prompt, options, stream ? report : nullptr);
        });
  }

  std::optional<std::pair<std::uint32_t, nb::str>> next() {
    const auto token = finishing([this] { return worker_->next(); });
    if (!token) {
      claim_.reset();
      return std::nullopt;
    }
    return std::pair(token->id, to_str(token->text));
  }

  const Answer& answer() {
    const Answer& result = finishing([this]() -> const Answer& { return worker_->result(); });
    claim_.reset();
    return result;
  }

  void close() {
    worker_->stop();
    claim_.reset();
  }

 private:
  std::unique_ptr<Claim<cellm::Session>> claim_;  // outlives the worker
  std::unique_ptr<Worker<Token, Answer>> worker_;
};

using HeldGeneration = Held<Generation>;
using Logprobs = std::vector<std::pair<std::uint32_t, float>>;

Dict to_dict(const Answer& answer) {
  const cellm::GenerateResult& result = answer.result;
  Dict dict;
  dict["text"] = to_str(answer.text);
  dict["ids"] = to_array(answer.ids);
  dict["stop_reason"] = result.stop_reason;
  dict["prompt_tokens"] = result.prompt_tokens;
  dict["generated_tokens"] = result.generated_tokens;
  dict["thinking_tokens"] = result.thinking_tokens;
  dict["prompt_seconds"] = result.prompt_seconds;
  dict["decode_seconds"] = result.decode_seconds;
  dict["decoded_tokens"] = result.decoded_tokens;
  dict["drafted_tokens"] = result.drafted_tokens;
  dict["accepted_tokens"] = result.accepted_tokens;
  dict["reasoning"] = to_str(result.reasoning_text);
  dict["answer"] = to_str(result.answer_text);
  nb::list all;
  for (const cellm::TokenLogprobs& token : result.token_logprobs) {
    Logprobs top;
    for (const cellm_logprob& one : token.top) top.emplace_back(one.id, one.logprob);
    all.append(nb::make_tuple(token.chosen.id, token.chosen.logprob, nb::cast(top)));
  }
  dict["logprobs"] = all;
  return dict;
}

void set_constraint(Options& options, int kind, std::vector<std::string> texts) {
  options.generate.constraint = {static_cast<cellm_constraint>(kind), std::move(texts)};
}

void set_logit_bias(Options& options, const Logprobs& biases) {
  options.generate.logit_bias.clear();
  for (const auto& [id, bias] : biases) options.generate.logit_bias.push_back({id, bias});
}

// A frame of a chat that is not the model's own, and knows no reasoning.
void set_frame(Options& options, int chat_format, const std::string& template_text) {
  options.generate.no_reasoning = template_text.empty() ? chat_format != CELLM_CHAT_AUTO
                                                        : !cellm::template_reasons(template_text);
}

template <auto Field, class Class>
void add_generate_field(Class& type, const char* name) {
  using T = std::decay_t<decltype(std::declval<cellm::GenerateOptions>().*Field)>;
  type.def_prop_rw(
      name, [](const Options& o) { return o.generate.*Field; },
      [](Options& o, T value) { o.generate.*Field = std::move(value); }, nb::arg().none());
}

template <auto Field, class Class>
void add_sampling_field(Class& type, const char* name) {
  using T = std::decay_t<decltype(std::declval<cellm::RequestedSampling>().*Field)>;
  type.def_prop_rw(
      name, [](const Options& o) { return o.sampling.*Field; },
      [](Options& o, T value) { o.sampling.*Field = std::move(value); }, nb::arg().none());
}

void add_options(nb::module_& module) {
  using G = cellm::GenerateOptions;
  using S = cellm::RequestedSampling;
  nb::class_<Options> type(module, "Options");
  type.def(nb::init<>());
  add_generate_field<&G::max_tokens>(type, "max_tokens");
  add_generate_field<&G::seed>(type, "seed");
  add_generate_field<&G::ignore_end>(type, "ignore_end");
  add_generate_field<&G::dry_multiplier>(type, "dry_multiplier");
  add_generate_field<&G::dry_base>(type, "dry_base");
  add_generate_field<&G::dry_allowed_length>(type, "dry_allowed_length");
  add_generate_field<&G::dry_window>(type, "dry_window");
  add_generate_field<&G::dry_breakers>(type, "dry_breakers");
  add_generate_field<&G::min_tokens>(type, "min_tokens");
  add_generate_field<&G::stop_strings>(type, "stop");
  add_generate_field<&G::top_logprobs>(type, "logprobs");
  add_generate_field<&G::split_thinking>(type, "split_thinking");
  add_generate_field<&G::thinking_budget>(type, "thinking_budget");
  add_generate_field<&G::draft_max>(type, "draft_max");
  add_sampling_field<&S::temperature>(type, "temperature");
  add_sampling_field<&S::top_k>(type, "top_k");
  add_sampling_field<&S::top_p>(type, "top_p");
  add_sampling_field<&S::min_p>(type, "min_p");
  add_sampling_field<&S::repeat_penalty>(type, "repeat_penalty");
  add_sampling_field<&S::presence_penalty>(type, "presence_penalty");
  add_sampling_field<&S::frequency_penalty>(type, "frequency_penalty");
  add_sampling_field<&S::repeat_window>(type, "repeat_window");
  add_sampling_field<&S::top_n_sigma>(type, "top_n_sigma");
  add_sampling_field<&S::typical_p>(type, "typical_p");
  add_sampling_field<&S::xtc_probability>(type, "xtc_probability");
  add_sampling_field<&S::xtc_threshold>(type, "xtc_threshold");
  type.def_rw("card", &Options::card)
      .def(
          "set_on_loop",
          [](Options& o, int value) { o.generate.on_loop = static_cast<cellm_on_loop>(value); },
          nb::arg("value"))
      .def(
          "set_lookup",
          [](Options& o, int value) { o.generate.lookup = static_cast<cellm_lookup>(value); },
          nb::arg("value"))
      .def("set_logit_bias", set_logit_bias, nb::arg("biases"))
      .def("set_constraint", set_constraint, nb::arg("kind"), nb::arg("texts"))
      .def("set_frame", set_frame, nb::arg("chat_format"), nb::arg("template_text"));
}

}  // namespace

void add_generation(nb::module_& module) {
  add_options(module);
  nb::class_<HeldGeneration>(module, "Generation")
      .def(
          "__init__",
          [](HeldGeneration* self, const HeldModel& model, const HeldSession& session,
             const IdArray& prompt, const Options& options, bool stream, const HeldTools* tools) {
            auto made =
                std::make_shared<Generation>(model, session, prompt, options, stream, tools);
            new (self) HeldGeneration(std::move(made), "stream");
          },
          nb::arg("model"), nb::arg("session"), nb::arg("prompt").noconvert(), nb::arg("options"),
          nb::arg("stream"), nb::arg("tools").none())
      .def("next", [](const HeldGeneration& self) { return self.share()->next(); })
      .def("answer", [](const HeldGeneration& self) { return to_dict(self.share()->answer()); })
      .def("close", [](const HeldGeneration& self) { self.share()->close(); });
  module.attr("NO_TOKEN") = CELLM_NO_TOKEN;
}

}  // namespace cellm_python
