// What the operator of a domain decides.
#pragma once

#include <string>

#include "core/base/environment.h"
#include "core/proto/limits.h"
#include "core/relay/federation.h"
#include "core/tlog/policy.h"

namespace cairn::relay {

/// Who may begin a name. To ask for a reset of one takes a code too, unless it is open: the same check of the person.
enum class SignUp : std::uint8_t { open, invite, closed };

/// An auditor that was asked for so long in vain, whether a reset was vetoed, and has cosigned nothing either, is gone:
/// its completion waits for it no longer.
constexpr std::uint64_t kClosingPatienceMs = 3 * kDayMs;

/// A token bucket: `burst` at once, refilled by `per_minute`. A burst of 0 means no limit.
struct Rate {
  std::uint32_t burst = 0;
  std::uint32_t per_minute = 0;
};

/// So many a minute of that cost are so many things a day.
constexpr std::uint32_t kCostOfADay = 24 * 60;

struct RelayLimits {
  Rate address{600, 3000};  ///< requests from one address (an IPv6 /64 counts as one)
  Rate log{2000, 60'000};   ///< requests for files of the log from one address
  Rate device{600, 3000};   ///< requests with one device's token
  Rate fetch{600, 120};     ///< key packages that one device fetches: so that nobody drains others'
  Rate channel{600, 1200};  ///< commits and sends of one channel, one more for each 64 recipients
  Rate create{300, 10};     ///< channels that one device creates: they stay for ever
  Rate rejoin{600, 30};     ///< requests of one device to be let in again
  /// And of one device for one channel, each at kCostOfADay: each goes to everybody in it.
  Rate rejoin_channel{8 * kCostOfADay, 8};
  Rate meet{60, 30};          ///< rendezvous that one address stores
  Rate meet_all{1200, 1200};  ///< and all of them: whoever has many addresses does not fill the disk
  /// Requests for tokens to guess a name's PIN, without a login, each at kCostOfADay: whoever has such tokens locks it.
  Rate realm_guess{5 * kCostOfADay, 5};
  /// Requests of a name for tokens to register or store at realms, likewise: they keep it for ever. A bucket gives what
  /// it holds and what runs in: in a day no more than a realm keeps of one registration (proto::kMaxSharesOfOne).
  Rate realm_write{32 * kCostOfADay, 32};
  /// Requests of resets from one address where sign-up is open, likewise: the places for open ones are few. And from
  /// one IPv6 /48, which has 65,536 of what counts as an address.
  Rate reset_request{8 * kCostOfADay, 8};
  Rate reset_request_site{32 * kCostOfADay, 32};
  /// Of one other domain: requests with passports of its, the key packages that they get, envelopes that it forwards,
  /// and of these the welcomes.
  Rate visits{600, 1200};
  Rate visit_fetch{600, 300};
  Rate forwards{20'000, 60'000};
  Rate first_welcomes{600, 60};
  /// Statements that wait for an epoch, of all names, beyond which no more are taken: ten of the largest epochs, which
  /// cosigners that are there work off in a minute. While the quorum is away nothing is published, and what was taken
  /// is promised and stays: as a rule some 100 MB of the disk, with statements of 16 KiB 1.6 GB.
  std::size_t due_statements = 100'000;
  std::uint64_t undelivered_ms = proto::kUndeliveredLifeMs;     ///< how long an envelope waits for its device
  std::size_t mailbox_envelopes = proto::kMaxMailboxEnvelopes;  ///< how many wait in one mailbox
  /// And how much, bodies with what they cost beside: 512 MiB, about four days of a device that gets one large message
  /// a second.
  std::uint64_t mailbox_bytes = std::uint64_t{512} << 20;
  std::uint64_t unused_channel_ms = 90 * kDayMs;   ///< how long a channel is kept that nobody ever wrote to
  std::uint64_t vault_bytes = proto::kVaultQuota;  ///< of the objects in all vaults of one name
  std::uint64_t blob_bytes = proto::kBlobQuota;    ///< of the blobs that one name put
  std::uint64_t channel_blob_bytes = proto::kChannelBlobQuota;  ///< of those of the channels that one name made
  std::uint64_t blob_ms = proto::kBlobLifeMs;                   ///< how long a whole blob is kept
};

struct PublishTimes {
  std::uint64_t collect_ms = 1000;        ///< a statement waits for an epoch at most so long
  std::uint64_t idle_ms = 200;            ///< and when none follows, no longer than this
  std::uint64_t cosign_ms = 60'000;       ///< fresh cosignatures of the same size
  std::uint64_t retry_first_ms = 100;     ///< after a call to a cosigner that failed; doubled each time
  std::uint64_t retry_most_ms = 20'000;   ///< up to this: nothing new is published until the quorum is back
  std::uint64_t refresh_ms = 4 * 60'000;  ///< a record older than this is too old for an auditor that has not seen it
  std::uint32_t call_timeout_ms = 10'000;
  std::size_t epoch_updates = 10'000;   ///< names that one epoch changes at most
  std::size_t epoch_bytes = 8'000'000;  ///< and what its audit holds of them, roughly: auditors fetch it whole
};

/// The group `auditors` of a policy that a client could have; none for other texts.
inline std::vector<PublicKey> auditors_of(std::string_view policy_text) {
  std::vector<PublicKey> out;
  const auto policy = tlog::ClientPolicy::parse(policy_text);
  if (!policy) return out;
  for (const tlog::Policy::Witness& one : policy->policy().witnesses()) {
    if (policy->is_auditor(one.key.key())) out.push_back(one.key.key());
  }
  return out;
}

struct RelayConfig {
  std::string domain;  ///< as in names: lower-case
  SignUp sign_up = SignUp::invite;
  /// Whether names may be made to be reset, and be reset.
  bool resets = true;
  /// Whom to ask for cosignatures (every witness line with a url) and whose are needed before a checkpoint is served.
  /// The default, `quorum none`, serves every checkpoint at once.
  tlog::Policy policy;
  /// Those of its cosigners that take vetoes: they are asked before a reset is completed. None: all of them do.
  std::vector<PublicKey> auditors;
  std::uint32_t min_reset_delay_s =
      259'200;  ///< of the log's DirectoryConfig: chosen at the first start, then for ever
  RelayLimits limits;
  PublishTimes times;
  Federation federation;

  /// "<domain>/cairn", the origin of the log.
  std::string origin() const { return domain + "/cairn"; }
};

}  // namespace cairn::relay
