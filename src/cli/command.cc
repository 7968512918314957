#include "cli/command.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapping_guard.h"
#include "base/version.h"
#include "cli/error_text.h"

namespace cellm {
namespace {

// Escapes control characters, so that the error is one line: a path may contain line breaks.
int report(ErrorKind kind, const std::string& message) {
  std::string line;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  std::fputs(fmt::format("error: {}\n", line).c_str(), stderr);
  return exit_code(kind);
}

// If a program is started without one of the three standard files, the next file that it opens gets
// that descriptor, and output would be written into a model. Writing to a closed standard output
// still fails; output to a closed standard error is lost.
void open_standard_files() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      const int flags = fd == STDERR_FILENO ? O_WRONLY : O_RDONLY;
      [[maybe_unused]] const int opened = ::open("/dev/null", flags);
    }
  }
}

// Without allocations, which may fail.
int report_no_memory() {
  constexpr std::string_view kLine =
      "error: out of memory; a smaller format, context or --threads needs less\n";
  [[maybe_unused]] const ssize_t put = ::write(STDERR_FILENO, kLine.data(), kLine.size());
  return kExitResources;
}

// std::bad_alloc in a noexcept function cannot reach main(): destructors of nlohmann::json
// allocate. Any other exception here is a bug.
std::terminate_handler usual_terminate = nullptr;

[[noreturn]] void on_terminate() {
  if (const std::exception_ptr current = std::current_exception()) {
    try {
      std::rethrow_exception(current);
    } catch (const std::bad_alloc&) {
      ::_exit(report_no_memory());
    } catch (...) {
      usual_terminate();
    }
  }
  std::abort();
}

// The message of an exception may have several lines; an error is one.
std::string first_line(const std::string& text) {
  const std::size_t end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end);
}

}  // namespace

int report_error(const Error& failure) {
  return report(failure.kind(), error_text(failure));
}

int run_main(const std::function<int()>& body) {
  open_standard_files();
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an error of write()
  install_mapping_guard(kExitData);
  usual_terminate = std::set_terminate(on_terminate);
  try {
    return body();
  } catch (const std::bad_alloc&) {  // also of what describes commands and reports errors
    return report_no_memory();
  }
}

int run_program(Options& options, int argc, char** argv, const std::function<int()>& run) {
  try {
    options.add_version(std::string(kProgramVersion));
    const std::optional<std::string> information = options.parse(argc, argv);
    if (information) std::fputs(information->c_str(), stdout);
    const int code = information ? 0 : run();
    if (std::fflush(stdout) != 0) {
      return report(ErrorKind::kResources, "cannot write to standard output");
    }
    return code;
  } catch (const Error& failure) {
    return report_error(failure);
  } catch (const std::bad_alloc&) {
    return report_no_memory();
  } catch (const std::filesystem::filesystem_error& failure) {
    return report(ErrorKind::kData, failure.path1().string() + ": " + failure.code().message());
  } catch (const std::system_error& failure) {  // fmt: standard output cannot take more
    return report(ErrorKind::kResources, failure.what());
  } catch (const std::exception& failure) {
    return report(ErrorKind::kOther, first_line(failure.what()));
  }
}

int run_single_command(const Command& command, int argc, char** argv) {
  return run_main([&] {
    Options options(command.description, command.name);
    const Run run = command.configure(options);
    return run_program(options, argc, argv, run);
  });
}

void add_model(Options& options, std::string& path) {
  options.add("-m,--model,model", path, ".cellm file, Hugging Face folder or .gguf file")
      .required();
}

void add_tokenizer(Options& options, std::string& file) {
  options.add("--tokenizer", file, "tokenizer.json (default: the one inside or beside the model)");
}

void add_threads(Options& options, unsigned& threads) {
  options.add("-t,--threads", threads, "Threads (default: one per core, within the CPU quota)")
      .range(1U, kMaxThreads);
}

Option add_kv_encoding(Options& options, std::string& name) {
  return options.add("--kv-encoding", name, "KV cache: f16, turboquant (8 bits) or f32")
      .show_default()
      .one_of({"f16", "turboquant", "f32"});
}

void add_thinking(Options& options, std::optional<bool>& thinking, const std::string& group) {
  options
      .add_flag(
          "--thinking", [&thinking] { thinking = true; }, "Let the model think first")
      .group(group);
  options
      .add_flag(
          "--no-thinking", [&thinking] { thinking = false; }, "Do not let it")
      .group(group);
}

void add_follow_links(Options& options, Links& links) {
  options.add_flag(
      "--follow-links", [&links] { links = Links::kFollow; },
      "Follow symbolic links that lead out of the model's folder");
}

std::string target_from_environment() {
  const char* target = std::getenv("CELLM_TARGET");
  return target == nullptr ? "" : target;
}

std::vector<std::uint32_t> parse_token_list(const std::string& text) {
  std::vector<std::uint32_t> ids;
  const char* at = text.data();
  const char* end = text.data() + text.size();
  while (true) {
    while (at != end && *at == ' ') ++at;
    std::uint32_t id = 0;
    const auto [next, failure] = std::from_chars(at, end, id);
    if (failure != std::errc()) {
      throw usage_error("token list \"{}\": expected numbers separated by commas, like 1,2,3",
                        printable(text));
    }
    ids.push_back(id);
    at = next;
    while (at != end && *at == ' ') ++at;
    if (at == end) return ids;
    if (*at != ',') {
      throw usage_error("token list \"{}\": expected a comma at character {}", printable(text),
                        at - text.data() + 1);
    }
    ++at;
  }
}

std::string read_stdin() {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    const std::size_t got = std::fread(buffer, 1, sizeof(buffer), stdin);
    text.append(buffer, got);
    if (text.size() > kMaxStdinBytes) throw usage_error("standard input is larger than 1 GiB");
    if (got < sizeof(buffer)) break;
  }
  if (std::ferror(stdin) != 0) throw data_error("standard input cannot be read");
  return text;
}

double rate(std::size_t tokens, double seconds) {
  return seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
}

std::string human_bytes(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1024) return fmt::format("{} B", bytes);
  if (bytes < (1U << 20)) return fmt::format("{:.1f} KiB", value / 0x1p10);
  if (bytes < (1U << 30)) return fmt::format("{:.1f} MiB", value / 0x1p20);
  return fmt::format("{:.2f} GiB", value / 0x1p30);
}

bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) != 0;
}

std::uint64_t peak_memory_bytes() {
  // VmHWM is the peak of this program alone; ru_maxrss of getrusage() starts with that of the
  // process that started it.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace cellm
