// Fields of a request, read with their types.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/json_text.h"

namespace cellm {

// A request's body: a JSON object. Throws ApiError 400.
OrderedJson parse_body(std::string_view text);

// An object of a request with its path in it, "" for the request itself. Points into the request,
// which must outlive it. All functions throw ApiError 400 that names the field for a wrong type or
// value; a field that is null is not there.
class Fields {
 public:
  explicit Fields(const OrderedJson& object, std::string path = {});

  const OrderedJson* find(std::string_view name) const;
  const OrderedJson& need(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // "messages[0].role" for "role"
  std::string path(std::string_view name) const;

  std::optional<bool> boolean(std::string_view name) const;
  std::optional<double> number(std::string_view name, double least, double most) const;
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least,
                                      std::int64_t most) const;
  std::optional<std::size_t> count(std::string_view name, std::size_t least,
                                   std::size_t most) const;
  std::optional<std::string> text(std::string_view name) const;
  // One of the names that are given; the position among them.
  std::optional<std::size_t> choice(std::string_view name,
                                    std::initializer_list<std::string_view> names) const;
  std::optional<Fields> object(std::string_view name) const;
  // An array or nothing.
  const OrderedJson* array(std::string_view name, std::size_t most) const;

 private:
  const OrderedJson* object_;
  std::string path_;
};

// "an object", "a text", for messages
std::string_view json_type(const OrderedJson& value);

// Token ids: an array of integers below vocab_size.
std::vector<std::uint32_t> read_ids(const OrderedJson& array, const std::string& path,
                                    std::size_t vocab_size);

}  // namespace cellm
