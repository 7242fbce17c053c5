// Whether what others verified of a log and what this device verified is one history (docs/spec/client.md s.7).
//
// Each message carries its sender's newest checkpoints. What is not of a history that is known here already becomes a
// claim, and is proved by the log's server, or becomes a suspicion that stops first contacts of the domain; and that
// together with the signed note of whoever said it becomes evidence. Claims, suspicions and evidence are rows
// (suspicions.h); what is under way is not, and begins again.
#pragma once

#include "core/client/conversations.h"
#include "core/client/suspicions.h"

namespace cairn::client {

/// A claim that is not proved by then stops first contacts.
constexpr std::uint64_t kProofDueMs = 24 * kHourMs;
/// After a proof that failed, and between two look-ups for a log that is behind a claim.
constexpr std::uint64_t kProofRetryMs = kMinuteMs;
/// Between two proofs of one log.
constexpr std::uint64_t kProofPauseMs = 10 * kSecondMs;
/// A note that was not shown is asked for again.
constexpr std::uint64_t kAskAgainMs = 24 * kHourMs;
/// A note is shown in a conversation at most this often.
constexpr std::uint64_t kShowPauseMs = kMinuteMs;
/// Devices whose claims about one domain are kept, each with at most two: so many that this one's owner has written to,
/// and so many others. And dismissed claims of a domain.
constexpr std::size_t kMaxClaimants = 256;
/// Heads of the own history that are kept of a domain, and how long.
constexpr std::size_t kMaxKnownHeads = 256;
constexpr std::uint64_t kKnownHeadLifeMs = 60 * kDayMs;

class Gossips {
 public:
  Gossips(Calls& calls, Views& views, Conversations& conversations)
      : calls_(calls), views_(views), conversations_(conversations) {}

  /// Takes what came with a message: checkpoints of the conversation's domains, a question for a note of ours, a note.
  void heard(Context& context, const Account& account, const Heard& heard);
  /// A log that was verified grew, or may have.
  void look_again() { due_ = true; }
  /// Asks for the next proofs that are due.
  void step(Context& context, const Account& account);
  /// The owner does not believe what the devices of `name` said: those suspicions end. How many there were.
  std::size_t dismiss(Context& context, const std::string& name);

  Time next_deadline() const { return due_ ? Time{} : next_; }
  void forget_all();

 private:
  struct Try {
    Time started{};  ///< the last one, by the log's clock
    Time next{};     ///< not before
  };
  /// What is known of exactly that size.
  struct Compared {
    bool same = false;
    std::string ours;  ///< the note that says so, when it is not the same
  };
  enum class Slot : std::uint8_t { held = 0, newest = 1, dismissed = 2 };

  void take(Context& context, const Account& account, Claim claim, const std::string& domain);
  std::optional<Bytes> place(Context& context, const Account& account, const Claim& claim, const std::string& domain);
  bool make_room(Context& context, const Account& account, const Claim& claim, const std::string& domain);
  std::optional<Compared> compare(const StoreView& store, const Account& account, const directory::DomainState& log,
                                  const directory::Gossip& gossip) const;
  void judge(Context& context, const Account& account, const std::string& domain);
  void settle(Context& context, const Account& account, const directory::DomainState& log);
  bool comes_before(const StoredClaim& a, const StoredClaim& b, Time now) const;
  void prove(Context& context, const Account& account, const directory::DomainState& log, const StoredClaim& one);
  void answered(Context& context, const Account& account, const directory::DomainState& log, const StoredClaim& one,
                const Answer& answer);
  void want_growth(Context& context, const Account& account, const std::vector<StoredClaim>& ahead,
                   const directory::DomainState& log);
  void failed(Context& context, StoredClaim one, Time started);
  void proved(Context& context, const Account& account, const StoredClaim& one);
  void suspect(Context& context, StoredClaim one, ClaimState state);
  void ask_for_note(Context& context, StoredClaim one);
  void show_note(Context& context, const Account& account, const Heard& heard, const NoteRequest& request);
  void keep_dismissed(Context& context, StoredClaim one);
  void take_note(Context& context, const Account& account, const NoteAnswer& answer);
  void conclude(Context& context, const Account& account, const Claim& claim);
  void erase(Context& context, const Bytes& key);

  Calls& calls_;
  Views& views_;
  Conversations& conversations_;
  bool due_ = true;
  Time next_ = Time::never();
  std::map<Bytes, Try> tries_;              ///< by the claim's key
  std::map<std::string, Time> next_proof_;  ///< by domain
  std::map<std::string, Try> growth_;       ///< by domain
  /// When the note of that head was shown there.
  std::map<std::pair<ChannelId, Hash>, Time> shown_;
};

/// Keeps the note of a checkpoint that is said to others: they may ask for it.
void keep_said(Context& context, const Account& account, const directory::DomainState& log);

}  // namespace cairn::client
