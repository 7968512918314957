#include "cli/raw_listing.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/shape.h"

namespace cellm {
namespace {

void print_json(const std::string& path, const RawContainer& raw, const std::string& why,
                std::uint64_t bytes) {
  nlohmann::ordered_json json{{"path", path},
                              {"container", raw.kind},
                              {"cannot_run", why},
                              {"tensor_count", raw.tensors.size()},
                              {"tensor_bytes", bytes}};
  json["metadata"] = nlohmann::ordered_json::object();
  for (const auto& [key, value] : raw.metadata) json["metadata"][key] = value;
  json["tensors"] = nlohmann::json::array();
  for (const RawTensor& tensor : raw.tensors) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"shape", tensor.shape},
                               {"dtype", tensor.type},
                               {"bytes", tensor.bytes}});
  }
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

void print_raw_container(const std::string& path, const RawContainer& raw, const std::string& why,
                         bool as_json) {
  std::uint64_t bytes = 0;
  for (const RawTensor& tensor : raw.tensors) bytes += tensor.bytes;
  if (as_json) {
    print_json(path, raw, why, bytes);
    return;
  }
  for (const auto& [key, value] : raw.metadata) fmt::print("{:<40} {}\n", key, value);
  fmt::print("\n{:<64} {:<18} {:<10} {:>12}\n", "tensor", "shape", "type", "bytes");
  for (const RawTensor& tensor : raw.tensors) {
    fmt::print("{:<64} {:<18} {:<10} {:>12}\n", printable(tensor.name), shape_text(tensor.shape),
               tensor.type, tensor.bytes);
  }
  fmt::print("\n{} tensors, {} bytes\n", raw.tensors.size(), bytes);
  fmt::print(stderr, "note: cellm cannot run this model: {}\n", why);
}

}  // namespace cellm
