// Batches.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <cellm/cellm.hpp>
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "bindings.h"

namespace cellm_python {
namespace {

using Batch = cellm::Batch;
using HeldBatch = Held<Single<Batch>>;
using Inputs = std::vector<std::pair<Batch::Id, IdArray>>;

constexpr const char* kBatch = "batch";

template <class Use>
auto with_batch(const HeldBatch& self, Use&& use) {
  const Claim<Batch> batch(self.share(), kBatch);
  return use(*batch);
}

Batch::Id add(const HeldBatch& self, int kv_encoding, std::size_t max_tokens,
              std::size_t tokens_per_block) {
  const cellm::SessionOptions options{.kv_encoding = static_cast<cellm_kv_encoding>(kv_encoding),
                                      .max_tokens = max_tokens,
                                      .tokens_per_block = tokens_per_block};
  return with_batch(self, [&](Batch& batch) { return batch.add(options); });
}

Batch::Id add_snapshot(const HeldBatch& self, const HeldSnapshot& of) {
  const auto snapshot = of.share();
  return with_batch(self, [&](Batch& batch) { return batch.add(*snapshot); });
}

std::unique_ptr<HeldSnapshot> snapshot(const HeldBatch& self, Batch::Id sequence) {
  return with_batch(self, [&](Batch& batch) {
    return std::make_unique<HeldSnapshot>(
        std::make_shared<cellm::Snapshot>(batch.snapshot(sequence)), kSnapshot);
  });
}

// The logits after the last token of each input, in the order of the inputs.
Floats2 step(const HeldBatch& self, const Inputs& inputs) {
  std::vector<Ids> ids;
  for (const auto& [sequence, array] : inputs) ids.push_back(to_ids(array));
  std::vector<Batch::Input> plain;
  for (std::size_t i = 0; i < inputs.size(); ++i) plain.push_back({inputs[i].first, ids[i]});
  return with_batch(self, [&](Batch& batch) {
    const std::size_t vocab_size = batch.vocab_size();
    auto logits = std::make_unique_for_overwrite<float[]>(inputs.size() * vocab_size);
    without_gil([&] {
      float* to = logits.get();
      for (const auto row : batch.step(plain)) to = std::copy(row.begin(), row.end(), to);
    });
    return to_array(std::move(logits), inputs.size(), vocab_size);
  });
}

}  // namespace

void add_batches(nb::module_& module) {
  nb::class_<HeldBatch>(module, "Batch")
      .def(
          "__init__",
          [](HeldBatch* self, const HeldModel& of) {
            const auto model = of.share();
            auto batch = std::make_shared<Single<Batch>>(Single<Batch>{Batch(*model)});
            new (self) HeldBatch(std::move(batch), kBatch);
          },
          nb::arg("model"))
      .def("close", &HeldBatch::close)
      .def_prop_ro("closed", &HeldBatch::closed)
      .def("add", add, nb::arg("kv_encoding"), nb::arg("max_tokens"), nb::arg("tokens_per_block"))
      .def("add_snapshot", add_snapshot, nb::arg("snapshot"))
      .def(
          "fork",
          [](const HeldBatch& self, Batch::Id sequence) {
            return with_batch(self, [&](Batch& batch) { return batch.fork(sequence); });
          },
          nb::arg("sequence"))
      .def(
          "remove",
          [](const HeldBatch& self, Batch::Id sequence) {
            with_batch(self, [&](Batch& batch) { batch.remove(sequence); });
          },
          nb::arg("sequence"))
      .def(
          "position",
          [](const HeldBatch& self, Batch::Id sequence) {
            return with_batch(self, [&](Batch& batch) { return batch.position(sequence); });
          },
          nb::arg("sequence"))
      .def("snapshot", snapshot, nb::arg("sequence"))
      .def("step", step, nb::arg("inputs"));
  module.def("batch_max_tokens", cellm_batch_max_tokens);
}

}  // namespace cellm_python
