// What a client has verified about a name and about a domain (docs/spec/directory.md s.6).
#pragma once

#include "core/base/environment.h"
#include "core/directory/chain.h"
#include "core/directory/gossip.h"
#include "core/directory/notice.h"
#include "core/directory/record.h"

namespace cairn::directory {

/// How old a view may be for sending, by VerifiedView::age_ms: to a device never sent to before, and to others. The
/// client asks before every message (core/client/views.h).
constexpr std::uint64_t kMaxViewAgeNewDeviceMs = 15 * kMinuteMs;
constexpr std::uint64_t kMaxViewAgeMs = 24 * kHourMs;

/// Stored per domain: the newest checkpoint that held all conditions, and what goes with it.
struct DomainState {
  tlog::RightEdge edge;       ///< of the newest tree; never the empty one
  EpochRecord newest_record;  ///< its last entry
  std::string checkpoint;     ///< the note of newest(): evidence, should another one contradict it
  DirectoryConfig config;
  std::uint64_t greatest_time_s = 0;  ///< the greatest t ever seen

  tlog::TreeHead newest() const { return {edge.size(), edge.root()}; }
  Gossip gossip() const { return {config.origin, newest()}; }
  /// now of the conditions: the local clock, unless cosigners have shown that it is behind.
  Time trusted_now(Time local) const { return std::max(local, Time{greatest_time_s * kSecondMs}); }

  /// For one's own store.
  void write(wire::Writer& writer) const;
  static Result<DomainState> read(wire::Reader& reader);
  friend bool operator==(const DomainState&, const DomainState&) = default;
};

/// A name as its domain's log vouches for it, all eight conditions held. Only verify_lookup makes one; what was stored
/// with write() is had back with read(), from one's own store alone.
class VerifiedView {
 public:
  const Name& name() const { return state_.name(); }
  /// False for a name that is proven not to exist.
  bool exists() const { return state_.count() != 0; }
  const NameState& state() const { return state_; }
  std::uint32_t count() const { return state_.count(); }
  const Hash& head() const { return state_.head(); }
  std::vector<Device> devices() const { return state_.active_devices(); }

  /// The notice of the newest reset that was ever requested: what a veto refers to while state().open_reset() is set.
  const std::optional<ResetNotice>& newest_reset() const { return newest_reset_; }
  /// When this grows the name is a first contact again.
  std::size_t completed_resets() const { return state_.completed_resets().size(); }

  /// The checkpoint under which it was verified.
  const Gossip& checkpoint() const { return checkpoint_; }
  /// t of condition 2: the view is as old as this.
  std::uint64_t time_s() const { return time_s_; }
  std::uint64_t age_ms(Time now) const { return elapsed_ms(now, Time{time_s_ * kSecondMs}); }
  /// The keys that had cosigned that checkpoint.
  const std::vector<PublicKey>& quorum() const { return quorum_; }

  void write(wire::Writer& writer) const;
  static Result<VerifiedView> read(wire::Reader& reader);
  friend bool operator==(const VerifiedView&, const VerifiedView&) = default;

 private:
  friend class LookupVerifier;
  explicit VerifiedView(NameState state) : state_(std::move(state)) {}

  NameState state_;
  Hash pending_;  ///< of the leaf
  Hash resets_;   ///< of the leaf
  std::optional<ResetNotice> newest_reset_;
  Gossip checkpoint_;
  std::uint64_t time_s_ = 0;
  std::vector<PublicKey> quorum_;
};

}  // namespace cairn::directory
