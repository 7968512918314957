// Functions that an answer may call.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <cellm/cellm.hpp>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "bindings.h"

namespace cellm_python {
namespace {

using HeldReader = Held<cellm::ToolReader>;
// kind, index, text, id, name
using Event = std::tuple<int, std::size_t, nb::str, std::string, std::string>;

void open_tools(HeldTools* self, const HeldModel& of, const std::string& request, int format,
                std::optional<bool> thinking, const std::string& template_text,
                const std::string& variables) {
  const auto model = of.share();
  const cellm::ChatOptions options{.format = static_cast<cellm_chat_format>(format),
                                   .thinking = thinking,
                                   .template_text = template_text,
                                   .variables = variables};
  auto tools =
      without_gil([&] { return std::make_shared<cellm::Tools>(model->tools(request, options)); });
  new (self) HeldTools(std::move(tools), "conversation");
}

IdsOut prompt_of(const HeldTools& self, const std::string& messages) {
  const auto tools = self.share();
  return to_array(without_gil([&] { return tools->prompt(messages); }));
}

// Keeps the GIL, so that a reader is for one call at a time.
std::vector<Event> push(const HeldReader& self, const std::string& text, bool last) {
  std::vector<Event> events;
  for (cellm::ToolEvent& event : self.share()->push(text, last)) {
    events.emplace_back(event.kind, event.index, to_str(event.text), std::move(event.id),
                        std::move(event.name));
  }
  return events;
}

}  // namespace

void add_tools(nb::module_& module) {
  nb::class_<HeldTools>(module, "Tools")
      .def("__init__", open_tools, nb::arg("model"), nb::arg("request"), nb::arg("format"),
           nb::arg("thinking").none(), nb::arg("template_text"), nb::arg("variables"))
      .def("prompt", prompt_of, nb::arg("messages"));
  nb::class_<HeldReader>(module, "ToolReader")
      .def(
          "__init__",
          [](HeldReader* self, const HeldTools& tools, std::uint64_t id_seed) {
            auto made = std::make_shared<cellm::ToolReader>(*tools.share(), id_seed);
            new (self) HeldReader(std::move(made), "reader");
          },
          nb::arg("tools"), nb::arg("id_seed"))
      .def("push", push, nb::arg("text"), nb::arg("last"));
}

}  // namespace cellm_python
