// The scale of a group of weights that leaves the least weighted error.
#pragma once

#include <cstdint>
#include <span>

#include "format/code_grid.h"
#include "kernels/kernel_table.h"

namespace cellm {

// Searches for the scale s and the codes of a group of weights w with importances h that minimise
// E(s) = Σ h (w − s · level)². Returns the scale as f16 bits; a negative scale puts the extra level
// of an asymmetric grid above zero. Writes one code per weight, value = grid.level(code) · scale.
//
// For a given s every weight takes the nearest level, and for given levels l the best scale is
// s = Σ h w l / Σ h l², with an error of Σ h w² − (Σ h w l)² / Σ h l². This is evaluated for scales
// of both signs in steps of a sixth, from twice max|w| over the outermost level downwards until
// clipping alone costs more than the best error so far, and then for scales between the neighbours
// of the best. docs/quantization.md measures the distance to the optimum.
//
// weights: finite, at least one. importance: one per weight, not negative; empty means all 1, as
// does a group whose important weights are all 0. The result is the same on every CPU target.
std::uint16_t fit_scale(const KernelTable& kernels, const CodeGrid& grid,
                        std::span<const float> weights, std::span<const float> importance,
                        std::uint8_t* codes);

}  // namespace cellm
