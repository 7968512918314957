// The scale of a group of weights that leaves the least weighted error.
#pragma once

#include <cstdint>
#include <span>

#include "format/code_grid.h"
#include "kernels/kernel_table.h"

namespace cellm {

// Looks for the scale s and the codes of a group of weights w with importances h that minimise
// E(s) = Σ h (w − s · level)². Returns the scale as f16 bits, negative where the grid's one level
// more is wanted above zero; codes receive one per weight, value = grid.level(code) · scale.
//
// For a given s every weight takes the nearest level, and for given levels l the best scale is
// s = Σ h w l / Σ h l², with an error of Σ h w² − (Σ h w l)² / Σ h l². This is evaluated for scales
// of both signs that fall by a sixth each, from twice max|w| over the outermost level (which is
// among them) until what smaller ones clip costs more than a scale that is known, and then for
// those between the neighbours of the best. docs/quantization.md says how near that comes.
//
// weights: finite, at least one. importance: as many, not negative; empty means all 1. Where
// nothing but zeros is important, all are taken as 1. The same on every CPU target.
std::uint16_t fit_scale(const KernelTable& kernels, const CodeGrid& grid,
                        std::span<const float> weights, std::span<const float> importance,
                        std::uint8_t* codes);

}  // namespace cellm
