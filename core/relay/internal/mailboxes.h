// The queues of undelivered envelopes, and the sockets that drain them (docs/spec/relay.md s.3).
//
//   mailbox a:  |  acknowledged, gone  | 7 8 9 10 ...  in flight, at most 256 | ... waiting |
//                                        |                                                 |
//                                   acknowledged + 1                                     last
//
// A body is stored once, with one reference a mailbox. Its last sequence number follows from the references, so that a
// delivery writes one small row; a mailbox's own row changes only when it is acknowledged.
#pragma once

#include <map>
#include <set>
#include <span>

#include "core/relay/internal/login.h"

namespace cairn::relay {

class Mailboxes {
 public:
  explicit Mailboxes(const RelayConfig& config) : domain_(config.domain), limits_(config.limits) {}

  /// Forgets everything, sockets too, and takes the number of the next body from the store.
  void rebuild(const StoreView& store);

  /// What an envelope counts as.
  static std::uint64_t cost_of(const BodyRow& body);

  // ---- envelopes in ----

  /// Reads what deliver() and waiting() need; nothing is changed. `not_found` if one of them does not exist. A later
  /// prepare() may forget what an earlier one has read: one call a request.
  Status prepare(const StoreView& rows, std::span<const MailboxId> mailboxes);
  /// How many envelopes wait in a prepared mailbox.
  std::uint64_t waiting(const MailboxId& mailbox) const;
  /// And how many bytes, with what each costs beside its body.
  std::uint64_t waiting_bytes(const MailboxId& mailbox) const;
  /// Whether its quota waits in it. What came from other domains does not count: that has a quota of its own.
  bool full(const MailboxId& mailbox) const;
  /// Whether a prepared mailbox takes nothing more of this other domain: as much of its waits there as is still free of
  /// the quota for all of them.
  Result<bool> full_for(const StoreView& rows, const MailboxId& mailbox, std::string_view domain) const;

  /// Queues the body for prepared mailboxes and pushes it to those that are connected and keep up. Cannot fail. The
  /// number of the body; `keep` holds one more reference to it, for the caller to release().
  enum class Keep : std::uint8_t { no, yes };
  std::uint64_t deliver(Turn& turn, const BodyRow& body, std::span<const MailboxId> mailboxes, Keep keep = Keep::no);
  /// Drops one reference; with the last one the body goes.
  static void release(Turn& turn, std::uint64_t body);

  // ---- envelopes out ----

  /// Pushes from the oldest that is not acknowledged. A second connection replaces the first.
  Status open(Turn& turn, proto::SocketId socket, const LoggedIn& who);
  /// An acknowledgement; anything else closes the socket.
  void frame(Turn& turn, proto::SocketId socket, ByteView data);
  void closed(proto::SocketId socket);

  /// Drops what has waited too long in this mailbox, some hundred envelopes at most; whether more may be left.
  bool expire(Turn& turn, const MailboxId& mailbox);

  // ---- what else a device is told ----

  void push_log_grew(Turn& turn, std::uint64_t size);
  void push_key_packages_low(Turn& turn, const MailboxId& mailbox);
  /// Pushes a signal to those of these mailboxes that are connected and have nothing waiting; nobody else ever has it.
  void push_signal(Turn& turn, const Bytes& frame, std::span<const MailboxId> mailboxes) const;
  /// Closes the sockets of a name's devices.
  void close_name(Turn& turn, std::string_view name);
  /// Closes the sockets of devices of these names, which are sorted, that are active no more.
  void close_removed(Turn& turn, const directory::Map& served, std::span<const std::string> names);

  /// The store has these in kClosedMailboxes since this turn: nothing is queued for them, and what waits in them goes
  /// as if it had waited too long.
  void shut(std::span<const MailboxId> mailboxes);

  std::size_t connected() const { return sessions_.size(); }

  /// Mailboxes without a socket that are remembered at most.
  static constexpr std::size_t kMaxRemembered = 65'536;

 private:
  struct Box {
    std::uint64_t acknowledged = 0;
    std::uint64_t last = 0;
    std::uint64_t pushed = 0;  ///< of the socket, if there is one
    std::optional<proto::SocketId> socket;
    bool caught_up = false;                ///< whether the socket was told so
    bool shut = false;                     ///< its name was removed
    std::uint64_t total = 0;               ///< ReferenceRow::total of the last
    std::uint64_t acknowledged_total = 0;  ///< and of the last that was acknowledged
    ShareRow elsewhere;                    ///< of what waits, what came from other domains

    bool may_push(std::uint64_t sequence) const {
      return socket && pushed + 1 == sequence && sequence - acknowledged <= proto::kPushWindow;
    }
  };
  struct Session {
    LoggedIn who;
  };

  Box& box(const MailboxId& mailbox);
  const Box& box(const MailboxId& mailbox) const;
  void push_frames(Turn& turn, const MailboxId& mailbox, Box& box);
  void close(Turn& turn, proto::SocketId socket);
  static Result<Box> read_box(const StoreView& rows, const MailboxId& mailbox);
  /// References [first, end) of a mailbox, as many as were read, are gone: whose shares they were in.
  static void give_back(Turn& turn, const MailboxId& mailbox, Box& box, std::uint64_t first, std::uint64_t end);
  Bytes frame_of(const BodyRow& body, std::uint64_t sequence) const;

  std::string domain_;
  RelayLimits limits_;
  std::uint64_t next_body_ = 1;
  std::map<MailboxId, Box> boxes_;
  std::map<proto::SocketId, Session> sessions_;
};

}  // namespace cairn::relay
