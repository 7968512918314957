#include "engine/engine.h"

#include <array>
#include <utility>

#include "base/advice.h"
#include "base/error.h"
#include "base/memory.h"

namespace cellm {

namespace {

constexpr std::array<std::pair<std::string_view, Activations>, 3> kNames{
    {{"int8", Activations::kInt8}, {"fast", Activations::kFast}, {"f32", Activations::kF32}}};

// Checked before anything is read, so that a model that does not fit is refused at once.
Model load(const OpenedModel& opened, const EngineOptions& options) {
  const bool pack = options.activations != Activations::kF32;
  require_memory(opened.weights_bytes(options.max_layers, pack),
                 fmt::format("{}: loading", printable(opened.path())), AdviceKind::kSmallerFormat);
  return opened.weights(options.max_layers);
}

}  // namespace

std::string_view activations_name(Activations activations) {
  for (const auto& [name, value] : kNames) {
    if (value == activations) return name;
  }
  return "";
}

Activations parse_activations(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (known == name) return value;
  }
  throw usage_error("activations \"{}\" are unknown; use int8, fast or f32", printable(name));
}

Engine::Engine(std::shared_ptr<const OpenedModel> opened, const EngineOptions& options)
    : opened_(std::move(opened)),
      kernels_(kernel_table(options.target.c_str())),
      pool_(std::make_unique<ThreadPool>(options.threads)),
      activations_(options.activations),
      model_(load(*opened_, options)) {
  if (options.activations == Activations::kF32) {
    unpack_weights(model_, *pool_);
  } else {
    pack_weights(model_, opened_->source(), *pool_);
  }
  if (options.activations == Activations::kFast) use_bf16(model_, kernels_);
}

void throw_nonfinite(const Engine& engine) {
  const std::string culprit = find_nonfinite(engine.source(), engine.config());
  const std::string path = printable(engine.source().path());
  if (culprit.empty())
    throw data_error("{}: the activations overflowed; no weight is NaN or infinite", path);
  throw data_error("{}: a weight is NaN or infinite: {}", path, culprit);
}

}  // namespace cellm
