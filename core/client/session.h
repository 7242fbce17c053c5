// The connection to the own domain: login, mailbox stream, retries with back-off.
#pragma once

#include "core/client/account.h"
#include "core/client/calls.h"

namespace cairn::client {

/// In memory only; reconnects whenever the account is active and the connection is not there.
class Session {
 public:
  explicit Session(Calls& calls) : calls_(calls) {}

  /// Does the next thing that is missing: nonce, login, mailbox stream. Called after every input.
  void step(Context& context, const Account& account);
  void socket_connected(Context& context, proto::SocketId id);
  /// True when the socket is the mailbox and the frame was taken.
  bool socket_closed(Context& context, proto::SocketId id);
  /// The disk of this device is full: what comes waits at the server, and it is looked again a moment later.
  void wait_for_room(Context& context);
  /// Opens the stream anew: what the server has for this device is pushed once more, up to the end.
  void reconnect(Context& context);
  /// The server is at another address: it is logged in to anew there, at once. No token goes from one to the other.
  void server_moved(Context& context);
  bool owns(proto::SocketId id) const { return socket_.value != 0 && socket_ == id; }

  /// The token, or empty when not logged in. A 401 to a request made with it: call token_refused().
  const std::string& token() const { return token_; }
  void token_refused() { token_.clear(); }
  /// The mailbox stream stands.
  bool connected() const { return connected_; }
  bool caught_up() const { return caught_up_; }
  void set_caught_up();
  /// When it was last heard that all was pushed that the mailbox had: a stream that stands may have died since.
  Time mailbox_ended_at() const { return mailbox_ended_at_; }
  void note_mailbox_end(Time now) { mailbox_ended_at_ = now; }
  /// Acknowledges mailbox envelopes up to `sequence`; they are stored in this batch.
  void acknowledge(Context& context, std::uint64_t sequence);
  /// How many key packages the server had at login.
  std::uint32_t server_key_packages() const { return server_key_packages_; }
  void set_server_key_packages(std::uint32_t count);
  /// The server has not taken any: none are offered for a minute, then twice as long each time, up to an hour.
  void put_off_refill(Time now, const Answer& refusal);
  /// Whether some may be offered now.
  bool may_refill(Time now);
  /// Whether a refill to the full stock is under way.
  bool refilling() const { return refilling_; }
  void set_refilling(bool refilling) { refilling_ = refilling; }

  void forget_all();
  Time next_deadline() const { return std::min(retry_at_, refill_at_); }
  /// Why there is no connection, in one sentence; empty when there is one or none was tried.
  const std::string& trouble() const { return trouble_; }

 private:
  void ask_nonce(Context& context, const Account& account);
  void log_in(Context& context, const Account& account, const proto::NonceAnswer& nonce);
  void failed(Context& context, const Answer& answer);
  void close(Context& context);

  Calls& calls_;
  std::string token_;
  Time token_expires_{};
  proto::SocketId socket_{};
  std::uint64_t next_socket_ = proto::kFirstMindSocket;
  bool connected_ = false;
  bool caught_up_ = false;
  bool refilling_ = false;
  std::uint32_t server_key_packages_ = 0;
  Time retry_at_ = Time::never();
  Time refill_at_ = Time::never();  ///< never: it is not put off
  std::uint64_t refill_pause_ms_ = 0;
  Time mailbox_ended_at_{};
  unsigned failures_ = 0;
  std::string trouble_;
};

}  // namespace cairn::client
