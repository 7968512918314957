#include <array>
#include <cmath>
#include <vector>

#include <nlohmann/json.hpp>

#include "mutate.h"

namespace cellm::fuzz {
namespace {

constexpr std::array<std::uint64_t, 28> kOddNumbers{0,
                                                    1,
                                                    2,
                                                    3,
                                                    7,
                                                    8,
                                                    31,
                                                    32,
                                                    63,
                                                    64,
                                                    65,
                                                    127,
                                                    128,
                                                    255,
                                                    256,
                                                    4096,
                                                    65535,
                                                    65536,
                                                    1U << 20,
                                                    (1U << 31) - 1,
                                                    1U << 31,
                                                    UINT32_MAX,
                                                    std::uint64_t{1} << 32,
                                                    std::uint64_t{1} << 53,
                                                    std::uint64_t{1} << 62,
                                                    static_cast<std::uint64_t>(INT64_MAX),
                                                    std::uint64_t{1} << 63,
                                                    UINT64_MAX};

// Values of a document, each with its parent (null for the root).
struct Place {
  Json* value;
  Json* parent;
};

constexpr std::size_t kMaxPlaces = 4096;

void collect(Json& value, Json* parent, std::vector<Place>& places) {
  if (places.size() >= kMaxPlaces) return;
  places.push_back({&value, parent});
  if (!value.is_structured()) return;
  for (auto& member : value) collect(member, &value, places);
}

Json odd_value(Random& random) {
  switch (pick(random, 12)) {
    case 0:
      return nullptr;
    case 1:
      return once_in(random, 2);
    case 2:
      return Json::array();
    case 3:
      return Json::object();
    case 4:
      return "";
    case 5:
      return std::string(pick(random, 700), 'x');
    case 6:
      return -1;
    case 7:
      return static_cast<double>(odd_number(random)) / 2;
    case 8:
      return once_in(random, 2) ? 1e308 : 5e-324;
    case 9:
      return Json::array({odd_number(random), odd_number(random)});
    default:
      return odd_number(random);
  }
}

void change_member_name(Json& object, std::span<const std::string_view> keys, Random& random) {
  auto member = object.begin();
  std::advance(member, static_cast<std::ptrdiff_t>(pick(random, object.size())));
  Json value = member.value();
  const std::string old = member.key();
  if (once_in(random, 2)) object.erase(member);
  if (!keys.empty() && !once_in(random, 4)) {
    object[std::string(keys[pick(random, keys.size())])] = std::move(value);
  } else if (once_in(random, 2)) {
    object[old + "x"] = std::move(value);
  } else {
    object[old.substr(0, old.size() / 2)] = std::move(value);
  }
}

void change_scalar(Json& value, Random& random) {
  if (value.is_number_integer()) {
    const auto number = value.get<std::uint64_t>();
    constexpr std::array<std::uint64_t, 6> kSteps{1, 2, 8, 64, 0x80000000, UINT64_MAX};
    switch (pick(random, 4)) {
      case 0:
        value = number + kSteps[pick(random, kSteps.size())];
        return;
      case 1:
        value = number - kSteps[pick(random, kSteps.size())];
        return;
      case 2:
        value = number * (pick(random, 4) + 2);
        return;
      default:
        value = odd_number(random);
        return;
    }
  }
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    if (text.empty() || once_in(random, 4)) {
      text += static_cast<char>(0x20 + pick(random, 0x5F));
    } else if (once_in(random, 3)) {
      text.erase(pick(random, text.size()), 1 + pick(random, 4));
    } else {
      text[pick(random, text.size())] = static_cast<char>(0x20 + pick(random, 0x5F));
    }
    return;
  }
  value = value.is_boolean() ? Json(!value.get<bool>()) : odd_value(random);
}

void change_structure(const Place& place, std::span<const std::string_view> keys, Random& random) {
  Json& value = *place.value;
  const bool add = value.empty() || once_in(random, 4);
  if (value.is_object()) {
    if (add) {
      const std::string key = keys.empty() || once_in(random, 4)
                                  ? std::string(1, static_cast<char>('a' + pick(random, 26)))
                                  : std::string(keys[pick(random, keys.size())]);
      value[key] = odd_value(random);
    } else if (once_in(random, 2)) {
      auto member = value.begin();
      std::advance(member, static_cast<std::ptrdiff_t>(pick(random, value.size())));
      value.erase(member);
    } else {
      change_member_name(value, keys, random);
    }
    return;
  }
  if (add) {
    value.push_back(value.empty() ? odd_value(random) : value[pick(random, value.size())]);
  } else if (once_in(random, 2)) {
    value.erase(pick(random, value.size()));
  } else {
    std::swap(value[pick(random, value.size())], value[pick(random, value.size())]);
  }
}

}  // namespace

std::size_t pick(Random& random, std::size_t count) {
  return random() % count;
}

std::uint64_t odd_number(Random& random) {
  const std::uint64_t number = kOddNumbers[pick(random, kOddNumbers.size())];
  return once_in(random, 3) ? number - 1 + pick(random, 3) : number;
}

void mutate_json(Json& document, std::span<const std::string_view> keys, Random& random) {
  const std::size_t changes = 1 + (once_in(random, 2) ? pick(random, 4) : 0);
  for (std::size_t i = 0; i < changes; ++i) {
    std::vector<Place> places;
    collect(document, nullptr, places);
    const Place place = places[pick(random, places.size())];
    switch (pick(random, 8)) {
      case 0:
        *place.value = odd_value(random);
        break;
      case 1: {  // a copy, so that a value never contains itself
        Json other = *places[pick(random, places.size())].value;
        *place.value = std::move(other);
        break;
      }
      default:
        if (place.value->is_structured()) {
          change_structure(place, keys, random);
        } else {
          change_scalar(*place.value, random);
        }
    }
  }
}

std::string mutate_json_text(const std::string& text, std::span<const std::string_view> keys,
                             Random& random) {
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return text;
  mutate_json(document, keys, random);
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cellm::fuzz
