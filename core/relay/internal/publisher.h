// From statements that are due to a checkpoint that is served (docs/spec/directory.md s.4).
//
//   due names --build--> newest epoch --sign, offer--> cosigners --quorum--> served epoch
//                        one transaction                                     map and leaves move on
//
// Between served and newest stands at most one epoch that changes names, and behind it epochs that renew the time
// alone. So the map in memory and the leaves in the store are those of the served checkpoint, and lookups are
// consistent. What is signed is always the stored record: an epoch that was built is never built again.
#pragma once

#include "core/relay/internal/cosigners.h"
#include "core/relay/internal/epoch_builder.h"
#include "core/relay/internal/mailboxes.h"
#include "core/relay/leaf_pages.h"

namespace cairn::relay {

/// The state that lookups answer from.
struct Served {
  tlog::SignedCheckpoint checkpoint;  ///< with cosignatures
  directory::EpochRecord record;      ///< the newest under it
  tlog::GrowthProof growth;           ///< from nothing to the record: for who knows no smaller tree
  std::uint64_t cosigned_ms = 0;

  std::uint64_t size() const { return checkpoint.claim().tree.size; }
};

class Publisher {
 public:
  /// `config` and `next_call` outlive this.
  Publisher(const RelayConfig& config, std::uint64_t& next_call) : config_(config), cosigners_(config, next_call) {}

  /// Reads the map and where publishing stands; begins the log when it is empty.
  Status rebuild(Turn& turn, const Keys& keys, Mailboxes& mailboxes);

  /// Whether anything new may be built, and statements be taken for it.
  Standing standing() const;
  /// `unavailable` when statements would never, or perhaps never, come into an epoch: the store was put back.
  Status check_open() const;

  /// A statement was accepted.
  void statement_due(Time now);

  /// Builds and calls what is due. Called in every timer turn.
  Status tick(Turn& turn, const Keys& keys, Mailboxes& mailboxes);
  /// A cosigner answered, or not.
  Status call_done(Turn& turn, const proto::CallDone& call, const Keys& keys, Mailboxes& mailboxes);
  Time deadline() const;

  /// As Cosigners::newest_cosignature.
  std::optional<NewestCosignature> newest_cosignature(const PublicKey& cosigner) const {
    return cosigners_.newest_cosignature(cosigner, served_size());
  }

  const directory::Map& map() const { return map_; }
  const std::optional<Served>& served() const { return served_; }
  /// Epochs that are built, served or not: auditors read up to here.
  std::uint64_t newest_size() const { return edge_.size(); }

 private:
  Status build(Turn& turn, const Keys& keys, Mailboxes& mailboxes, Changes changes);
  void offer_newest(const Keys& keys, Time now);
  void call_cosigners(Turn& turn);
  Status serve_if_quorum(Turn& turn, Mailboxes& mailboxes);
  Status serve(Turn& turn, Mailboxes& mailboxes, std::vector<tlog::VerifiedCosignature> cosignatures);
  void move_map_on(Turn& turn);
  Status load_map(const StoreView& rows, const Keys& keys);
  Status load_served(const StoreView& rows);

  bool trusts_clock(Time now) const;
  /// Puts off what is due while the clock is in doubt.
  void check_clock(Turn& turn);
  bool may_build() const { return in_flight_.empty() && standing() == Standing::newest; }
  void heard_cosigners(Turn& turn);
  Time build_time() const;
  Time refresh_time() const;
  std::uint64_t most_refresh_wait_ms() const;
  std::uint64_t served_size() const { return served_ ? served_->size() : 0; }

  const RelayConfig& config_;
  Cosigners cosigners_;

  directory::Map map_;  ///< of the served epoch
  LeafPages pages_;     ///< what the store has of it
  std::optional<Served> served_;
  tlog::RightEdge edge_;  ///< of the newest epoch
  std::optional<directory::EpochRecord> newest_;
  std::optional<tlog::SignedCheckpoint> offered_;  ///< of the newest epoch
  std::vector<directory::LeafChange> in_flight_;   ///< what the epochs that are not served change
  std::vector<std::string> in_flight_names_;

  bool restored_ = false;  ///< from a backup, and not all cosigners have been asked yet
  Time room_at_;           ///< no epoch is built before: the disk was full
  std::optional<Time> first_due_;
  Time last_due_;
  std::uint64_t refresh_wait_ms_ = 0;
  Time doubt_until_;
  bool doubts_clock_ = false;
};

}  // namespace cairn::relay
