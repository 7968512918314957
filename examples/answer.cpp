// Streams a model's answer: answer MODEL PROMPT
#include <csignal>
#include <cstdio>

#include <cellm/cellm.hpp>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODEL PROMPT\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has left is an error of fflush()
  try {
    const cellm::Model model = cellm::Model::open(argv[1]);
    const auto prompt =
        model.facts().has_chat_format != 0 ? model.chat_prompt(argv[2]) : model.tokenize(argv[2]);
    const auto print = [](std::uint32_t, std::string_view text) {
      if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout))
        throw std::runtime_error("cannot write to standard output");
      return true;
    };
    cellm::Session(model).generate(prompt, {.max_tokens = 256}, print);
    print(CELLM_NO_TOKEN, "\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
