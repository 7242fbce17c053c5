// JSON-RPC on standard input and output: what `cairn rpc` gives to a program that starts it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shell/net/line_socket.h"

namespace cairn::apps {

/// What came since the last newline, and the lines before.
class Lines {
 public:
  void add(std::string_view bytes) { pending_ += bytes; }
  /// The first whole one, without its newline.
  std::optional<std::string> take();
  std::size_t pending() const { return pending_.size(); }

 private:
  std::string pending_;
};

/// Empty at the end, and when it cannot be read.
std::string read_some(int descriptor);

/// Carries lines from the descriptor `in` to the socket and back to `out`, until the other side goes; or until `in` has
/// ended and every line that came from it with a newline is answered. False when the other side went first.
/// Blocks; owns neither descriptor.
bool relay_lines(net::LocalClient& client, int in, int out);

}  // namespace cairn::apps
