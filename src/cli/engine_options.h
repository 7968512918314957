// Options of the engine, for commands that use it without the public interface.
#pragma once

#include <cstddef>

#include "cli/command.h"
#include "engine/engine.h"

namespace cellm {

// For the CPU target of the environment.
inline EngineOptions engine_options(unsigned threads, Activations activations,
                                    std::size_t max_layers = kAllLayers) {
  return {target_from_environment(), threads, max_layers, activations};
}

}  // namespace cellm
