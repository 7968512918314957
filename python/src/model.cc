// Models and tokenizers.
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

namespace cellm_python {
namespace {

using Messages = std::vector<std::pair<std::string, std::string>>;  // role, text
using HeldTokenizer = Held<cellm::Tokenizer>;

void open_model(HeldModel* self, const std::string& path, const std::string& target,
                const std::string& tokenizer_file, std::size_t max_layers, int activations,
                bool follow_links, unsigned threads) {
  const cellm::ModelOptions options{.target = target,
                                    .tokenizer_file = tokenizer_file,
                                    .max_layers = max_layers,
                                    .activations = static_cast<cellm_activations>(activations),
                                    .follow_links = follow_links,
                                    .threads = threads};
  auto model = without_gil(
      [&] { return std::make_shared<cellm::Model>(cellm::Model::open(path, options)); });
  new (self) HeldModel(std::move(model), "model");
}

Dict facts_of(const HeldModel& self) {
  const cellm_model_facts facts = self.share()->facts();
  Dict result;
  result["vocab_size"] = facts.vocab_size;
  result["hidden_size"] = facts.hidden_size;
  result["layers"] = facts.layers;
  result["context"] = facts.context;
  result["parameters"] = facts.parameters;
  result["bits_per_weight"] = facts.bits_per_weight;
  result["has_tokenizer"] = facts.has_tokenizer != 0;
  result["has_chat_format"] = facts.has_chat_format != 0;
  result["threads"] = facts.threads;
  if (facts.end_token != CELLM_NO_TOKEN) result["end_token"] = facts.end_token;
  return result;
}

Dict sampling_of(const HeldModel& self, bool card) {
  const cellm::Sampling sampling =
      self.share()->sampling(card ? CELLM_SAMPLING_CARD : CELLM_SAMPLING_FILE);
  Dict result;
  const auto set = [&result](const char* name, const auto& value) {
    if (value) result[name] = *value;
  };
  set("temperature", sampling.temperature);
  set("top_k", sampling.top_k);
  set("top_p", sampling.top_p);
  set("min_p", sampling.min_p);
  set("repeat_penalty", sampling.repeat_penalty);
  set("presence_penalty", sampling.presence_penalty);
  set("frequency_penalty", sampling.frequency_penalty);
  return result;
}

IdsOut chat_prompt(const HeldModel& self, const Messages& messages, int format,
                   std::optional<bool> thinking, const std::string& template_text,
                   const std::string& variables) {
  const auto model = self.share();
  const cellm::ChatOptions options{.format = static_cast<cellm_chat_format>(format),
                                   .thinking = thinking,
                                   .template_text = template_text,
                                   .variables = variables};
  std::vector<cellm::ChatMessage> all;
  for (const auto& [role, text] : messages) all.push_back({role, text});
  return to_array(without_gil([&] { return model->chat_prompt(all, options); }));
}

// A property whose value is a text of the model.
template <std::string (cellm::Model::*Text)() const>
nb::str text_of(const HeldModel& self) {
  return to_str(((*self.share()).*Text)());
}

IdsOut tokenize(const HeldModel& self, const std::string& text, bool parse_special) {
  const auto model = self.share();
  return to_array(without_gil([&] { return model->tokenize(text, parse_special); }));
}

nb::str detokenize(const HeldModel& self, const IdArray& array) {
  const auto model = self.share();
  const Ids ids = to_ids(array);
  return to_str(without_gil([&] { return model->detokenize(ids); }));
}

void open_tokenizer(HeldTokenizer* self, const std::string& file, const std::string& model,
                    bool follow_links) {
  const cellm::TokenizerOptions options{.file = file, .model = model, .follow_links = follow_links};
  auto tokenizer = without_gil([&] { return std::make_shared<cellm::Tokenizer>(options); });
  new (self) HeldTokenizer(std::move(tokenizer), "tokenizer");
}

IdsOut encode(const HeldTokenizer& self, const std::string& text, bool parse_special) {
  const auto tokenizer = self.share();
  return to_array(without_gil([&] { return tokenizer->encode(text, parse_special); }));
}

nb::str decode(const HeldTokenizer& self, const IdArray& array, bool skip_special) {
  const auto tokenizer = self.share();
  const Ids ids = to_ids(array);
  return to_str(without_gil([&] { return tokenizer->decode(ids, skip_special); }));
}

}  // namespace

void add_models(nb::module_& module) {
  nb::class_<HeldModel>(module, "Model")
      .def("__init__", open_model, nb::arg("path"), nb::arg("target"), nb::arg("tokenizer_file"),
           nb::arg("max_layers"), nb::arg("activations"), nb::arg("follow_links"),
           nb::arg("threads"))
      .def("close", &HeldModel::close)
      .def_prop_ro("closed", &HeldModel::closed)
      .def("facts", facts_of)
      .def("type", text_of<&cellm::Model::type>)
      .def("format", text_of<&cellm::Model::format>)
      .def("target", text_of<&cellm::Model::target>)
      .def("quality", text_of<&cellm::Model::quality>)
      .def("notes", text_of<&cellm::Model::notes>)
      .def("chat_template", text_of<&cellm::Model::chat_template>)
      .def(
          "named_chat_template",
          [](const HeldModel& self, const std::string& name) {
            return to_str(self.share()->named_chat_template(name));
          },
          nb::arg("name"))
      .def("sampling", sampling_of, nb::arg("card"))
      .def("tokenize", tokenize, nb::arg("text"), nb::arg("parse_special"))
      .def("detokenize", detokenize, nb::arg("ids").noconvert())
      .def("chat_prompt", chat_prompt, nb::arg("messages"), nb::arg("format"),
           nb::arg("thinking").none(), nb::arg("template_text"), nb::arg("variables"));
  nb::class_<HeldTokenizer>(module, "Tokenizer")
      .def("__init__", open_tokenizer, nb::arg("file"), nb::arg("model"), nb::arg("follow_links"))
      .def("close", &HeldTokenizer::close)
      .def_prop_ro("closed", &HeldTokenizer::closed)
      .def("encode", encode, nb::arg("text"), nb::arg("parse_special"))
      .def("decode", decode, nb::arg("ids").noconvert(), nb::arg("skip_special"));
}

}  // namespace cellm_python
