// JSON-RPC on standard input and output: what `cairn rpc` gives to a program that starts it.
#pragma once

#include "shell/net/line_socket.h"

namespace cairn::apps {

/// Carries lines from the descriptor `in` to the socket and back to `out`, until the other side goes; or until `in` has
/// ended and every line that came from it with a newline is answered. False when the other side went first.
/// Blocks; owns neither descriptor.
bool relay_lines(net::LocalClient& client, int in, int out);

}  // namespace cairn::apps
