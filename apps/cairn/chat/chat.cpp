#include "apps/cairn/chat/chat.h"

#include <poll.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>

#include "apps/cairn/attachment.h"
#include "apps/cairn/chat/terminal.h"
#include "apps/cairn/relay.h"
#include "core/proto/api.h"
#include "shell/os/clock.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

/// What disappears, and who types no more, is looked for so often.
constexpr int kTickMs = 500;
/// No key is taken while a picture of a file is made.
constexpr std::uint64_t kPreviewMs = 1'000;

Reply refused(Exit exit, std::string sentence) { return {exit, {}, std::move(sentence), {}}; }

/// Carries keys, frames and screens between the model and the world.
class Chat {
 public:
  Chat(Connection& connection, chat::Terminal& terminal, chat::TerminalSignals& signals, chat::ModelConfig config)
      : connection_(connection),
        terminal_(terminal),
        signals_(signals),
        model_(std::move(config), terminal.size(), os::now().ms) {}

  /// Why it is over; empty when its owner wanted that.
  std::string run() {
    while (!model_.over()) {
      for (const chat::Request& request : model_.take_requests()) {
        if (!connection_.client().send(frame_of(request))) return gone();
      }
      terminal_.show(model_.view());
      if (model_.take_bell()) terminal_.ring();
      pollfd watched[] = {{STDIN_FILENO, POLLIN, 0},
                          {connection_.client().descriptor(), POLLIN, 0},
                          {signals_.descriptor(), POLLIN, 0}};
      if (::poll(watched, 3, kTickMs) < 0) continue;
      model_.tick(os::now().ms);
      if (watched[2].revents != 0 && !take_signals()) return {};
      if (watched[1].revents != 0 && !take_frames()) return gone();
      if (watched[0].revents != 0 && !take_keys((watched[0].revents & POLLIN) != 0)) return {};
    }
    // What was asked last, such as keeping a draft.
    for (const chat::Request& request : model_.take_requests())
      static_cast<void>(connection_.client().send(frame_of(request)));
    return model_.last_words();
  }

 private:
  static Bytes frame_of(const chat::Request& request) {
    const bool is_file = request.method == "attachment.send";
    const json frame = {{"jsonrpc", "2.0"},
                        {"id", request.id},
                        {"method", request.method},
                        {"params", is_file ? with_preview(request.params, kPreviewMs) : request.params}};
    return to_bytes(frame.dump(-1, ' ', false, json::error_handler_t::replace));
  }

  std::string gone() const {
    if (connection_.was_stopped()) return {};
    return "The client broke off; see that its disk has room, and look with read.";
  }

  bool take_signals() {
    for (;;) {
      switch (signals_.take()) {
        case chat::TerminalSignals::What::none: return true;
        case chat::TerminalSignals::What::stop: return false;
        case chat::TerminalSignals::What::pause: terminal_.pause(); [[fallthrough]];
        case chat::TerminalSignals::What::resized:
          terminal_.resized();
          model_.resized(terminal_.size());
          break;
      }
    }
  }

  bool take_frames() {
    const std::string bytes = read_some(connection_.client().descriptor());
    if (bytes.empty()) return false;
    lines_.add(bytes);
    while (const auto line = lines_.take()) model_.heard(json::parse(*line, nullptr, false));
    return lines_.pending() <= proto::kMaxFrameSize;
  }

  bool take_keys(bool readable) {
    const std::vector<chat::Key> keys = terminal_.keys();
    for (const chat::Key& key : keys) {
      if (!model_.over()) model_.key(key);
    }
    // A terminal that can be read and gives nothing, again and again, is gone.
    idle_reads_ = keys.empty() ? idle_reads_ + 1 : 0;
    return readable && idle_reads_ < kMostIdleReads;
  }

  static constexpr int kMostIdleReads = 1000;

  Connection& connection_;
  chat::Terminal& terminal_;
  chat::TerminalSignals& signals_;
  chat::Model model_;
  Lines lines_;
  int idle_reads_ = 0;
};

}  // namespace

Reply run_chat(const std::string& data_folder, const std::string& to, Bell bell) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    return refused(Exit::usage, "cairn chat needs a terminal; use cairn send and cairn read in its place.");
  chat::TerminalSignals signals;
  Reply reply;
  const auto connection = open_connection(data_folder, reply);
  if (!connection) return reply;
  std::error_code error;
  const char* home = std::getenv("HOME");
  chat::ModelConfig config{to, std::filesystem::current_path(error).string(), home == nullptr ? "" : home};
  config.bell = bell_for(STDOUT_FILENO, bell);
  std::string why;
  {
    const auto terminal = chat::Terminal::open();
    if (!terminal)
      return refused(Exit::usage, "This kind of terminal is not known; set TERM, or use cairn send and cairn read.");
    config.has_colours = terminal->has_colours();
    why = Chat(*connection, *terminal, signals, config).run();
  }
  return why.empty() ? Reply{} : refused(Exit::refused, why);
}

}  // namespace cairn::apps
