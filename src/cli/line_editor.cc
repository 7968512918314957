#include "cli/line_editor.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <fcntl.h>
#include <histedit.h>
#include <iterator>
#include <langinfo.h>
#include <poll.h>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/interrupts.h"

namespace cellm {
namespace {

constexpr int kHistoryLines = 1000;
constexpr int kOwnerOnly = 0600;
constexpr std::string_view kMark = "\"\"\"";
constexpr const char* kPrompt = ">>> ";
constexpr const char* kNextPrompt = "... ";
// Bracketed paste: the terminal puts marks around what is pasted.
constexpr const char* kPasteOn = "\x1b[?2004h";
constexpr const char* kPasteOff = "\x1b[?2004l";
constexpr std::string_view kPasteEnd = "\x1b[201~";
// Libedit redraws as much at once without delay; messages of a conversation are shorter.
constexpr std::size_t kMaxPastedBytes = std::size_t{1} << 20;

const char* current_prompt = kPrompt;
volatile std::sig_atomic_t resized = 0;

char* prompt_of(EditLine* /*editor*/) {
  return const_cast<char*>(current_prompt);  // libedit does not write to it
}

// A character of the terminal; an error after Ctrl-C, which libedit's own function does not end at.
int read_character(EditLine* editor, wchar_t* character) {
  std::mbstate_t state{};
  for (;;) {
    pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {interrupt_descriptor(), POLLIN, 0}};
    const int ready = ::poll(sources, std::size(sources), -1);
    if (resized != 0) ::el_resize(editor);
    resized = 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || sources[1].revents != 0) return -1;
    char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got <= 0) return static_cast<int>(got);
    const std::size_t length = std::mbrtowc(character, &byte, 1, &state);
    if (length == static_cast<std::size_t>(-2)) continue;  // more bytes follow
    if (length != static_cast<std::size_t>(-1)) return 1;
    state = {};  // a byte that is no UTF-8 is dropped
  }
}

// Inserts what is pasted, up to the mark behind it; line breaks do not end the line.
unsigned char insert_pasted(EditLine* editor, int /*character*/) {
  std::string text;
  std::mbstate_t state{};
  bool fits = true;
  wchar_t character = 0;
  while (!text.ends_with(kPasteEnd)) {
    if (read_character(editor, &character) != 1) return CC_EOF;
    if (text.size() > kMaxPastedBytes) {
      fits = false;
      text.erase(0, text.size() - kPasteEnd.size());
    }
    char bytes[MB_LEN_MAX];
    const std::size_t count = std::wcrtomb(bytes, character, &state);
    if (character == L'\0' || count == static_cast<std::size_t>(-1)) continue;
    text.append(bytes, count);
  }
  if (!fits) {
    fmt::print(stderr, "\nnote: more than {} bytes cannot be pasted; /load reads a file\n",
               kMaxPastedBytes);
    return CC_REDISPLAY;
  }
  text.resize(text.size() - kPasteEnd.size());
  std::replace(text.begin(), text.end(), '\r', '\n');
  return ::el_insertstr(editor, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

unsigned char insert_line_break(EditLine* editor, int /*character*/) {
  return ::el_insertstr(editor, "\n") == 0 ? CC_REFRESH : CC_ERROR;
}

void bind_keys(EditLine* editor) {
  ::el_set(editor, EL_ADDFN, "cellm-paste", "Insert pasted text", insert_pasted);
  ::el_set(editor, EL_ADDFN, "cellm-line-break", "Begin a new line", insert_line_break);
  ::el_set(editor, EL_BIND, "\\e[200~", "cellm-paste", nullptr);
  ::el_set(editor, EL_BIND, "\\e\r", "cellm-line-break", nullptr);  // Alt-Enter
  ::el_set(editor, EL_BIND, "\\e\n", "cellm-line-break", nullptr);
  ::el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  ::el_set(editor, EL_BIND, "\\e[3~", "ed-delete-next-char", nullptr);
}

// The editor works with characters of the locale; without one that has UTF-8, with those of
// C.UTF-8.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

void watch_size() {
  struct sigaction action {};
  action.sa_handler = [](int) { resized = 1; };
  ::sigaction(SIGWINCH, &action, nullptr);
}

}  // namespace

struct LineEditor::State {
  std::filesystem::path file;  // of the history; empty: none
  History* history = nullptr;
  EditLine* editor = nullptr;
  FILE* terminal = nullptr;
  bool brackets = false;  // the terminal may be asked for bracketed paste

  void ask_for_brackets(bool on) const {
    if (!brackets) return;
    std::fputs(on ? kPasteOn : kPasteOff, terminal);
    std::fflush(terminal);
  }

  ~State() {
    if (editor != nullptr) ::el_end(editor);
    if (history != nullptr) ::history_end(history);
  }

  // Gives the history up.
  void forgo(const char* action) {
    fmt::print(stderr, "note: {}: cannot {} the history\n", printable(file.string()), action);
    file.clear();
  }

  void load() {
    if (file.empty()) return;
    std::error_code failed;
    std::filesystem::create_directories(file.parent_path(), failed);
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
    if (fd < 0) return forgo("open");
    const bool empty = ::lseek(fd, 0, SEEK_END) == 0;
    ::close(fd);
    HistEvent event;
    if (!empty && ::history(history, &event, H_LOAD, file.c_str()) < 0) forgo("read");
  }
};

LineEditor::LineEditor(std::filesystem::path history) : state_(std::make_unique<State>()) {
  use_utf8();
  watch_size();
  state_->file = std::move(history);
  state_->history = ::history_init();
  state_->terminal = ::isatty(STDOUT_FILENO) != 0 ? stdout : stderr;
  state_->editor = ::el_init("cellm", stdin, state_->terminal, stderr);
  const char* kind = std::getenv("TERM");
  state_->brackets = kind != nullptr && std::string_view(kind) != "dumb" &&
                     ::isatty(::fileno(state_->terminal)) != 0;
  EditLine* editor = state_->editor;
  if (editor == nullptr || state_->history == nullptr) throw std::bad_alloc();
  HistEvent event;
  ::history(state_->history, &event, H_SETSIZE, kHistoryLines);
  ::history(state_->history, &event, H_SETUNIQUE, 1);
  state_->load();
  ::el_set(editor, EL_PROMPT, prompt_of);
  ::el_set(editor, EL_EDITOR, "emacs");
  ::el_set(editor, EL_SIGNAL, 0);
  ::el_set(editor, EL_GETCFN, read_character);
  ::el_set(editor, EL_HIST, ::history, state_->history);
  bind_keys(editor);
  ::el_source(editor, nullptr);  // the user's .editrc
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read_line(const char* prompt) {
  current_prompt = prompt;
  int count = 0;
  state_->ask_for_brackets(true);
  const char* line = ::el_gets(state_->editor, &count);
  std::optional<std::string> text;
  if (line != nullptr) text.emplace(line, static_cast<std::size_t>(std::max(count, 0)));
  state_->ask_for_brackets(false);
  while (text && (text->ends_with('\n') || text->ends_with('\r'))) text->pop_back();
  return text;
}

void LineEditor::keep(const std::string& message) {
  if (message.find_first_not_of(" \t\n") == std::string::npos) return;
  HistEvent event;
  ::history(state_->history, &event, H_ENTER, message.c_str());
  if (state_->file.empty()) return;
  if (::history(state_->history, &event, H_SAVE, state_->file.c_str()) < 0) state_->forgo("write");
}

std::optional<std::string> LineEditor::read() {
  std::string message;
  bool marked = false;
  int interrupts = 0;
  const char* prompt = kPrompt;
  for (;;) {
    std::optional<std::string> line = read_line(prompt);
    if (!line) {
      fmt::print(stderr, "\n");
      if (!take_interrupt()) return std::nullopt;
      if (++interrupts > 1) fmt::print(stderr, "Ctrl-D or /bye leaves\n");
      message.clear();
      marked = false;
      prompt = kPrompt;
      continue;
    }
    prompt = kNextPrompt;
    if (message.empty() && !marked && line->starts_with(kMark)) {
      marked = true;
      line->erase(0, kMark.size());
      if (line->empty()) continue;
    }
    if (marked && line->ends_with(kMark)) {
      line->resize(line->size() - kMark.size());
      message += *line;
      break;
    }
    const bool goes_on = !marked && line->ends_with('\\');
    if (goes_on) line->pop_back();
    message += *line;
    if (!marked && !goes_on) break;
    message += '\n';
  }
  keep(message);
  return message;
}

}  // namespace cellm
