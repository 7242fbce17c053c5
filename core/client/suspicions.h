// What others said of a log that does not go with what this device verified (docs/spec/client.md s.7): the rows, and
// what follows from them. How they come and go is told in gossips.h.
#pragma once

#include "core/client/account.h"
#include "core/directory/evidence.h"
#include "core/directory/gossip.h"

namespace cairn::client {

enum class ClaimState : std::uint8_t {
  waiting = 1,       ///< to be proved to be of our history
  unproved = 2,      ///< the server did not, within kProofDueMs
  contradicted = 3,  ///< it is of another history: by our own checkpoint, or by the server's proof
  dismissed = 4      ///< so it was, and the owner does not believe who said it
};

/// tables::kGossips: a checkpoint that somebody has verified, as they say.
struct Claim {
  directory::Gossip gossip;
  std::string about;  ///< a name of that domain in the conversation
  std::string name;   ///< who said it
  DeviceId device;
  ChannelId home;  ///< where
  std::uint64_t since_ms = 0;
  ClaimState state = ClaimState::waiting;
  std::uint64_t asked_ms = 0;               ///< when the signed note was asked for; 0: it was not
  std::string note;                         ///< that verifies under our policy, if it was shown; else empty
  std::string ours;                         ///< when contradicted: our checkpoint that contradicts it
  std::optional<tlog::PrefixProof> prefix;  ///< likewise, of the smaller in the larger; absent for equal sizes

  bool is_suspicion() const { return state == ClaimState::unproved || state == ClaimState::contradicted; }
  void write(wire::Writer&) const;
  static Result<Claim> read(wire::Reader&);
};

/// tables::kKnownHeads: a head of our own history.
struct KnownHead {
  Hash root;
  std::uint64_t stored_ms = 0;
  std::string note;  ///< the checkpoint, if it was said to others: they may ask for it; else empty

  void write(wire::Writer&) const;
  static Result<KnownHead> read(wire::Reader&);
};

/// tables::kTwoHistories: evidence. It stays.
struct TwoHistories {
  std::uint64_t since_ms = 0;
  std::string domain;
  std::string name;  ///< whose device had the other history
  Bytes evidence;    ///< the file

  void write(wire::Writer&) const;
  static Result<TwoHistories> read(wire::Reader&);
};

struct StoredClaim {
  Bytes key;
  Claim claim;
};

/// All claims, or those about one domain.
std::vector<StoredClaim> claims(const StoreView& store);
std::vector<StoredClaim> claims(const StoreView& store, const Account& account, std::string_view domain);
std::vector<TwoHistories> two_histories(const StoreView& store);
std::optional<TwoHistories> two_histories(const StoreView& store, const Account& account, std::string_view domain);

/// Whether it convicts the log that is pinned now: one with another key, under a policy that its owner corrected, has
/// done nothing.
bool is_of_present_log(const StoreView& store, const Account& account, const TwoHistories& found);

/// Why nobody is known first by the log of this key: there is evidence against it, whichever is pinned.
std::optional<std::string> convicted(const StoreView& store, const Account& account, std::string_view domain,
                                     const PublicKey& log_key);

/// Why nobody new of this domain is written to or let in: one sentence that names who said what; nothing when that is
/// allowed.
std::optional<std::string> no_first_contacts(const StoreView& store, const Account& account, std::string_view domain);

/// One sentence for a claim that is_suspicion(), and for evidence.
std::string suspicion_sentence(const Claim& claim);
std::string evidence_alarm(const TwoHistories& found);

/// "example.org" of "example.org/cairn"; empty when it is no directory's origin.
std::string domain_of(std::string_view origin);

}  // namespace cairn::client
