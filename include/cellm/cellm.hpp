// cellm: language models of few bits per weight on CPUs. The C++ interface: a header-only layer
// over cellm.h with value types, containers and exceptions.
//
// Failures throw Error. Model, Tokenizer, Snapshot and Cancel are thread-safe and cheap to copy;
// Session and Batch are move-only and for one thread at a time. Objects share ownership of their
// model, so they may be destroyed in any order. Details are in cellm.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cellm/cellm.h>
#include <cellm/error.hpp>
#include <cellm/generate.hpp>
#include <cellm/jobs.hpp>
#include <cellm/tools.hpp>

namespace cellm {
// Keeps the symbols of this header apart from those of the same name inside the static library.
inline namespace v1 {

inline std::string_view version() {
  return cellm_version();
}

struct ModelOptions {
  std::string target = {};          // CPU target; empty: the best this processor has
  std::string tokenizer_file = {};  // a tokenizer.json in place of the model's own
  std::size_t max_layers = 0;       // run the first max_layers layers only; 0: all
  cellm_activations activations = CELLM_ACTIVATIONS_INT8;
  bool follow_links = false;  // follow symbolic links out of the model folder
  unsigned threads = 0;       // at most 1024; 0: one per physical core
};

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string text;
};

struct ChatOptions {
  cellm_chat_format format = CELLM_CHAT_AUTO;
  std::optional<bool> thinking = {};  // empty: the default of the model's template
  std::string template_text = {};     // a Jinja chat template in place of the format; empty: none
  std::string variables = {};         // more variables of the template, a JSON object; empty: none
};

namespace detail {

// Points into `options`.
inline cellm_chat_options plain(const ChatOptions& options) {
  cellm_chat_options o{};
  o.size = sizeof(o);
  o.format = options.format;
  o.template_text = text_or_null(options.template_text);
  o.variables = text_or_null(options.variables);
  if (options.thinking) o.thinking = *options.thinking ? CELLM_THINKING_ON : CELLM_THINKING_OFF;
  return o;
}

}  // namespace detail

struct TokenizerOptions {
  std::string file = {};   // a tokenizer.json; exactly one of file and model is set
  std::string model = {};  // a model, whose tokenizer is opened
  bool follow_links = false;
};

struct SessionOptions {
  cellm_kv_encoding kv_encoding = CELLM_KV_F16;
  std::size_t max_tokens = 0;         // rounded down to whole blocks; 0: the model's context
  std::size_t tokens_per_block = 16;  // of the KV cache
};

// A loaded model. Copies share it.
class Model {
 public:
  static Model open(const std::string& path, const ModelOptions& options = {}) {
    cellm_model_options o{};
    o.size = sizeof(o);
    o.target = detail::text_or_null(options.target);
    o.tokenizer_file = detail::text_or_null(options.tokenizer_file);
    o.max_layers = options.max_layers;
    o.activations = options.activations;
    o.follow_links = options.follow_links ? 1 : 0;
    o.threads = options.threads;
    cellm_model* handle = nullptr;
    detail::check(cellm_model_open(path.c_str(), &o, &handle));
    return Model(std::shared_ptr<cellm_model>(handle, cellm_model_free));
  }

  cellm_model_facts facts() const {
    cellm_model_facts facts{};
    facts.size = sizeof(facts);
    detail::check(cellm_model_get_facts(handle(), &facts));
    return facts;
  }
  std::string type() const { return cellm_model_type(handle()); }
  std::string format() const { return cellm_model_format(handle()); }
  std::string target() const { return cellm_model_target(handle()); }
  std::string quality() const { return cellm_model_quality(handle()); }
  std::string notes() const { return cellm_model_notes(handle()); }
  std::string chat_template() const { return cellm_model_chat_template(handle()); }
  std::string named_chat_template(const std::string& name) const {
    return cellm_model_named_chat_template(handle(), name.c_str());
  }
  // The sampling that the model asks for. GenerateOptions are not changed by it.
  Sampling sampling(cellm_sampling_source source = CELLM_SAMPLING_FILE) const {
    return detail::sampling_of(handle(), source);
  }

  // After the begin-of-text token if the model has one.
  std::vector<std::uint32_t> tokenize(std::string_view text, bool parse_special = false) const {
    std::uint32_t* ids = nullptr;
    std::size_t count = 0;
    detail::check(
        cellm_tokenize(handle(), text.data(), text.size(), parse_special ? 1 : 0, &ids, &count));
    return detail::take(ids, count);
  }
  std::string detokenize(std::span<const std::uint32_t> ids) const {
    char* text = nullptr;
    std::size_t bytes = 0;
    detail::check(cellm_detokenize(handle(), ids.data(), ids.size(), &text, &bytes));
    return detail::take(text, bytes);
  }

  // A conversation, ending with the start of the assistant's answer.
  std::vector<std::uint32_t> chat_prompt(std::span<const ChatMessage> messages,
                                         const ChatOptions& options = {}) const {
    const cellm_chat_options o = detail::plain(options);
    std::vector<cellm_chat_message> plain;
    for (const ChatMessage& message : messages) {
      plain.push_back({message.role.c_str(), message.text.c_str(), message.text.size()});
    }
    std::uint32_t* ids = nullptr;
    std::size_t count = 0;
    detail::check(cellm_chat_prompt(handle(), plain.data(), plain.size(), &o, &ids, &count));
    return detail::take(ids, count);
  }
  // A conversation of one user message.
  std::vector<std::uint32_t> chat_prompt(const std::string& user,
                                         const ChatOptions& options = {}) const {
    const ChatMessage message{"user", user};
    return chat_prompt({&message, 1}, options);
  }

  // The functions of a request, a JSON object with tools, tool_choice and parallel_tool_calls.
  Tools tools(const std::string& request, const ChatOptions& options = {}) const {
    const cellm_chat_options o = detail::plain(options);
    cellm_tools* tools = nullptr;
    detail::check(cellm_tools_new(handle(), request.c_str(), &o, &tools));
    return Tools(tools);
  }

  cellm_model* handle() const { return handle_.get(); }

 private:
  explicit Model(std::shared_ptr<cellm_model> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<cellm_model> handle_;
};

// A tokenizer alone, without loading weights. Copies share it.
class Tokenizer {
 public:
  explicit Tokenizer(const TokenizerOptions& options) {
    cellm_tokenizer_options o{};
    o.size = sizeof(o);
    o.file = detail::text_or_null(options.file);
    o.model = detail::text_or_null(options.model);
    o.follow_links = options.follow_links ? 1 : 0;
    cellm_tokenizer* handle = nullptr;
    detail::check(cellm_tokenizer_open(&o, &handle));
    handle_ = std::shared_ptr<cellm_tokenizer>(handle, cellm_tokenizer_free);
  }

  std::vector<std::uint32_t> encode(std::string_view text, bool parse_special) const {
    std::uint32_t* ids = nullptr;
    std::size_t count = 0;
    detail::check(cellm_tokenizer_encode(handle_.get(), text.data(), text.size(),
                                         parse_special ? 1 : 0, &ids, &count));
    return detail::take(ids, count);
  }
  std::string decode(std::span<const std::uint32_t> ids, bool skip_special) const {
    char* text = nullptr;
    std::size_t bytes = 0;
    detail::check(cellm_tokenizer_decode(handle_.get(), ids.data(), ids.size(),
                                         skip_special ? 1 : 0, &text, &bytes));
    return detail::take(text, bytes);
  }

 private:
  std::shared_ptr<cellm_tokenizer> handle_;
};

// An immutable copy of a sequence and its state. Copies share it.
class Snapshot {
 public:
  explicit Snapshot(cellm_snapshot* handle) : handle_(handle, cellm_snapshot_free) {}
  std::size_t position() const { return cellm_snapshot_position(handle_.get()); }
  const cellm_snapshot* handle() const { return handle_.get(); }

 private:
  std::shared_ptr<cellm_snapshot> handle_;
};

namespace detail {

inline cellm_session_options plain(const SessionOptions& options) {
  cellm_session_options o{};
  o.size = sizeof(o);
  o.max_tokens = options.max_tokens;
  o.tokens_per_block = options.tokens_per_block;
  o.kv_encoding = options.kv_encoding;
  return o;
}

}  // namespace detail

// One sequence.
class Session {
 public:
  explicit Session(const Model& model, const SessionOptions& options = {})
      : vocab_size_(model.facts().vocab_size) {
    const cellm_session_options o = detail::plain(options);
    cellm_session* handle = nullptr;
    detail::check(cellm_session_new(model.handle(), &o, &handle));
    handle_.reset(handle);
  }

  std::size_t position() const { return cellm_session_position(handle_.get()); }
  std::size_t max_tokens() const { return cellm_session_max_tokens(handle_.get()); }
  std::size_t vocab_size() const { return vocab_size_; }
  std::uint64_t state_bytes(std::size_t tokens) const {
    return cellm_session_state_bytes(handle_.get(), tokens);
  }
  void check_memory(std::size_t tokens) const {
    detail::check(cellm_session_check_memory(handle_.get(), tokens));
  }

  // Appends tokens and returns the logits after the last one, (vocab_size), valid until the next
  // call.
  std::span<const float> advance(std::span<const std::uint32_t> ids) {
    const float* logits = nullptr;
    detail::check(cellm_session_advance(handle_.get(), ids.data(), ids.size(), &logits));
    return {logits, vocab_size_};
  }
  // Appends tokens and returns the logits after each of them, (ids.size(), vocab_size).
  std::vector<float> advance_all(std::span<const std::uint32_t> ids) {
    std::vector<float> logits(ids.size() * vocab_size_);
    advance_all(ids, logits);
    return logits;
  }
  // The same into a buffer of the caller. Another size of it is CELLM_ERROR_USAGE.
  void advance_all(std::span<const std::uint32_t> ids, std::span<float> logits) {
    if (logits.size() / vocab_size_ != ids.size() || logits.size() % vocab_size_ != 0) {
      throw Error(CELLM_ERROR_USAGE, "the buffer of the logits has another size");
    }
    detail::check(cellm_session_advance_all(handle_.get(), ids.data(), ids.size(), logits.data()));
  }

  Snapshot snapshot() const {
    cellm_snapshot* handle = nullptr;
    detail::check(cellm_session_snapshot(handle_.get(), &handle));
    return Snapshot(handle);
  }
  void restore(const Snapshot& snapshot) {
    detail::check(cellm_session_restore(handle_.get(), snapshot.handle()));
  }
  void save(const std::string& path) const {
    detail::check(cellm_session_save(handle_.get(), path.c_str()));
  }
  void load(const std::string& path) {
    detail::check(cellm_session_load(handle_.get(), path.c_str()));
  }

  // Appends tokens and shows what is computed for them. An exception from see ends the call, leaves
  // the session unchanged and is rethrown.
  using See = std::function<void(const cellm_observed&)>;
  void observe(std::span<const std::uint32_t> ids, const See& see) {
    struct Call {
      const See& see;
      std::exception_ptr failure;
    } call{see, nullptr};
    const cellm_on_observed forward = [](void* user, const cellm_observed* observed) -> int {
      Call& c = *static_cast<Call*>(user);
      try {
        c.see(*observed);
        return 0;
      } catch (...) {
        c.failure = std::current_exception();
        return 1;
      }
    };
    const cellm_status status =
        cellm_session_observe(handle_.get(), ids.data(), ids.size(), forward, &call);
    if (call.failure) std::rethrow_exception(call.failure);
    detail::check(status);
  }

  // Feeds the prompt and generates. An exception from on_token ends the answer and is rethrown.
  GenerateResult generate(std::span<const std::uint32_t> prompt,
                          const GenerateOptions& options = {}, const OnToken& on_token = {}) {
    return detail::generate(handle_.get(), prompt, options, on_token);
  }

 private:
  std::size_t vocab_size_;
  detail::Handle<cellm_session, cellm_session_free> handle_;
};

// Sequences that run together.
class Batch {
 public:
  using Id = std::uint64_t;
  struct Input {
    Id sequence;
    std::span<const std::uint32_t> ids;
  };

  explicit Batch(const Model& model) : vocab_size_(model.facts().vocab_size) {
    cellm_batch* handle = nullptr;
    detail::check(cellm_batch_new(model.handle(), &handle));
    handle_.reset(handle);
  }

  Id add(const SessionOptions& options = {}) {
    const cellm_session_options o = detail::plain(options);
    Id id = 0;
    detail::check(cellm_batch_add(handle_.get(), &o, &id));
    return id;
  }
  Id add(const Snapshot& snapshot) {
    Id id = 0;
    detail::check(cellm_batch_add_snapshot(handle_.get(), snapshot.handle(), &id));
    return id;
  }
  Id fork(Id sequence) {
    Id id = 0;
    detail::check(cellm_batch_fork(handle_.get(), sequence, &id));
    return id;
  }
  void remove(Id sequence) { detail::check(cellm_batch_remove(handle_.get(), sequence)); }
  Snapshot snapshot(Id sequence) const {
    cellm_snapshot* handle = nullptr;
    detail::check(cellm_batch_snapshot(handle_.get(), sequence, &handle));
    return Snapshot(handle);
  }
  std::size_t position(Id sequence) const {
    std::size_t position = 0;
    detail::check(cellm_batch_position(handle_.get(), sequence, &position));
    return position;
  }

  std::size_t vocab_size() const { return vocab_size_; }

  // Appends tokens to different sequences and returns, for each input, the logits after its last
  // token, (vocab_size), valid until the next step.
  std::vector<std::span<const float>> step(std::span<const Input> inputs) {
    std::vector<cellm_batch_input> plain;
    for (const Input& input : inputs) {
      plain.push_back({input.sequence, input.ids.data(), input.ids.size()});
    }
    std::vector<const float*> logits(inputs.size());
    detail::check(cellm_batch_step(handle_.get(), plain.data(), plain.size(), logits.data()));
    std::vector<std::span<const float>> result;
    for (const float* row : logits) result.emplace_back(row, vocab_size_);
    return result;
  }

 private:
  std::size_t vocab_size_;
  detail::Handle<cellm_batch, cellm_batch_free> handle_;
};

}  // namespace v1
}  // namespace cellm
