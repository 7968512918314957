// For tests: GGUF files of a model that is as small as possible.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "io/gguf_test_file.h"
#include "model/gguf/source.h"

namespace cellm {

// The smallest file that opens: one layer, two heads of 4, 8 wide, 3 tokens.
inline GgufBuilder tiny(const std::string& arch = "llama") {
  GgufBuilder builder;
  builder.string("general.architecture", arch)
      .u32(arch + ".block_count", 1)
      .u32(arch + ".context_length", 16)
      .u32(arch + ".embedding_length", 8)
      .u32(arch + ".feed_forward_length", 8)
      .u32(arch + ".attention.head_count", 2)
      .f32(arch + ".attention.layer_norm_rms_epsilon", 1e-6F)
      .f32_tensor("token_embd.weight", {8, 3}, std::vector<float>(24, 0.5F));
  return builder;
}

inline std::unique_ptr<ModelSource> open_built(const GgufBuilder& builder) {
  const TemporaryFile file;
  return open_gguf(file.write(builder.bytes()));
}

inline void expect_refused(const GgufBuilder& builder, ErrorKind kind, std::string_view part) {
  try {
    open_built(builder);
    ADD_FAILURE() << "opened, expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
  }
}

}  // namespace cellm
