// Observing what a session computes for the tokens that it appends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/observe.h"
#include "engine/session.h"

namespace cellm {

class SessionTap : public InputTap {
 public:
  // The residual stream before a layer, (tokens, hidden), valid during the call. Behind the last
  // layer there is none: the input of the output matrix is that stream after the final norm.
  virtual void see_stream(std::size_t layer, const float* x, std::size_t tokens) = 0;
};

// As Session::feed() for any number of tokens, at least one, with the session's KV encoding. Calls
// the tap for at most kMaxBatchTokens tokens at a time, in the order of the forward pass. If the
// tap throws, the session is unchanged. Throws Error(kUsage) as Session::advance().
void observe(Session& session, std::span<const std::uint32_t> tokens, SessionTap& tap);

}  // namespace cellm
