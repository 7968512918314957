#include "tune/tuned_file.h"

#include <cmath>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "format/half.h"
#include "format/packed.h"
#include "format/trellis.h"

namespace cellm {
namespace {

std::map<std::string, const CellmEntry*> by_name(const std::vector<CellmEntry>& tensors) {
  std::map<std::string, const CellmEntry*> entries;
  for (const CellmEntry& entry : tensors) entries[entry.name] = &entry;
  return entries;
}

// The row that a scale belongs to, by its place in the payload (docs/file-format.md).
std::size_t row_of_scale(const CellmEntry& matrix, const CellmEntry& scales, std::size_t index) {
  if (matrix.trellis) return index;  // (row blocks, 64)
  if (scales.shape.size() == 3) {    // packed: (row blocks, groups, 16)
    const std::size_t groups = scales.shape[1];
    return index / (groups * kPackedRows) * kPackedRows + index % kPackedRows;
  }
  return scales.shape.size() == 2 ? index / scales.shape[1] : index;
}

std::vector<std::byte> scaled(const CellmEntry& matrix, const CellmEntry& scales,
                              std::span<const std::byte> bytes, std::span<const float> factors) {
  std::vector<std::byte> result(bytes.begin(), bytes.end());
  for (std::size_t i = 0; i * sizeof(std::uint16_t) < bytes.size(); ++i) {
    const std::size_t row = row_of_scale(matrix, scales, i);
    if (row >= factors.size()) continue;  // padding of the last block
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + i * sizeof(half), sizeof(half));
    half = f32_to_f16(f16_to_f32(half) * factors[row]);
    if (!std::isfinite(f16_to_f32(half)))
      throw data_error("{}: the scale of row {} leaves the range of f16", matrix.name, row);
    std::memcpy(result.data() + i * sizeof(half), &half, sizeof(half));
  }
  return result;
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
    if (parameters[i].kind == ParameterKind::kRows) {
      if (entries.contains(name + std::string(kScaleSuffix))) result.push_back(i);
    } else if (parameters[i].kind == ParameterKind::kNorm) {
      const auto found = entries.find(name);
      if (found != entries.end() &&
          (found->second->dtype == "f16" || found->second->dtype == "f32"))
        result.push_back(i);
    }
  }
  return result;
}

void write_tuned(const std::filesystem::path& path, const std::filesystem::path& target,
                 const std::string& prefix, const std::vector<Parameter>& parameters,
                 std::span<const std::size_t> chosen, const HeaderEdit& edit_header) {
  std::map<std::string, const Parameter*> changes;  // by the payload that they change
  for (const std::size_t index : chosen) {
    const Parameter& parameter = parameters[index];
    const bool is_norm = parameter.kind == ParameterKind::kNorm;
    changes[prefix + parameter.tensor + std::string(is_norm ? "" : kScaleSuffix)] = &parameter;
  }
  const MappedFile file(path);
  const CellmHeader header = read_cellm_header(file);
  const auto entries = by_name(header.tensors);
  rewrite_cellm(path, target, edit_header,
                [&](const CellmEntry& entry,
                    std::span<const std::byte> bytes) -> std::optional<std::vector<std::byte>> {
                  const auto found = changes.find(entry.name);
                  if (found == changes.end()) return std::nullopt;
                  const Parameter& parameter = *found->second;
                  if (parameter.kind == ParameterKind::kNorm)
                    return stored_norm(entry, parameter.values, parameter.offset);
                  return scaled(*entries.at(prefix + parameter.tensor), entry, bytes,
                                parameter.values);
                });
}

}  // namespace cellm
