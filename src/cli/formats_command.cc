#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "format/block_coding.h"
#include "format/format_choice.h"
#include "format/formats.h"

namespace cellm {
namespace {

std::string_view layout_name(StoredOrder order) {
  switch (order) {
    case StoredOrder::kTiles:
      return "tiles";
    case StoredOrder::kBlocks:
      return "blocks";
    case StoredOrder::kRows:
      break;
  }
  return "rows";
}

std::string scales_text(const FormatSpec& spec) {
  if (spec.any_group) return fmt::format("row or {} to {} weights", kMinGroup, kMaxGroup);
  if (spec.has_scales) return "row";
  const bool floats = spec.encoder == Encoder::kRound;
  return floats ? "none" : "in blocks";
}

// A description of the encoder; empty for a format that convert only keeps.
std::string_view encoder_name(const FormatSpec& spec) {
  if (!is_encodable(spec)) return "";
  if (find_block_coding(spec.id) != nullptr) return "scales and codes";
  switch (spec.encoder) {
    case Encoder::kGrid:
      return "scales and codes";
    case Encoder::kTrellis:
      return "trellis search";
    default:
      return "rounding";
  }
}

void print_json() {
  nlohmann::ordered_json formats = nlohmann::json::array();
  for (const FormatSpec* spec : all_formats()) {
    formats.push_back({{"name", spec->name},
                       {"dtype", spec->dtype},
                       {"bits_per_weight", spec->bits_per_weight},
                       {"layout", layout_name(spec->order)},
                       {"block", spec->block},
                       {"scales", scales_text(*spec)},
                       {"groups", spec->any_group},
                       {"encodable", is_encodable(*spec)},
                       {"encoder", encoder_name(*spec)},
                       {"packed", spec->packed_bits != 0},
                       {"vectors", spec->any_rank}});
  }
  fmt::print("{}\n", formats.dump(2));
}

void print_table() {
  fmt::print("{:<8} {:<10} {:>7}  {:<7} {:<25} {:<7} {}\n", "format", "dtype", "bits/w", "layout",
             "scales", "packed", "convert --format");
  for (const FormatSpec* spec : all_formats()) {
    const std::string_view encoder = encoder_name(*spec);
    fmt::print("{:<8} {:<10} {:>7.4g}  {:<7} {:<25} {:<7} {}\n", spec->name, spec->dtype,
               spec->bits_per_weight, layout_name(spec->order), scales_text(*spec),
               spec->packed_bits == 0 ? "" : "yes", encoder.empty() ? "keep only" : encoder);
  }
  fmt::print(
      "\nbits/w are those of codes; a companion scale adds 16 bits for each row or group. NAME-gN\n"
      "asks for groups of N weights, int4-g32. The dtype of a file is also accepted as a name.\n");
}

Run configure(Options& options) {
  auto json = std::make_shared<bool>(false);
  options.add_flag("--json", *json, "As JSON");
  options.footer("Example:\n  cellm formats");
  return [json] {
    if (*json) {
      print_json();
    } else {
      print_table();
    }
    return 0;
  };
}

}  // namespace

const Command kFormatsCommand{"formats", "List the weight formats: bits per weight, layout, scales",
                              configure};

}  // namespace cellm
