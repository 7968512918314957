#include "study/score_json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct Figure {
  const char* name;
  double RowScore::*member;
};
constexpr Figure kFigures[] = {{"nll", &RowScore::nll},
                               {"reference_nll", &RowScore::reference_nll},
                               {"kld", &RowScore::kld},
                               {"delta_p", &RowScore::delta_p}};
constexpr const char* kSameTop = "same_top";

const OrderedJson& array_of(const OrderedJson& json, const char* name, std::string_view source) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  if (found == json.end() || !found->is_array()) {
    throw data_error("{}: scores: no array {}; remove this file", source, name);
  }
  return *found;
}

}  // namespace

OrderedJson scores_json(const EvalScores& scores) {
  OrderedJson json = OrderedJson::object();
  for (const Figure& figure : kFigures) {
    OrderedJson& values = json[figure.name] = OrderedJson::array();
    for (const RowScore& score : scores) values.push_back(score.*figure.member);
  }
  OrderedJson& same = json[kSameTop] = OrderedJson::array();
  for (const RowScore& score : scores) same.push_back(score.same_top ? 1 : 0);
  return json;
}

void add_scores(const OrderedJson& json, std::string_view source, EvalScores& scores) {
  const OrderedJson& same = array_of(json, kSameTop, source);
  const std::size_t begin = scores.size();
  scores.resize(begin + same.size());
  for (std::size_t i = 0; i < same.size(); ++i) scores[begin + i].same_top = same[i] == 1;
  for (const Figure& figure : kFigures) {
    const OrderedJson& values = array_of(json, figure.name, source);
    if (values.size() != same.size()) {
      throw data_error("{}: scores: {} values of {}, {} of {}; remove this file", source,
                       values.size(), figure.name, same.size(), kSameTop);
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i].is_number()) {
        throw data_error("{}: scores: {}: no number; remove this file", source, figure.name);
      }
      scores[begin + i].*figure.member = values[i].get<double>();
    }
  }
}

}  // namespace cellm
