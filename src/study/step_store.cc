#include "study/step_store.h"

#include <system_error>
#include <xxhash.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string dump(const OrderedJson& json, int indent) {
  return json.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

StepStore::StepStore(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  if (failure) {
    throw data_error("{}: cannot make this folder: {}", printable(folder_.string()),
                     failure.message());
  }
}

std::filesystem::path StepStore::file_of(const std::string& name) const {
  return folder_ / (name + ".json");
}

std::optional<OrderedJson> StepStore::find(const std::string& name, std::string_view key) const {
  const auto path = file_of(name);
  if (!std::filesystem::exists(path)) return std::nullopt;
  return parse_step(read_file(path, kMaxStepBytes), key);
}

void StepStore::store(const std::string& name, std::string_view key, const OrderedJson& value) {
  write_text_file(file_of(name), step_text(key, value));
}

void StepStore::remove(const std::string& name) {
  std::error_code ignored;
  std::filesystem::remove(file_of(name), ignored);
}

std::string step_text(std::string_view key, const OrderedJson& value) {
  const OrderedJson document{
      {"key", key}, {"checksum", step_key({key, dump(value, -1)})}, {"value", value}};
  return dump(document, 1) + "\n";
}

std::optional<OrderedJson> parse_step(std::string_view text, std::string_view key) {
  OrderedJson document;
  try {
    document = parse_ordered_json(text, "step");
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!document.is_object()) return std::nullopt;
  const auto value = document.find("value");
  if (value == document.end() || document.value("key", OrderedJson()) != key ||
      document.value("checksum", OrderedJson()) != step_key({key, dump(*value, -1)})) {
    return std::nullopt;
  }
  return *value;
}

std::string step_key(std::initializer_list<std::string_view> texts) {
  std::string all;
  for (const std::string_view text : texts) all += fmt::format("{}:{}", text.size(), text);
  return fmt::format("{:016x}", XXH3_64bits(all.data(), all.size()));
}

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write_at(0, std::as_bytes(std::span(text)));
  file.commit();
}

}  // namespace cellm
