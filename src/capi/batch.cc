#include "capi/handles.h"

using namespace cellm;

namespace {

SequenceId id_of(std::uint64_t sequence) {
  return static_cast<SequenceId>(sequence);
}

}  // namespace

cellm_status cellm_batch_new(const cellm_model* model, cellm_batch** batch) {
  return guarded([&] {
    const auto& loaded = required(model, "model").loaded;
    cellm_batch*& out = required(batch, "batch");
    out = new cellm_batch{loaded, Batch(loaded->engine)};
  });
}

void cellm_batch_free(cellm_batch* batch) {
  delete batch;
}

cellm_status cellm_batch_add(cellm_batch* batch, const cellm_session_options* options,
                             std::uint64_t* sequence) {
  return guarded([&] {
    std::uint64_t& out = required(sequence, "sequence");
    out = static_cast<std::uint64_t>(required(batch, "batch").batch.add(sequence_options(options)));
  });
}

cellm_status cellm_batch_add_snapshot(cellm_batch* batch, const cellm_snapshot* snapshot,
                                      std::uint64_t* sequence) {
  return guarded([&] {
    std::uint64_t& out = required(sequence, "sequence");
    out = static_cast<std::uint64_t>(
        required(batch, "batch").batch.add(required(snapshot, "snapshot").snapshot));
  });
}

cellm_status cellm_batch_fork(cellm_batch* batch, std::uint64_t sequence, std::uint64_t* copy) {
  return guarded([&] {
    std::uint64_t& out = required(copy, "copy");
    out = static_cast<std::uint64_t>(required(batch, "batch").batch.fork(id_of(sequence)));
  });
}

cellm_status cellm_batch_remove(cellm_batch* batch, std::uint64_t sequence) {
  return guarded([&] { required(batch, "batch").batch.remove(id_of(sequence)); });
}

cellm_status cellm_batch_snapshot(const cellm_batch* batch, std::uint64_t sequence,
                                  cellm_snapshot** snapshot) {
  return guarded([&] {
    const cellm_batch& from = required(batch, "batch");
    cellm_snapshot*& out = required(snapshot, "snapshot");
    out = new cellm_snapshot{from.loaded, from.batch.snapshot(id_of(sequence))};
  });
}

cellm_status cellm_batch_position(const cellm_batch* batch, std::uint64_t sequence,
                                  std::size_t* position) {
  return guarded([&] {
    std::size_t& out = required(position, "position");
    out = required(batch, "batch").batch.position(id_of(sequence));
  });
}

std::size_t cellm_batch_max_tokens() {
  return kMaxBatchTokens;
}

cellm_status cellm_batch_step(cellm_batch* batch, const cellm_batch_input* inputs,
                              std::size_t count, const float** logits) {
  return guarded([&] {
    Batch& to = required(batch, "batch").batch;
    if (count == 0) throw usage_error("no inputs");
    std::vector<StepInput> steps;
    for (const cellm_batch_input& input : required_array(inputs, count, "inputs")) {
      steps.push_back({.sequence = id_of(input.sequence),
                       .tokens = required_array(input.ids, input.count, "ids"),
                       .logits = logits == nullptr ? std::size_t{0} : std::size_t{1}});
    }
    const auto outputs = to.step(steps);
    if (logits == nullptr) return;
    std::vector<const float*> rows;
    for (const StepOutput& output : outputs) rows.push_back(output.logits().data());
    std::copy(rows.begin(), rows.end(), logits);
  });
}
