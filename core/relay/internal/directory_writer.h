// Takes statements in (docs/spec/directory.md s.2): checked, durable at once, due for the next epoch.
#pragma once

#include "core/relay/internal/closings.h"
#include "core/relay/internal/keys.h"
#include "core/relay/tables.h"

namespace cairn::relay {

class DirectoryWriter {
 public:
  /// Both outlive this.
  DirectoryWriter(const RelayConfig& config, Closings& closings) : config_(config), closings_(closings) {}

  /// Counts what is due.
  void rebuild(const StoreView& store);

  /// Whether the statement was new; a repeat of an accepted one is none and is fine. Errors as NameState::apply, and
  /// `conflict` for a device or mailbox that somebody else has, `not_authorised` for an invitation that is no good,
  /// `invalid_state` for a step of a reset whose time has not come, `over_limit` for a request when too many are open;
  /// of a completion as Closings::may_complete; `unavailable`, and turn.retry_after_s, when too many are due: but for
  /// vetoes and removals of devices, with which an owner turns a thief away. `epochs`: that are built, served or not.
  /// reset_request: anew, and it asks for a reset.
  enum class Accepted : std::uint8_t { anew, reset_request, again };
  Result<Accepted> accept(Turn& turn, const Keys& keys, const proto::StatementRequest& request, std::uint64_t epochs);
  /// One that was accepted anew is kept: nothing else of its request refuses it any more.
  void keep() { ++due_; }

 private:
  Status check_room(Turn& turn, std::uint64_t epochs);
  Status check_invitation(Turn& turn, const directory::Statement& statement, std::string_view code) const;
  /// The request that a veto or completion ends, by R; nothing for other statements.
  Result<std::optional<Hash>> check_reset_step(Turn& turn, const NameRow& before, const directory::Statement& statement,
                                               ByteView veto) const;

  const RelayConfig& config_;
  Closings& closings_;
  std::uint64_t next_due_ = 1;
  std::size_t due_ = 0;           ///< statements that are due, but for what epochs took since they were counted
  std::uint64_t counted_at_ = 0;  ///< how many epochs there were then; 0 at a start
};

}  // namespace cairn::relay
