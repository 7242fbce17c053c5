// The terminal of the chat: keys in, a screen out. It is what it was before once this goes, and when a signal ends us.
#pragma once

#include <memory>
#include <vector>

#include "apps/cairn/chat/model.h"

namespace cairn::apps::chat {

/// Takes the signals that concern a terminal; to be made before any other thread. One at a time.
class TerminalSignals {
 public:
  TerminalSignals();
  ~TerminalSignals();
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;

  enum class What : unsigned char { none, resized, pause, stop };
  /// Readable when there is one.
  int descriptor() const { return descriptor_; }
  What take();

 private:
  int descriptor_;
};

/// Standard input and output, which are a terminal. One at a time.
class Terminal {
 public:
  /// Nothing when there is no terminal, or one of a kind that is not known.
  static std::unique_ptr<Terminal> open();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Size size() const;
  /// Whether it has 256 colours, and its owner does not want to do without (NO_COLOR).
  bool has_colours() const;
  /// What was typed and has arrived.
  std::vector<Key> keys();
  void show(const Screen& screen);
  /// Calls who sits there.
  void ring();
  /// After the window changed its size.
  void resized();
  /// As the shell's Ctrl-Z does: gives the terminal back until somebody continues us.
  void pause();

 private:
  Terminal() = default;
  void silence_errors();
  void enter();
  void leave();
  void take_key(unsigned key, bool is_function, std::vector<Key>& out);

  int errors_ = -1;  ///< standard error, meanwhile
  bool pasting_ = false;
  std::string pasted_;
};

}  // namespace cairn::apps::chat
