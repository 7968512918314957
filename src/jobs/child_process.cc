#include "jobs/child_process.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

extern char** environ;  // NOLINT(readability-identifier-naming): POSIX

namespace cellm {
namespace {

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

std::string output_of(const std::filesystem::path& program,
                      const std::vector<std::string>& arguments, const std::string& what) {
  std::vector<std::string> words{"cellm"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw error(ErrorKind::kOther, "{}: cannot make a pipe: {}", what, std::strerror(errno));
  }
  FileActions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(actions.get(), ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failure =
      ::posix_spawn(&child, program.c_str(), actions.get(), nullptr, argv.data(), environ);
  ::close(ends[1]);
  if (failure != 0) {
    ::close(ends[0]);
    throw error(ErrorKind::kOther, "{}: cannot start another process: {}", what,
                std::strerror(failure));
  }
  std::string output;
  char buffer[1 << 12];
  for (;;) {
    const ssize_t got = ::read(ends[0], buffer, sizeof(buffer));
    if (got > 0) output.append(buffer, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR)) break;
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw error(ErrorKind::kOther, "{}: the process that measures it ended with {} {}", what,
                WIFEXITED(status) ? "exit code" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
  }
  return output;
}

}  // namespace cellm
