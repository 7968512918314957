#include "cli/plan_table.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "convert/rules.h"

namespace cellm {
namespace {

// One line of the plan: the tensors of a class that get the same format.
struct Row {
  std::size_t tensors = 0;
  std::uint64_t weights = 0;
  std::uint64_t bytes = 0;
};

std::string planned_format(const PlannedTensor& tensor) {
  FormatChoice choice = tensor.choice;
  if (choice.group != 0) choice.group = tensor.shape.group;  // what it really gets
  return format_choice_name(choice);
}

std::map<std::pair<TensorClass, std::string>, Row> rows_of(const ConvertPlan& plan) {
  std::map<std::pair<TensorClass, std::string>, Row> rows;
  for (const auto& tensor : plan.tensors) {
    Row& row = rows[{tensor_class(tensor), planned_format(tensor)}];
    ++row.tensors;
    row.weights += tensor.info.rows() * tensor.info.cols();
    row.bytes += tensor.bytes();
  }
  return rows;
}

void print_json(const ConvertPlan& plan) {
  nlohmann::ordered_json json;
  json["file_bytes"] = plan.file_bytes;
  json["bits_per_weight"] = bits_per_weight(plan);
  json["classes"] = nlohmann::json::array();
  for (const auto& [key, row] : rows_of(plan)) {
    json["classes"].push_back({{"class", tensor_class_name(key.first)},
                               {"format", key.second},
                               {"tensors", row.tensors},
                               {"weights", row.weights},
                               {"bytes", row.bytes}});
  }
  json["tensors"] = nlohmann::json::array();
  for (const auto& tensor : plan.tensors) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"shape", tensor.info.shape},
                               {"format", planned_format(tensor)},
                               {"bytes", tensor.bytes()}});
  }
  json["left_out"] = plan.left_out;
  fmt::print("{}\n", json.dump(2));
}

void print_table(const ConvertPlan& plan) {
  fmt::print("{:<16} {:<10} {:>8} {:>14} {:>14} {:>8}\n", "class", "format", "tensors", "weights",
             "bytes", "bits/w");
  const auto line = [](std::string_view name, std::string_view format, const Row& row) {
    fmt::print("{:<16} {:<10} {:>8} {:>14} {:>14} {:>8.3f}\n", name, format, row.tensors,
               row.weights, row.bytes,
               8.0 * static_cast<double>(row.bytes) / static_cast<double>(row.weights));
  };
  Row total;
  for (const auto& [key, row] : rows_of(plan)) {
    line(tensor_class_name(key.first), key.second, row);
    total.tensors += row.tensors;
    total.weights += row.weights;
    total.bytes += row.bytes;
  }
  line("total", "", total);
  std::uint64_t blobs = 0;
  for (const auto& blob : plan.blobs) blobs += blob.bytes.size();
  // A GGUF file has them among its metadata.
  if (blobs != 0) fmt::print("tokenizer, chat template and sampling defaults: {} bytes\n", blobs);
  if (!plan.left_out.empty()) fmt::print("left out: {} tensors\n", plan.left_out.size());
  fmt::print("file: {} bytes ({})\n", plan.file_bytes, human_bytes(plan.file_bytes));
}

}  // namespace

void print_plan(const ConvertPlan& plan, bool as_json) {
  if (as_json) {
    print_json(plan);
  } else {
    print_table(plan);
  }
}

std::string formats_text(const ConvertPlan& plan) {
  std::string text;
  for (const auto& [key, row] : rows_of(plan)) {
    text += fmt::format("  {:<16} {:<6} {:>5} tensors {:>14} weights\n",
                        tensor_class_name(key.first), key.second, row.tensors, row.weights);
  }
  return text;
}

}  // namespace cellm
