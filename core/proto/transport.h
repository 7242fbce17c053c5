// What moves between a mind and the world, as data: requests, sockets, calls. No bytes of any transport.
//
// The three minds (client, relay, witness) take Inputs and give Sends. The shell turns them into HTTP,
// WebSocket and unix sockets; the simulator into entries of a queue.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/base/bytes.h"

namespace cairn::proto {

/// Identifies a request that waits for its answer; given by the shell, never reused in a process.
struct RequestId {
  std::uint64_t value = 0;
  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

/// Identifies a two-way stream of frames. Accepted sockets get their id from the shell (below 2^63), sockets that a
/// mind opens get it from the mind (2^63 and above).
struct SocketId {
  std::uint64_t value = 0;
  friend auto operator<=>(const SocketId&, const SocketId&) = default;
};
constexpr std::uint64_t kFirstMindSocket = std::uint64_t{1} << 63;

/// Identifies a call that a mind makes; chosen by the mind, never reused in a process.
struct CallId {
  std::uint64_t value = 0;
  friend auto operator<=>(const CallId&, const CallId&) = default;
};

enum class Method : std::uint8_t { get, post, put };

// ---- inputs ----

/// Somebody asks; exactly one Respond must follow, in this batch or later.
struct RequestArrived {
  RequestId id;
  Method method = Method::get;
  std::string target;  ///< path and query, at most kMaxTargetSize bytes
  std::string bearer;  ///< of "Authorization: Bearer", empty if none
  std::string peer;    ///< address without port; empty for a socket of this machine alone, never for a network's
  Bytes body;          ///< at most kMaxRequestSize bytes
};

/// Somebody opened a stream to us.
struct SocketOpened {
  SocketId id;
  std::string target;
  std::string bearer;
  std::string peer;
};

/// A stream that we opened with Connect stands.
struct SocketConnected {
  SocketId id;
};

/// One frame, whole, at most kMaxFrameSize bytes.
struct SocketFrame {
  SocketId id;
  Bytes data;
};

/// The stream is gone, or could not be opened; its id is never heard of again.
struct SocketClosed {
  SocketId id;
};

/// The answer to a Call: `unavailable` when none came.
struct CallReply {
  int status = 0;
  Bytes body;
  std::optional<std::uint32_t> retry_after_s;
};
struct CallDone {
  CallId id;
  Result<CallReply> reply;
};

/// next_deadline() has come.
struct TimerFired {
  /// Of a clock that nobody sets (it may stop while the machine sleeps), from any start. What lies between two of them
  /// has really passed, whatever Time says.
  std::uint64_t uptime_ms = 0;
};

using Input =
    std::variant<RequestArrived, SocketOpened, SocketConnected, SocketFrame, SocketClosed, CallDone, TimerFired>;

// ---- sends: performed in order, and only after the writes of the batch are committed ----

struct Respond {
  RequestId id;
  int status = 200;
  std::string content_type;  ///< empty: application/octet-stream
  Bytes body;
  std::optional<std::uint32_t> retry_after_s;
};

/// Dropped silently when the socket is gone.
struct SocketSend {
  SocketId id;
  Bytes data;
};

struct SocketClose {
  SocketId id;
};

/// Opens a stream; SocketConnected or SocketClosed follows. `url` is http(s)://host[:port]/path; the shell upgrades.
struct Connect {
  SocketId id;
  std::string url;
  std::string bearer;
};

/// Which addresses the host of a call may stand for. An operator's or owner's own word may lead anywhere; one of others
/// only to where everybody can be: not to this machine, its network, or what is reserved (RFC 6890).
enum class CallReach : std::uint8_t { anywhere, public_only };

/// A reply to one of our calls.
constexpr std::size_t kMaxReplySize = std::size_t{16} << 20;

/// Asks another server; CallDone follows, after `timeout_ms` at the latest. No redirect is followed.
struct Call {
  CallId id;
  Method method = Method::get;
  std::string url;
  std::string bearer;
  Bytes body;
  std::uint32_t timeout_ms = 10'000;
  CallReach reach = CallReach::anywhere;
  std::size_t max_reply = kMaxReplySize;  ///< bytes of its body; a longer one is no reply
};

using Send = std::variant<Respond, SocketSend, SocketClose, Connect, Call>;

// ---- limits that the shell enforces before a mind sees anything ----

constexpr std::size_t kMaxTargetSize = 2048;
constexpr std::size_t kMaxRequestSize = std::size_t{1} << 20;
constexpr std::size_t kMaxFrameSize = std::size_t{1} << 20;
}  // namespace cairn::proto
