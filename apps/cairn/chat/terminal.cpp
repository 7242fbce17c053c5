// By ncurses, which knows terminals; its header defines much, and so it is read here alone.
#include "apps/cairn/chat/terminal.h"

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <array>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/check.h"

namespace cairn::apps::chat {
namespace {

constexpr int kEscapeDelayMs = 25;
constexpr wchar_t kEscape = 27;
/// What a terminal that does not know them ignores (xterm's control sequences, "Bracketed Paste Mode").
constexpr const char* kPasteOn = "\x1b[?2004h";
constexpr const char* kPasteOff = "\x1b[?2004l";
/// A paste longer than this is cut: a message is shorter by far.
constexpr std::size_t kMostPasted = std::size_t{1} << 20;
constexpr std::size_t kMostKeysAtOnce = 4096;
constexpr int kPaletteSize = 256;

// Numbers of our own for keys that ncurses has no name for.
constexpr int kKeyPasteBegin = KEY_MAX + 1;
constexpr int kKeyPasteEnd = KEY_MAX + 2;
constexpr int kKeyWordLeft = KEY_MAX + 3;
constexpr int kKeyWordRight = KEY_MAX + 4;

// ---- restored by a signal that ends us: only what may be done in its handler ----

termios original = {};
std::array<char, 256> farewell = {};
std::size_t farewell_size = 0;
volatile std::sig_atomic_t in_use = 0;

void restore_now() {
  if (in_use == 0) return;
  in_use = 0;
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, farewell.data(), farewell_size);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &original);
}

void on_fatal(int signal) {
  restore_now();
  // Restored to its default by SA_RESETHAND: this time it ends us.
  ::raise(signal);
}

constexpr std::array kFatal = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

void catch_fatal() {
  alignas(16) static std::array<char, 16 * 1024> stack;
  stack_t alternate = {};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = on_fatal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  for (const int signal : kFatal) ::sigaction(signal, &action, nullptr);
}

void add_farewell(const char* text) {
  const std::size_t size = text == nullptr || text == reinterpret_cast<const char*>(-1) ? 0 : std::strlen(text);
  if (farewell_size + size > farewell.size()) return;
  std::memcpy(farewell.data() + farewell_size, text, size);
  farewell_size += size;
}

/// What ncurses says when it leaves the terminal.
void learn_farewell() {
  farewell_size = 0;
  add_farewell(kPasteOff);
  for (const char* capability : {"sgr0", "op", "cnorm", "rmkx", "rmcup"}) add_farewell(::tigetstr(capability));
  add_farewell("\r");
}

sigset_t terminal_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGWINCH, SIGTSTP, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
  return set;
}

attr_t attributes_of(Style style) {
  switch (style) {
    case Style::plain: return WA_NORMAL;
    case Style::dim: return WA_DIM;
    case Style::bar: return WA_REVERSE;
    case Style::name: return WA_BOLD;
    case Style::own: return WA_BOLD | WA_DIM;
    case Style::notice: return WA_DIM;
    case Style::alarm: return WA_BOLD | WA_REVERSE;
    case Style::chosen: return WA_REVERSE;
  }
  return WA_NORMAL;
}

void say_raw(const char* text) {
  std::fputs(text, stdout);
  std::fflush(stdout);
}

std::string utf8_of(wchar_t wide) {
  const auto c = static_cast<std::uint32_t>(wide);
  std::string out;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
  return out;
}

std::optional<Key::Kind> function_key(int key) {
  using Kind = Key::Kind;
  switch (key) {
    case KEY_ENTER: return Kind::enter;
    case KEY_BACKSPACE: return Kind::erase_before;
    case KEY_DC: return Kind::erase_after;
    case KEY_LEFT: return Kind::left;
    case KEY_RIGHT: return Kind::right;
    case kKeyWordLeft: return Kind::word_left;
    case kKeyWordRight: return Kind::word_right;
    case KEY_HOME: return Kind::home;
    case KEY_END: return Kind::end;
    case KEY_UP: return Kind::up;
    case KEY_DOWN: return Kind::down;
    case KEY_PPAGE: return Kind::page_up;
    case KEY_NPAGE: return Kind::page_down;
    default: return std::nullopt;
  }
}

/// As readline has them.
std::optional<Key::Kind> control_key(wchar_t key) {
  using Kind = Key::Kind;
  switch (key) {
    case 1: return Kind::home;             // Ctrl-A
    case 2: return Kind::left;             // Ctrl-B
    case 3: return Kind::interrupt;        // Ctrl-C
    case 4: return Kind::end_of_input;     // Ctrl-D
    case 5: return Kind::end;              // Ctrl-E
    case 6: return Kind::right;            // Ctrl-F
    case 8: return Kind::erase_before;     // Ctrl-H
    case 9: return Kind::complete;         // TAB
    case 10: return Kind::newline;         // Ctrl-J
    case 11: return Kind::erase_to_end;    // Ctrl-K
    case 13: return Kind::enter;           // Enter
    case 14: return Kind::down;            // Ctrl-N
    case 16: return Kind::up;              // Ctrl-P
    case 21: return Kind::erase_to_start;  // Ctrl-U
    case 23: return Kind::erase_word;      // Ctrl-W
    case 25: return Kind::put_back;        // Ctrl-Y
    case 127: return Kind::erase_before;
    default: return std::nullopt;
  }
}

/// Behind the Escape that the Alt key sends.
std::optional<Key::Kind> alt_key(wchar_t key) {
  using Kind = Key::Kind;
  switch (key) {
    case 'b': return Kind::word_left;
    case 'f': return Kind::word_right;
    case 127:
    case 8: return Kind::erase_word;
    case 13:
    case 10: return Kind::newline;
    default: return std::nullopt;
  }
}

}  // namespace

TerminalSignals::TerminalSignals() {
  const sigset_t set = terminal_signals();
  CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  descriptor_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(descriptor_ >= 0);
  std::signal(SIGPIPE, SIG_IGN);
}

TerminalSignals::~TerminalSignals() {
  while (take() != What::none) {
  }
  ::close(descriptor_);
  const sigset_t set = terminal_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

TerminalSignals::What TerminalSignals::take() {
  signalfd_siginfo info = {};
  if (::read(descriptor_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return What::none;
  if (info.ssi_signo == SIGWINCH) return What::resized;
  return info.ssi_signo == SIGTSTP ? What::pause : What::stop;
}

std::unique_ptr<Terminal> Terminal::open() {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) return nullptr;
  if (::tcgetattr(STDIN_FILENO, &original) != 0) return nullptr;
  std::setlocale(LC_CTYPE, "");
  // Without a locale of its owner's: Debian always has this one.
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
  if (::newterm(nullptr, stdout, stdin) == nullptr) return nullptr;
  learn_farewell();
  in_use = 1;
  catch_fatal();
  auto terminal = std::unique_ptr<Terminal>(new Terminal());
  terminal->silence_errors();
  terminal->enter();
  return terminal;
}

// What a log says would stand in the middle of the screen.
void Terminal::silence_errors() {
  if (::isatty(STDERR_FILENO) == 0) return;
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  errors_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  ::dup2(nowhere, STDERR_FILENO);
  ::close(nowhere);
}

void Terminal::enter() {
  ::raw();
  ::noecho();
  ::nonl();
  ::nodelay(stdscr, TRUE);
  ::keypad(stdscr, TRUE);
  ::idcok(stdscr, FALSE);
  if (has_colours()) {
    ::start_color();
    ::use_default_colors();
  }
  ::set_escdelay(kEscapeDelayMs);
  ::define_key("\x1b[200~", kKeyPasteBegin);
  ::define_key("\x1b[201~", kKeyPasteEnd);
  for (const char* sequence : {"\x1b[1;5D", "\x1b[1;3D", "\x1b[5D", "\x1bOd"}) ::define_key(sequence, kKeyWordLeft);
  for (const char* sequence : {"\x1b[1;5C", "\x1b[1;3C", "\x1b[5C", "\x1bOc"}) ::define_key(sequence, kKeyWordRight);
  say_raw(kPasteOn);
}

void Terminal::leave() {
  ::endwin();
  say_raw(kPasteOff);
}

Terminal::~Terminal() {
  leave();
  // endwin() gives back what ncurses found; this is what we found.
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
  in_use = 0;
  if (errors_ < 0) return;
  ::dup2(errors_, STDERR_FILENO);
  ::close(errors_);
}

Size Terminal::size() const { return {::getmaxy(stdscr), ::getmaxx(stdscr)}; }

bool Terminal::has_colours() const {
  const char* unwanted = std::getenv("NO_COLOR");
  return ::tigetnum("colors") >= kPaletteSize && (unwanted == nullptr || *unwanted == '\0');
}

void Terminal::resized() {
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
    ::resizeterm(size.ws_row, size.ws_col);
  ::clearok(curscr, TRUE);
}

void Terminal::pause() {
  leave();
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
  ::raise(SIGSTOP);
  ::reset_prog_mode();
  say_raw(kPasteOn);
  resized();
}

std::vector<Key> Terminal::keys() {
  std::vector<Key> out;
  wint_t key = 0;
  while (out.size() < kMostKeysAtOnce) {
    const int kind = ::wget_wch(stdscr, &key);
    if (kind == ERR) break;
    take_key(static_cast<unsigned>(key), kind == KEY_CODE_YES, out);
  }
  return out;
}

void Terminal::take_key(unsigned key, bool is_function, std::vector<Key>& out) {
  const auto code = static_cast<int>(key);
  if (is_function && (code == kKeyPasteBegin || code == kKeyPasteEnd)) {
    if (pasting_ && code == kKeyPasteEnd) out.push_back({Key::Kind::paste, std::exchange(pasted_, {})});
    pasting_ = code == kKeyPasteBegin;
    return;
  }
  const auto wide = static_cast<wchar_t>(key);
  if (pasting_) {
    if (is_function && code != KEY_ENTER) return;
    if (pasted_.size() < kMostPasted) pasted_ += is_function || wide == '\r' ? "\n" : utf8_of(wide);
    return;
  }
  if (is_function) {
    if (const auto known = function_key(code)) out.push_back({*known, {}});
    return;
  }
  if (wide == kEscape) {
    wint_t next = 0;
    const int kind = ::wget_wch(stdscr, &next);
    if (kind == OK) {
      if (const auto known = alt_key(static_cast<wchar_t>(next))) return out.push_back({*known, {}});
      // No Alt key that means anything here: Escape, and then something else.
      out.push_back({Key::Kind::escape, {}});
      return take_key(static_cast<unsigned>(next), false, out);
    }
    out.push_back({Key::Kind::escape, {}});
    if (kind == KEY_CODE_YES) take_key(static_cast<unsigned>(next), true, out);
    return;
  }
  if (wide < 0x20 || wide == 127) {
    if (const auto known = control_key(wide)) out.push_back({*known, {}});
    if (wide == 26) ::raise(SIGTSTP);  // Ctrl-Z: it comes through TerminalSignals
    return;
  }
  // What is typed fast is one text.
  if (!out.empty() && out.back().kind == Key::Kind::text) {
    out.back().text += utf8_of(wide);
  } else {
    out.push_back({Key::Kind::text, utf8_of(wide)});
  }
}

void Terminal::ring() { say_raw("\a"); }

void Terminal::show(const Screen& screen) {
  ::werase(stdscr);
  for (std::size_t y = 0; y < screen.rows.size(); ++y) {
    ::wmove(stdscr, static_cast<int>(y), 0);
    for (const Span& span : screen.rows[y]) {
      int pair = span.colours ? ::alloc_pair(span.colours->front, span.colours->back) : 0;
      if (pair < 0) pair = 0;
      ::wattr_set(stdscr, attributes_of(span.style), 0, &pair);
      ::waddnstr(stdscr, span.text.data(), static_cast<int>(span.text.size()));
    }
  }
  ::wattr_set(stdscr, WA_NORMAL, 0, nullptr);
  ::wmove(stdscr, screen.cursor_row, screen.cursor_column);
  ::wrefresh(stdscr);
}

}  // namespace cairn::apps::chat
