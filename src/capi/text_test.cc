#include <array>
#include <cstring>

#include "capi/test_capi.h"
#include "chat/chat.h"
#include "engine/opened_model.h"

namespace cellm {
namespace {

using test::expect_failure;
using test::expect_ok;
using test::Ids;

// The ids of a call that hands them over.
template <class Call>
Ids ids_of(Call&& call) {
  std::uint32_t* ids = nullptr;
  std::size_t count = 0;
  expect_ok(call(&ids, &count));
  const Ids copy(ids, ids + count);
  cellm_free(ids);
  return copy;
}

template <class Call>
std::string text_of(Call&& call) {
  char* text = nullptr;
  std::size_t bytes = 0;
  expect_ok(call(&text, &bytes));
  EXPECT_EQ(text[bytes], '\0');
  const std::string copy(text, bytes);
  cellm_free(text);
  return copy;
}

class Text : public test::CapiTest {
 protected:
  Ids tokenize(const cellm_model* model, std::string_view text, bool parse_special = false) const {
    return ids_of([&](auto** ids, auto* count) {
      return cellm_tokenize(model, text.data(), text.size(), parse_special ? 1 : 0, ids, count);
    });
  }
};

TEST_F(Text, BecomesIdsAndIsTextAgain) {
  const auto model = test::open_handle(path_);
  EXPECT_EQ(tokenize(model.get(), "ab\n"), (Ids{'a', 'b', '\n'}));
  EXPECT_EQ(tokenize(model.get(), ""), Ids());
  EXPECT_EQ(tokenize(model.get(), std::string_view("a\0b", 3)), (Ids{'a', 0, 'b'}));
  const Ids ids{'a', 0, 0xC3, 0xA9};
  EXPECT_EQ(text_of([&](char** text, std::size_t* bytes) {
              return cellm_detokenize(model.get(), ids.data(), ids.size(), text, bytes);
            }),
            std::string("a\0\u00e9", 4));
  char* text = nullptr;
  expect_ok(cellm_detokenize(model.get(), nullptr, 0, &text, nullptr));
  EXPECT_STREQ(text, "");
  cellm_free(text);
  std::uint32_t* out = nullptr;
  std::size_t count = 0;
  expect_failure(cellm_tokenize(model.get(), "\xff", 1, 0, &out, &count), CELLM_ERROR_USAGE,
                 "UTF-8");
  const std::uint32_t unused = 300;
  expect_failure(cellm_detokenize(model.get(), &unused, 1, &text, nullptr), CELLM_ERROR_USAGE,
                 "300");
}

TEST_F(Text, NeedsATokenizer) {
  std::filesystem::rename(path_ / "tokenizer.json", folder_.path() / "elsewhere.json");
  const auto model = test::open_handle(path_);
  EXPECT_EQ(test::facts_of(model).has_tokenizer, 0);
  EXPECT_EQ(test::facts_of(model).has_chat_format, 0);
  std::uint32_t* ids = nullptr;
  std::size_t count = 0;
  expect_failure(cellm_tokenize(model.get(), "a", 1, 0, &ids, &count), CELLM_ERROR_DATA,
                 "no tokenizer inside or beside this model");
  EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_TOKENIZER_FILE);
  auto options = test::sized<cellm_model_options>();
  const std::string file = (folder_.path() / "elsewhere.json").string();
  options.tokenizer_file = file.c_str();
  cellm_model* with = nullptr;
  expect_ok(cellm_model_open(path_.c_str(), &options, &with));
  EXPECT_EQ(tokenize(with, "a"), Ids{'a'});
  cellm_model_free(with);
}

TEST_F(Text, ATokenizerByItself) {
  const std::string file = (path_ / "tokenizer.json").string();
  const std::string model = path_.string();
  for (const bool by_file : {true, false}) {
    auto options = test::sized<cellm_tokenizer_options>();
    (by_file ? options.file : options.model) = by_file ? file.c_str() : model.c_str();
    cellm_tokenizer* handle = nullptr;
    expect_ok(cellm_tokenizer_open(&options, &handle));
    const test::TokenizerHandle tokenizer(handle);
    EXPECT_EQ(ids_of([&](auto** ids, auto* count) {
                return cellm_tokenizer_encode(handle, "hi", 2, 0, ids, count);
              }),
              (Ids{'h', 'i'}));
    const Ids ids{'h', 'i'};
    EXPECT_EQ(text_of([&](char** text, std::size_t* bytes) {
                return cellm_tokenizer_decode(handle, ids.data(), ids.size(), 1, text, bytes);
              }),
              "hi");
  }
  auto options = test::sized<cellm_tokenizer_options>();
  cellm_tokenizer* handle = nullptr;
  expect_failure(cellm_tokenizer_open(&options, &handle), CELLM_ERROR_USAGE,
                 "give a file or a model");
  options.file = file.c_str();
  options.model = model.c_str();
  expect_failure(cellm_tokenizer_open(&options, &handle), CELLM_ERROR_USAGE,
                 "give a file or a model");
  options.file = nullptr;
  std::filesystem::remove(file);
  expect_failure(cellm_tokenizer_open(&options, &handle), CELLM_ERROR_DATA, "no tokenizer inside");
  EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_TOKENIZER_FILE);
}

class ChatPrompt : public test::CapiTest {
 protected:
  static constexpr const char* kTiny = CELLM_TESTDATA "/../models/cellm-tiny";

  static Ids prompt(const test::ModelHandle& model, std::span<const cellm_chat_message> messages,
                    const cellm_chat_options* options = nullptr) {
    return ids_of([&](auto** ids, auto* count) {
      return cellm_chat_prompt(model.get(), messages.data(), messages.size(), options, ids, count);
    });
  }
};

TEST_F(ChatPrompt, IsInTheModelsFormat) {
  const auto model = test::open_handle(kTiny);
  EXPECT_EQ(test::facts_of(model).has_chat_format, 1);
  EXPECT_NE(std::string(cellm_model_chat_template(model.get())), "");
  const auto opened = open_model(kTiny);
  const Tokenizer& tokenizer = *opened->tokenizer();
  const Chat& chat = *opened->chat();
  const std::array messages{
      cellm_chat_message{"system", "Be short.", 0}, cellm_chat_message{"user", "Why?", 3},
      cellm_chat_message{"assistant", "So.", 0}, cellm_chat_message{"user", "<|im_end|>", 0}};
  const std::vector<ChatMessage> internal{
      {"system", "Be short."}, {"user", "Why"}, {"assistant", "So."}, {"user", "<|im_end|>"}};
  EXPECT_EQ(prompt(model, messages), chat.prompt(tokenizer, internal));
  auto options = test::sized<cellm_chat_options>();
  options.thinking = CELLM_THINKING_ON;
  EXPECT_EQ(prompt(model, messages, &options),
            chat.prompt(tokenizer, internal, {.thinking = true, .variables = {}}));
  options.thinking = CELLM_THINKING_OFF;
  EXPECT_EQ(prompt(model, messages, &options),
            chat.prompt(tokenizer, internal, {.thinking = false, .variables = {}}));
  options = test::sized<cellm_chat_options>();
  options.format = CELLM_CHAT_CHATML;
  EXPECT_EQ(prompt(model, messages, &options),
            Chat(kChatMlTemplate, "t", {}).prompt(tokenizer, internal));
  options.format = CELLM_CHAT_PLAIN;
  EXPECT_EQ(prompt(model, messages, &options),
            Chat(kPlainTemplate, "t", {}).prompt(tokenizer, internal));
}

TEST_F(ChatPrompt, OfAModelWithoutFormat) {
  const auto model = test::open_handle(path_);
  EXPECT_EQ(test::facts_of(model).has_chat_format, 0);
  std::uint32_t* ids = nullptr;
  std::size_t count = 0;
  const cellm_chat_message message{"user", "a", 0};
  const auto fail = [&](const cellm_chat_options* options, cellm_status status, const char* part) {
    expect_failure(cellm_chat_prompt(model.get(), &message, 1, options, &ids, &count), status,
                   part);
  };
  fail(nullptr, CELLM_ERROR_UNSUPPORTED, "no chat template");
  EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_CHAT_FORMAT);
  auto options = test::sized<cellm_chat_options>();
  options.format = CELLM_CHAT_CHATML;
  fail(&options, CELLM_ERROR_UNSUPPORTED, "<|im_start|>");
  options.format = 9;
  fail(&options, CELLM_ERROR_USAGE, "chat format 9 is unknown");
  options.format = CELLM_CHAT_PLAIN;
  EXPECT_EQ(prompt(model, {&message, 1}, &options), Ids{'a'});
  options.thinking = 9;
  fail(&options, CELLM_ERROR_USAGE, "thinking 9 is unknown");
  options = test::sized<cellm_chat_options>();
  options.template_text = "{{ x }}{{ messages[0].content }}";
  options.variables = R"({"x": "b"})";
  EXPECT_EQ(prompt(model, {&message, 1}, &options), (Ids{'b', 'a'}));
  options.variables = "[]";
  fail(&options, CELLM_ERROR_USAGE, "not a JSON object");
  options.template_text = "{% if %}";
  fail(&options, CELLM_ERROR_DATA, "line 1");
}

TEST_F(ChatPrompt, IsByTheModelsTemplate) {
  folder_.write("llama/chat_template.jinja", "{{ bos_token }}{{ messages[0].content }}!");
  folder_.write("llama/tokenizer_config.json", R"({"bos_token": {"content": "b"}})");
  const auto model = test::open_handle(path_);
  EXPECT_EQ(test::facts_of(model).has_chat_format, 1);
  const cellm_chat_message message{"user", "a", 0};
  EXPECT_EQ(prompt(model, {&message, 1}), (Ids{'b', 'a', '!'}));
  folder_.write("llama/chat_template.jinja", "{% if %}");
  const auto broken = test::open_handle(path_);
  EXPECT_EQ(test::facts_of(broken).has_chat_format, 0);
  const std::string notes = cellm_model_notes(broken.get());
  EXPECT_NE(notes.find("chat template: line 1: "), std::string::npos) << notes;
  EXPECT_EQ(notes.find('\n'), std::string::npos) << notes;
}

TEST_F(ChatPrompt, OfSeveralTemplatesIsByTheDefault) {
  folder_.write("llama/tokenizer_config.json",
                R"({"chat_template": [{"name": "tool_use", "template": "t"},
                                      {"name": "default", "template": "d"}]})");
  const auto model = test::open_handle(path_);
  EXPECT_STREQ(cellm_model_named_chat_template(model.get(), "tool_use"), "t");
  EXPECT_STREQ(cellm_model_named_chat_template(model.get(), "default"), "d");
  EXPECT_STREQ(cellm_model_named_chat_template(model.get(), "rag"), "");
  EXPECT_STREQ(cellm_model_named_chat_template(model.get(), nullptr), "");
  const cellm_chat_message message{"user", "a", 0};
  EXPECT_EQ(prompt(model, {&message, 1}), Ids{'d'});
  folder_.write("llama/tokenizer_config.json",
                R"({"chat_template": [{"name": "tool_use", "template": "t"},
                                      {"name": "rag", "template": "r"}]})");
  const auto without = test::open_handle(path_);
  EXPECT_EQ(test::facts_of(without).has_chat_format, 0);
  const std::string notes = cellm_model_notes(without.get());
  EXPECT_NE(notes.find("no default one: rag, tool_use"), std::string::npos) << notes;
}

class Facts : public test::CapiTest {};

TEST_F(Facts, AreThoseOfTheModel) {
  const auto model = test::open_handle(path_);
  const cellm_model_facts facts = test::facts_of(model);
  const auto opened = open_model(path_);
  EXPECT_EQ(facts.vocab_size, opened->config().vocab_size);
  EXPECT_EQ(facts.hidden_size, opened->config().hidden);
  EXPECT_EQ(facts.layers, opened->config().layers.size());
  EXPECT_EQ(facts.context, opened->config().max_positions);
  EXPECT_GT(facts.parameters, facts.vocab_size * facts.hidden_size);
  EXPECT_EQ(facts.bits_per_weight, 16.0);
  EXPECT_EQ(facts.has_tokenizer, 1);
  EXPECT_EQ(facts.threads, 2U);
  EXPECT_STREQ(cellm_model_type(model.get()), "llama");
  EXPECT_STREQ(cellm_model_format(model.get()), "bf16");
  EXPECT_STREQ(cellm_model_quality(model.get()), "");
  EXPECT_STREQ(cellm_model_notes(model.get()), "");
  EXPECT_STREQ(cellm_model_chat_template(model.get()), "");
}

TEST_F(Facts, FollowTheOptions) {
  auto options = test::sized<cellm_model_options>();
  options.target = "scalar";
  options.max_layers = 1;
  options.threads = 3;
  options.activations = CELLM_ACTIVATIONS_F32;
  cellm_model* model = nullptr;
  expect_ok(cellm_model_open(path_.c_str(), &options, &model));
  const test::ModelHandle owner(model);
  EXPECT_STREQ(cellm_model_target(model), "scalar");
  EXPECT_EQ(test::facts_of(owner).layers, 1U);
  EXPECT_EQ(test::facts_of(owner).threads, 3U);
  cellm_model* none = nullptr;
  options.activations = 8;
  expect_failure(cellm_model_open(path_.c_str(), &options, &none), CELLM_ERROR_USAGE,
                 "activations 8 are unknown");
  options.activations = 0;
  options.target = "vax";
  expect_failure(cellm_model_open(path_.c_str(), &options, &none), CELLM_ERROR_USAGE, "vax");
  options.target = nullptr;
  options.threads = 100'000'000;
  expect_failure(cellm_model_open(path_.c_str(), &options, &none), CELLM_ERROR_USAGE,
                 "100000000 threads are too many; at most 1024 are possible");
  EXPECT_EQ(none, nullptr);
}

}  // namespace
}  // namespace cellm
