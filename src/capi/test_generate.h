// For tests only: generation with a small model whose tokens are the bytes.
#pragma once

#include <cstdint>
#include <string>

#include "capi/test_capi.h"

namespace cellm::test {

inline constexpr std::uint32_t kTokens = 256;  // of the tokenizer; the vocabulary has more

// The calls of a callback.
struct Heard {
  Ids ids;
  std::string text;
  std::string last;  // text that came without a token
  std::size_t most = SIZE_MAX;

  static int on_token(void* user, std::uint32_t id, const char* text, std::size_t bytes) {
    auto& heard = *static_cast<Heard*>(user);
    EXPECT_EQ(text[bytes], '\0');
    heard.text += std::string(text, bytes);
    if (id == CELLM_NO_TOKEN) {
      heard.last.assign(text, bytes);
    } else {
      EXPECT_TRUE(heard.last.empty());
      heard.ids.push_back(id);
    }
    return heard.ids.size() == heard.most ? 1 : 0;
  }
};

class Generate : public CapiTest {
 protected:
  cellm_generate_result generate(const SessionHandle& session, Heard& heard,
                                 const cellm_generate_options& options) const {
    auto result = sized<cellm_generate_result>();
    expect_ok(cellm_generate(session.get(), prompt_.data(), prompt_.size(), &options,
                             Heard::on_token, &heard, &result));
    EXPECT_EQ(result.generated_tokens, heard.ids.size());
    return result;
  }

  std::string text_of(const Ids& ids) const {
    char* text = nullptr;
    std::size_t bytes = 0;
    expect_ok(cellm_detokenize(model_.get(), ids.data(), ids.size(), &text, &bytes));
    const std::string copy(text, bytes);
    cellm_free(text);
    return copy;
  }

  const ModelHandle model_ = open_handle(path_);
  const Ids prompt_ = some_ids(20);
};

}  // namespace cellm::test
