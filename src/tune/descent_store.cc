#include "tune/descent_store.h"

#include <cstring>
#include <string>
#include <xxhash.h>

#include "base/atomic_file.h"
#include "base/mapped_file.h"

namespace cellm {
namespace {

constexpr std::string_view kMagic = "cellm descent 1\n";

void append(std::string& out, const void* bytes, std::size_t count) {
  out.append(static_cast<const char*>(bytes), count);
}

template <class T>
void append_value(std::string& out, const T& value) {
  append(out, &value, sizeof(value));
}

void append_rows(std::string& out, const std::vector<std::vector<float>>& rows) {
  for (const auto& row : rows) append(out, row.data(), row.size() * sizeof(float));
}

// Reads fields from the front of a text; functions return false once it is too short.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool take(void* to, std::size_t count) {
    if (bytes_.size() < count) return false;
    std::memcpy(to, bytes_.data(), count);
    bytes_ = bytes_.subspan(count);
    return true;
  }
  template <class T>
  bool value(T& to) {
    return take(&to, sizeof(to));
  }
  bool rows(const std::vector<std::size_t>& sizes, std::vector<std::vector<float>>& to) {
    for (const std::size_t size : sizes) {
      if (!take(to.emplace_back(size).data(), size * sizeof(float))) return false;
    }
    return true;
  }
  bool is_empty() const { return bytes_.empty(); }

 private:
  std::span<const std::byte> bytes_;
};

bool read_state(Reader& reader, const std::vector<std::size_t>& sizes, DescentState& state) {
  std::uint64_t step = 0;
  std::uint64_t best_step = 0;
  std::uint64_t looks = 0;
  std::uint64_t adam_steps = 0;
  if (!reader.value(step) || !reader.value(best_step) || !reader.value(looks) ||
      !reader.value(adam_steps) || !reader.value(state.loss) || !reader.value(state.start) ||
      !reader.value(state.best) || !reader.rows(sizes, state.values) ||
      !reader.rows(sizes, state.best_values)) {
    return false;
  }
  state.step = step;
  state.best_step = best_step;
  state.looks_since_best = looks;
  state.adam.steps = adam_steps;
  if (adam_steps != 0 &&
      (!reader.rows(sizes, state.adam.first) || !reader.rows(sizes, state.adam.second))) {
    return false;
  }
  return reader.is_empty();
}

}  // namespace

void store_descent(const std::filesystem::path& path, std::string_view key,
                   const DescentState& state) {
  std::string out(kMagic);
  append_value(out, XXH3_64bits(key.data(), key.size()));
  append_value(out, static_cast<std::uint64_t>(state.step));
  append_value(out, static_cast<std::uint64_t>(state.best_step));
  append_value(out, static_cast<std::uint64_t>(state.looks_since_best));
  append_value(out, static_cast<std::uint64_t>(state.adam.steps));
  append_value(out, state.loss);
  append_value(out, state.start);
  append_value(out, state.best);
  append_rows(out, state.values);
  append_rows(out, state.best_values);
  append_rows(out, state.adam.first);
  append_rows(out, state.adam.second);
  append_value(out, XXH3_64bits(out.data(), out.size()));
  AtomicFile file(path);
  file.write_at(0, std::as_bytes(std::span(out)));
  file.commit();
}

std::optional<DescentState> load_descent(const std::filesystem::path& path, std::string_view key,
                                         const std::vector<Parameter>& parameters,
                                         const std::vector<std::size_t>& chosen) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) return std::nullopt;
  const MappedFile file(path);
  const auto bytes = file.bytes();
  std::uint64_t sum = 0;
  if (bytes.size() < kMagic.size() + 2 * sizeof(sum) ||
      std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return std::nullopt;
  }
  const auto body = bytes.first(bytes.size() - sizeof(sum));
  std::memcpy(&sum, bytes.data() + body.size(), sizeof(sum));
  if (sum != XXH3_64bits(body.data(), body.size())) return std::nullopt;

  std::vector<std::size_t> sizes;
  for (const std::size_t index : chosen) sizes.push_back(parameters.at(index).values.size());
  Reader reader(body.subspan(kMagic.size()));
  DescentState state;
  std::uint64_t stored_key = 0;
  if (!reader.value(stored_key) || stored_key != XXH3_64bits(key.data(), key.size()) ||
      !read_state(reader, sizes, state)) {
    return std::nullopt;
  }
  return state;
}

}  // namespace cellm
