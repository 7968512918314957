// Sessions and snapshots.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <cellm/cellm.hpp>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "arrays.h"
#include "bindings.h"

namespace cellm_python {
namespace {

using Session = cellm::Session;

// Tokens that are appended between two looks at signals. Results do not depend on it.
constexpr std::size_t kTokensPerCall = 512;

void open_session(HeldSession* self, const HeldModel& of, int kv_encoding, std::size_t max_tokens,
                  std::size_t tokens_per_block) {
  const auto model = of.share();
  const cellm::SessionOptions options{.kv_encoding = static_cast<cellm_kv_encoding>(kv_encoding),
                                      .max_tokens = max_tokens,
                                      .tokens_per_block = tokens_per_block};
  auto session = std::make_shared<Single<Session>>(Single<Session>{Session(*model, options)});
  new (self) HeldSession(std::move(session), kSession);
}

// Calls use(session), which is for no other call meanwhile.
template <class Use>
auto with_session(const HeldSession& self, Use&& use) {
  const Claim<Session> session(self.share(), kSession);
  return use(*session);
}

// What the library refuses before it appends anything is refused here, where it is called for parts
// of the ids.
void require_fit(const Session& session, const Ids& ids) {
  const std::size_t vocab_size = session.vocab_size();
  if (ids.empty()) throw_usage("no tokens to append");
  const std::size_t room = session.max_tokens() - session.position();
  if (ids.size() > room) {
    throw_usage("the context has room for " + std::to_string(room) + " more tokens, not " +
                std::to_string(ids.size()));
  }
  for (const std::uint32_t id : ids) {
    if (id >= vocab_size) {
      throw_usage("token " + std::to_string(id) + " is beyond the vocabulary of " +
                  std::to_string(vocab_size));
    }
  }
}

// Calls append(part) with the next tokens, and lets signals interrupt between two calls.
template <class Append>
void in_parts(std::span<const std::uint32_t> ids, Append&& append) {
  while (true) {
    const auto part = ids.first(std::min(kTokensPerCall, ids.size()));
    without_gil([&] { append(part); });
    ids = ids.subspan(part.size());
    if (ids.empty()) return;
    check_signals();
  }
}

Floats1 advance(const HeldSession& self, const IdArray& array) {
  const Ids ids = to_ids(array);
  return with_session(self, [&](Session& session) {
    require_fit(session, ids);
    const std::size_t vocab_size = session.vocab_size();
    auto logits = std::make_unique_for_overwrite<float[]>(vocab_size);
    in_parts(ids, [&](std::span<const std::uint32_t> part) {
      const auto last = session.advance(part);
      std::copy(last.begin(), last.end(), logits.get());
    });
    return to_array(std::move(logits), vocab_size);
  });
}

Floats2 advance_all(const HeldSession& self, const IdArray& array) {
  const Ids ids = to_ids(array);
  return with_session(self, [&](Session& session) {
    require_fit(session, ids);
    const std::size_t vocab_size = session.vocab_size();
    auto logits = std::make_unique_for_overwrite<float[]>(ids.size() * vocab_size);
    float* row = logits.get();
    in_parts(ids, [&](std::span<const std::uint32_t> part) {
      session.advance_all(part, {row, part.size() * vocab_size});
      row += part.size() * vocab_size;
    });
    return to_array(std::move(logits), ids.size(), vocab_size);
  });
}

// What observing shows of one thing.
struct Tapped {
  std::vector<float> values;
  std::size_t cols = 0;

  void add(const cellm_observed& observed) {
    cols = observed.cols;
    values.insert(values.end(), observed.values, observed.values + observed.tokens * observed.cols);
  }
};

bool is_named(const cellm_observed& observed, const std::string& name) {
  return std::any_of(observed.names, observed.names + observed.names_count,
                     [&](const char* one) { return name == one; });
}

// The inputs of the matrix `name`; without a name the hidden states before the layer. Behind the
// last one those after the final norm.
Floats2 observe(const HeldSession& self, const IdArray& array, const std::string& name,
                std::size_t layer) {
  const Ids ids = to_ids(array);
  return with_session(self, [&](Session& session) {
    require_fit(session, ids);
    Tapped tapped;
    const cellm::Snapshot before = session.snapshot();
    without_gil([&] {
      session.observe(ids, [&](const cellm_observed& observed) {
        const bool is_output = is_named(observed, "lm_head.weight");
        const bool wanted =
            name.empty() ? observed.layer == layer && (observed.names_count == 0 || is_output)
                         : is_named(observed, name);
        if (wanted) tapped.add(observed);
      });
    });
    if (tapped.cols == 0) {
      session.restore(before);
      throw_usage(name.empty() ? "layer " + std::to_string(layer) + " is beyond the last"
                               : "the model has no matrix " + name);
    }
    auto values = std::make_unique_for_overwrite<float[]>(tapped.values.size());
    std::copy(tapped.values.begin(), tapped.values.end(), values.get());
    return to_array(std::move(values), ids.size(), tapped.cols);
  });
}

void restore(const HeldSession& self, const HeldSnapshot& of) {
  const auto snapshot = of.share();
  with_session(self, [&](Session& session) { session.restore(*snapshot); });
}

void save(const HeldSession& self, const std::string& path) {
  with_session(self, [&](Session& session) { without_gil([&] { session.save(path); }); });
}

void load(const HeldSession& self, const std::string& path) {
  with_session(self, [&](Session& session) { without_gil([&] { session.load(path); }); });
}

void take_snapshot(HeldSnapshot* self, const HeldSession& of) {
  with_session(of, [&](Session& session) {
    new (self) HeldSnapshot(std::make_shared<cellm::Snapshot>(session.snapshot()), kSnapshot);
  });
}

}  // namespace

void add_sessions(nb::module_& module) {
  nb::class_<HeldSession>(module, "Session")
      .def("__init__", open_session, nb::arg("model"), nb::arg("kv_encoding"),
           nb::arg("max_tokens"), nb::arg("tokens_per_block"))
      .def("close", &HeldSession::close)
      .def_prop_ro("closed", &HeldSession::closed)
      .def("position",
           [](const HeldSession& self) {
             return with_session(self, [](Session& session) { return session.position(); });
           })
      .def("max_tokens",
           [](const HeldSession& self) {
             return with_session(self, [](Session& session) { return session.max_tokens(); });
           })
      .def(
          "state_bytes",
          [](const HeldSession& self, std::size_t tokens) {
            return with_session(self,
                                [&](Session& session) { return session.state_bytes(tokens); });
          },
          nb::arg("tokens"))
      .def(
          "check_memory",
          [](const HeldSession& self, std::size_t tokens) {
            with_session(self, [&](Session& session) { session.check_memory(tokens); });
          },
          nb::arg("tokens"))
      .def("advance", advance, nb::arg("ids").noconvert())
      .def("advance_all", advance_all, nb::arg("ids").noconvert())
      .def("observe", observe, nb::arg("ids").noconvert(), nb::arg("name"), nb::arg("layer"))
      .def("restore", restore, nb::arg("snapshot"))
      .def("save", save, nb::arg("path"))
      .def("load", load, nb::arg("path"));
  nb::class_<HeldSnapshot>(module, "Snapshot")
      .def("__init__", take_snapshot, nb::arg("session"))
      .def("close", &HeldSnapshot::close)
      .def_prop_ro("closed", &HeldSnapshot::closed)
      .def("position", [](const HeldSnapshot& self) { return self.share()->position(); });
}

}  // namespace cellm_python
