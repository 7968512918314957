#include "format/format_choice.h"

#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "format/block_coding.h"
#include "format/formats.h"

namespace cellm {
namespace {

constexpr std::string_view kGroupMark = "-g";
// Groups that help texts name as examples.
constexpr std::size_t kUsualGroups[] = {32, 128};

// The N of "-gN"; 0 if that is no group.
std::size_t parse_group(std::string_view text) {
  if (!text.starts_with(kGroupMark)) return 0;
  text.remove_prefix(kGroupMark.size());
  std::size_t group = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), group);
  const bool whole = failure == std::errc() && end == text.data() + text.size();
  return whole && group >= kMinGroup && group <= kMaxGroup ? group : 0;
}

}  // namespace

bool is_encodable(const FormatSpec& spec) {
  if (find_block_coding(spec.id) != nullptr) return true;
  return spec.encoder != Encoder::kNone && spec.id != FormatId::kF32;
}

FormatChoice parse_format_choice(std::string_view name, std::string_view alternative) {
  for (const FormatSpec* spec : all_formats()) {
    if (!is_encodable(*spec)) continue;
    for (const std::string_view known : {spec->name, spec->dtype}) {
      if (!name.starts_with(known)) continue;
      const std::string_view rest = name.substr(known.size());
      if (rest.empty()) return {spec->id, 0};
      const std::size_t group = spec->any_group ? parse_group(rest) : 0;
      if (group != 0) return {spec->id, group};
    }
  }
  throw usage_error("format \"{}\" is unknown; use {}{}{}", printable(name),
                    encodable_format_names(), alternative.empty() ? "" : ", or ", alternative);
}

std::string format_choice_name(const FormatChoice& choice) {
  const std::string_view name = format_spec(choice.format).name;
  return choice.group == 0 ? std::string(name)
                           : fmt::format("{}{}{}", name, kGroupMark, choice.group);
}

std::string encodable_format_names() {
  std::string names;
  const FormatSpec* last = nullptr;
  for (const FormatSpec* spec : all_formats()) {
    if (is_encodable(*spec)) last = spec;
  }
  for (const FormatSpec* spec : all_formats()) {
    if (!is_encodable(*spec)) continue;
    if (!names.empty()) names += spec == last ? " or " : ", ";
    names += spec->name;
    if (!spec->any_group) continue;
    for (const std::size_t group : kUsualGroups) {
      names += fmt::format(", {}{}{}", spec->name, kGroupMark, group);
    }
    names += fmt::format(" (groups from {} to {})", kMinGroup, kMaxGroup);
  }
  return names;
}

std::vector<std::string> encodable_formats() {
  std::vector<std::string> names;
  for (const FormatSpec* spec : all_formats()) {
    if (!is_encodable(*spec)) continue;
    names.emplace_back(spec->name);
    if (!spec->any_group) continue;
    for (const std::size_t group : kUsualGroups) {
      names.push_back(format_choice_name({spec->id, group}));
    }
  }
  return names;
}

std::size_t group_for(const FormatChoice& choice, std::size_t cols, std::string_view tensor) {
  if (!format_spec(choice.format).has_scales) return 0;
  if (choice.group == 0 || choice.group >= cols) return cols;
  std::size_t group = choice.group;
  while (cols % group != 0) --group;
  if (group < kMinGroup) {
    throw usage_error("{}: {} columns have no equal groups of {} to {}; use {} for it", tensor,
                      cols, kMinGroup, choice.group, format_spec(choice.format).name);
  }
  return group;
}

}  // namespace cellm
