// Chat templates: the Jinja templates that come with models and write a conversation in the form
// that the model was trained on. The language is that of jinja2 3.1 as transformers configures it
// (transformers.utils.chat_template_utils).
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "chat/text.h"

namespace cellm::chat {

// Reads the system's clock.
std::time_t system_time();

// Immutable, so it may be shared between threads.
class Template {
 public:
  // `name` names the template in messages. Throws Error(kData) for a syntax error, with the line,
  // and Error(kUnsupported) for statements, filters and tests that do not exist.
  Template(std::string_view source, const std::string& name);
  ~Template();
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;

  // The text of a conversation. `variables`: an object with messages, tools, add_generation_prompt,
  // bos_token and whatever else the template reads. bos_token, eos_token, pad_token, unk_token and
  // the other names of special tokens count as text of the template; all else is the caller's, the
  // messages of the role "assistant" as the model's own. Throws Error(kUsage) with the message of
  // raise_exception(), and Error(kData), with the line, for what the template cannot do with these
  // values.
  Text render(const nlohmann::ordered_json& variables,
              const std::function<std::time_t()>& now = system_time) const;

  // Whether the name stands anywhere in a tag.
  bool mentions(std::string_view name) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace cellm::chat
