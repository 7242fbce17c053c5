// What arrived and what was read: said to who wrote it, heard of what was written here, and counted
// (docs/spec/client.md s.11).
#pragma once

#include "core/client/conversations.h"

namespace cairn::client {

/// In conversations of more names nobody is told.
constexpr std::size_t kMaxNamesForReceipts = 32;

/// tables::kStatuses: what one name has said of a message of ours.
struct MessageStatus {
  std::string name;
  std::uint8_t status = StatusReport::kDelivered;
  std::uint64_t since_ms = 0;

  void write(wire::Writer&) const;
  static Result<MessageStatus> read(wire::Reader&);
};

/// tables::kReportsDue: to be said of a message, not before `due_ms`, so that one report tells of many.
struct ReportDue {
  std::uint8_t status = StatusReport::kDelivered;
  std::uint64_t due_ms = 0;

  void write(wire::Writer&) const;
  static Result<ReportDue> read(wire::Reader&);
};

/// What was said of a message, by name.
std::vector<MessageStatus> statuses(const StoreView& store, const ChannelId& home, std::uint64_t index);

/// Messages of others that were not read, counted up to `most`.
std::size_t unread(const Conversations& conversations, const StoreView& store, const Account& account,
                   const ChannelId& home, std::size_t most);

class Receipts {
 public:
  Receipts(Conversations& conversations, Session& session) : conversations_(conversations), session_(session) {}

  /// A message came from another device: of others it is to be reported as delivered.
  void received(Context& context, const Account& account, const ChannelId& home, std::uint64_t index);
  /// Its owner has read everything before `end`: that is to be reported, and messages with a life begin it.
  void mark_read(Context& context, const Account& account, const ChannelId& home, std::uint64_t end);
  /// Likewise on another device of the own name, which reports it.
  void read_elsewhere(Context& context, const Account& account, const ChannelId& home, std::uint64_t end);
  /// The conversation was accepted: what came before is reported now.
  void accepted(Context& context, const Account& account, const ChannelId& home);
  /// A report of another name about our messages; or of another own device, which need not be repeated.
  void heard(Context& context, const Account& account, const Heard& heard);
  /// Says what is due.
  void step(Context& context, const Account& account);
  /// Nothing is said before this device has caught up; that is an input.
  Time next_deadline() const { return session_.caught_up() ? next_ : Time::never(); }
  void forget_all() { next_ = Time{}; }

 private:
  bool may_report(const StoreView& store, const Account& account, const ChannelId& home,
                  const std::string& sender) const;
  void owe(Context& context, const ChannelId& home, std::uint64_t index, std::uint8_t status, std::uint64_t in_ms);
  void own_report(Context& context, const Account& account, const ChannelId& home, const StatusReport& report);
  void begin_lives(Context& context, const Account& account, const ChannelId& home, std::uint64_t first,
                   std::uint64_t end, bool report);

  Conversations& conversations_;
  Session& session_;
  Time next_{};
};

}  // namespace cairn::client
