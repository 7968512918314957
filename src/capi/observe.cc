#include "engine/observe.h"

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "capi/handles.h"
#include "engine/session.h"
#include "model/model.h"

using namespace cellm;

namespace {

// Hands what it sees to the caller.
class ReportingTap final : public InputTap {
 public:
  ReportingTap(const ModelConfig& config, cellm_on_observed on_observed, void* user)
      : config_(config), on_observed_(on_observed), user_(user) {}

  void see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
           std::size_t cols) override {
    std::vector<std::string> names;
    std::vector<const char*> plain;
    for (const TensorId id : ids) names.push_back(tensor_name(config_, id));
    for (const std::string& name : names) plain.push_back(name.c_str());
    const bool is_output = ids.front() == kOutputId;
    report({.size = sizeof(cellm_observed),
            .names = plain.data(),
            .names_count = plain.size(),
            .layer = is_output ? config_.layers.size() : ids.front().layer,
            .first = first_,
            .tokens = tokens,
            .cols = cols,
            .values = x});
    if (is_output) first_ += tokens;  // the last of a pass
  }
  void see_stream(std::size_t layer, const float* x, std::size_t tokens) override {
    report({.size = sizeof(cellm_observed),
            .names = nullptr,
            .names_count = 0,
            .layer = layer,
            .first = first_,
            .tokens = tokens,
            .cols = config_.hidden,
            .values = x});
  }

 private:
  void report(const cellm_observed& observed) {
    if (on_observed_(user_, &observed) != 0) throw Cancelled();
  }

  const ModelConfig& config_;
  cellm_on_observed on_observed_;
  void* user_;
  std::size_t first_ = 0;
};

}  // namespace

cellm_status cellm_session_observe(cellm_session* session, const std::uint32_t* ids,
                                   std::size_t count, cellm_on_observed on_observed, void* user) {
  return guarded([&] {
    Session& on = required(session, "session").session;
    const auto tokens = required_array(ids, count, "ids");
    if (tokens.empty()) throw usage_error("no tokens");
    if (on_observed == nullptr) throw usage_error("on_observed is null");
    ReportingTap tap(on.engine().config(), on_observed, user);
    observe(on, tokens, tap);
  });
}
