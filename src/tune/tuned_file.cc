#include "tune/tuned_file.h"

#include <cmath>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "format/half.h"
#include "layout/layout.h"

namespace cellm {
namespace {

std::map<std::string, const CellmEntry*> by_name(const std::vector<CellmEntry>& tensors) {
  std::map<std::string, const CellmEntry*> entries;
  for (const CellmEntry& entry : tensors) entries[entry.name] = &entry;
  return entries;
}

// The scale at `index` of f16 scales times a factor.
void multiply_scale(std::vector<std::byte>& scales, std::size_t index, float factor,
                    const std::string& where) {
  std::uint16_t half = 0;
  std::byte* at = scales.data() + index * sizeof(half);
  std::memcpy(&half, at, sizeof(half));
  half = f32_to_f16(f16_to_f32(half) * factor);
  if (!std::isfinite(f16_to_f32(half)))
    throw data_error("{}: scale {} leaves the range of f16", where, index);
  std::memcpy(at, &half, sizeof(half));
}

std::vector<std::byte> scaled_rows(const CellmEntry& matrix, const CellmEntry& scales,
                                   std::span<const std::byte> bytes,
                                   std::span<const float> factors) {
  std::vector<std::byte> result(bytes.begin(), bytes.end());
  const Layout& layout = *find_stored_type(matrix.dtype)->layout;
  for (std::size_t i = 0; i * sizeof(std::uint16_t) < bytes.size(); ++i) {
    const std::size_t row = layout.row_of_scale(scales.shape, i);
    if (row >= factors.size()) continue;  // padding of the last block
    multiply_scale(result, i, factors[row], scales.name);
  }
  return result;
}

std::vector<std::byte> scaled_columns(const std::string& name, std::span<const std::byte> bytes,
                                      std::span<const float> factors) {
  std::vector<std::byte> result(bytes.begin(), bytes.end());
  for (std::size_t c = 0; c < factors.size(); ++c) multiply_scale(result, c, factors[c], name);
  return result;
}

// New column scales of a matrix without any.
NewTensor new_column_scales(const std::string& name, std::span<const float> factors) {
  const std::vector<std::uint16_t> ones(factors.size(), f32_to_f16(1.0F));
  return {
      name, "f16", {factors.size()}, scaled_columns(name, std::as_bytes(std::span(ones)), factors)};
}

// The name of the tensor that a parameter changes.
std::string changed_tensor(const std::string& prefix, const Parameter& parameter) {
  std::string name = prefix + parameter.tensor;
  switch (parameter.kind) {
    case ParameterKind::kRows:
      return name + std::string(kScaleSuffix);
    case ParameterKind::kColumns:
      return name + std::string(kColumnScaleSuffix);
    case ParameterKind::kNorm:
      break;
  }
  return name;
}

std::vector<std::byte> stored_norm(const CellmEntry& entry, std::span<const float> values,
                                   float offset) {
  std::vector<std::byte> result(entry.bytes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = values[i] - offset;
    if (entry.dtype == "f32") {
      std::memcpy(result.data() + i * sizeof(value), &value, sizeof(value));
    } else {
      const std::uint16_t half = f32_to_f16(value);
      std::memcpy(result.data() + i * sizeof(half), &half, sizeof(half));
    }
  }
  return result;
}

}  // namespace

std::vector<std::size_t> storable_parameters(const CellmHeader& header, const std::string& prefix,
                                             const std::vector<Parameter>& parameters) {
  const auto entries = by_name(header.tensors);
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string name = prefix + parameters[i].tensor;
    const auto found = entries.find(name);
    if (found == entries.end()) continue;
    const CellmEntry& entry = *found->second;
    bool storable = false;
    switch (parameters[i].kind) {
      case ParameterKind::kRows:
        storable = entries.contains(name + std::string(kScaleSuffix));
        break;
      case ParameterKind::kColumns:
        storable = find_stored_type(entry.dtype)->layout->has_column_scales;
        break;
      case ParameterKind::kNorm:
        storable = entry.dtype == "f16" || entry.dtype == "f32";
        break;
    }
    if (storable) result.push_back(i);
  }
  return result;
}

void write_tuned(const CellmFile& file, const std::filesystem::path& target,
                 const std::string& prefix, const std::vector<Parameter>& parameters,
                 std::span<const std::size_t> chosen, const HeaderEdit& edit_header) {
  const auto entries = by_name(file.header.tensors);
  std::map<std::string, const Parameter*> changes;  // by the payload that they change
  std::vector<NewTensor> added;
  for (const std::size_t index : chosen) {
    const Parameter& parameter = parameters[index];
    const std::string name = changed_tensor(prefix, parameter);
    if (entries.contains(name)) {
      changes[name] = &parameter;
    } else {
      added.push_back(new_column_scales(name, parameter.values));
    }
  }
  const auto edit = [&](const CellmEntry& entry,
                        std::span<const std::byte> bytes) -> std::optional<std::vector<std::byte>> {
    const auto found = changes.find(entry.name);
    if (found == changes.end()) return std::nullopt;
    const Parameter& parameter = *found->second;
    switch (parameter.kind) {
      case ParameterKind::kRows:
        return scaled_rows(*entries.at(prefix + parameter.tensor), entry, bytes, parameter.values);
      case ParameterKind::kColumns:
        return scaled_columns(entry.name, bytes, parameter.values);
      case ParameterKind::kNorm:
        break;
    }
    return stored_norm(entry, parameter.values, parameter.offset);
  };
  rewrite_cellm(file, target, edit_header, edit, added);
}

}  // namespace cellm
