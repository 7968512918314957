#include "quantize/calibrated_input.h"

#include <optional>

namespace cellm {
namespace {

std::shared_ptr<const FeedbackFactor> shared(std::optional<FeedbackFactor> factor) {
  if (!factor) return nullptr;
  return std::make_shared<const FeedbackFactor>(*std::move(factor));
}

SecondMoments copy_of(const SecondMoments& moments) {
  SecondMoments copy{moments.cols, moments.tokens, AlignedBuffer<double>(moments.values.size())};
  std::copy_n(moments.values.data(), moments.values.size(), copy.values.data());
  return copy;
}

}  // namespace

std::shared_ptr<const FeedbackFactor> CalibratedInput::factor(std::size_t width) {
  return factor(width, "", {});
}

std::shared_ptr<const FeedbackFactor> CalibratedInput::factor(std::size_t width,
                                                              std::string_view basis,
                                                              const Transform& transform) {
  const auto [entry, is_new] =
      factors_.try_emplace(std::make_pair(width, std::string(basis)), nullptr);
  if (is_new) {
    if (transform) {
      SecondMoments moments = copy_of(moments_);
      transform(moments);
      entry->second = shared(factorize(moments, width, pool_));
    } else {
      entry->second = shared(factorize(moments_, width, pool_));
    }
    lacks_factor_ = lacks_factor_ || entry->second == nullptr;
  }
  return entry->second;
}

}  // namespace cellm
