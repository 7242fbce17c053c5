// What the devices of one name have in common: a conversation of their own, settings, and the history that a new one is
// given (docs/spec/client.md s.16).
#pragma once

#include "core/client/domain_sharing.h"
#include "core/client/history_giver.h"
#include "core/client/history_taker.h"

namespace cairn::client {

/// A device that let nobody in waits so long for another one to begin their conversation.
constexpr std::uint64_t kBeginPauseMs = 30 * kSecondMs;

/// All outlive who is given them.
struct OwnRooms {
  Calls& calls;
  Views& views;
  Session& session;
  Conversations& conversations;
  Receipts& receipts;
  Search& search;
};

class OwnDevices {
 public:
  explicit OwnDevices(OwnRooms rooms);

  /// What was said anywhere; only what an own device says in the conversation of the own devices counts.
  void heard(Context& context, const Account& account, const Heard& heard);
  /// A message became a row.
  void message_came() { sharing_.message_came(); }
  /// The chain of the own name may be another now: what came from a device that is gone counts no more at once.
  void own_name_changed(Context& context, const Account& account);
  /// Another device has said something of the PIN since this was last asked.
  bool heard_of_pin() { return std::exchange(heard_of_pin_, false); }
  void step(Context& context, const Account& account);
  Time next_deadline() const;
  void forget_all();

  Sharing& sharing() { return sharing_; }
  DomainSharing& domains() { return domains_; }
  HistoryTaker& taker() { return taker_; }
  const HistoryGiver& giver() const { return giver_; }

 private:
  void heard_of_domains(Context& context, const Account& account, const DeviceId& by, const SelfWords& words);
  /// Counts the devices of the name, and begins their conversation if it is for this one to do.
  void look(Context& context, const Account& account);
  /// Says what this device has to say of the PIN, when that is new, or others can hear it than heard it last.
  void tell_of_pin(Context& context, const Account& account);
  /// Likewise of snapshots, looked at every half an hour.
  void tell_of_snapshots(Context& context, const Account& account);
  /// SHA-256 of a word, and of which devices could hear it now; nothing where it cannot be said.
  std::optional<Hash> heard_by(Context& context, const Account& account, const SelfWords& word);

  OwnRooms rooms_;
  SelfLine line_;
  Sharing sharing_;
  DomainSharing domains_;
  HistoryGiver giver_;
  HistoryTaker taker_;
  Sharing::Others others_ = Sharing::Others::none;
  bool active_ = false;  ///< this device is one of the name
  bool look_ = true;
  std::size_t removed_ = 0;     ///< devices of the name, when their settings were last taken over
  std::uint64_t gaps_ = 0;      ///< of the mailbox, in this process
  std::optional<Time> missed_;  ///< since when there is no conversation of the own devices
  /// Look-ups of the own name when it was seen that this device is in none any more.
  std::optional<std::uint64_t> lost_at_;
  Time next_ = Time::never();
  bool heard_of_pin_ = false;
  Time tell_pin_ = Time::never();
  Time tell_snapshots_ = Time::never();
};

}  // namespace cairn::client
