#include "study/step_store.h"

#include <system_error>
#include <xxhash.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"

namespace cellm {
namespace {

constexpr std::size_t kMaxStepBytes = std::size_t{64} << 20;

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

std::optional<nlohmann::ordered_json> StepStore::find(const std::string& name,
                                                      std::string_view key) const {
  const auto path = file_of(name);
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto document = nlohmann::ordered_json::parse(read_file(path, kMaxStepBytes),
                                                      /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("key") || !document.contains("value") ||
      document["key"] != key) {
    return std::nullopt;
  }
  return document["value"];
}

void StepStore::store(const std::string& name, std::string_view key,
                      const nlohmann::ordered_json& value) {
  const nlohmann::ordered_json document{{"key", key}, {"value", value}};
  write_text_file(
      file_of(name),
      document.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void StepStore::remove(const std::string& name) {
  std::error_code ignored;
  std::filesystem::remove(file_of(name), ignored);
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
