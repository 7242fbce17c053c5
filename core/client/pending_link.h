// The record of a link under way, on either side (docs/spec/client.md s.4).
#pragma once

#include <vector>

#include "core/client/context.h"
#include "core/client/history_rows.h"
#include "core/client/link_code.h"

namespace cairn::client {

/// What is the next thing to be done. The first half is the new device's, the second the existing one's.
enum class LinkStage : std::uint8_t {
  announce = 1,         ///< slot A is to be filled
  await_offer = 2,      ///< slot B is asked for
  check_offer = 3,      ///< the offer waits for a view of the own name that it can be held against
  submit = 4,           ///< the statement, complete, is to be brought to the directory
  await_admission = 5,  ///< the directory has accepted it; a verified view is to show it

  await_request = 6,   ///< slot A is asked for
  make_offer = 7,      ///< a view from after the approval is waited for, to make the statement
  post_offer = 8,      ///< slot B is to be filled
  await_newcomer = 9,  ///< a verified view is to show the new device

  failed = 10  ///< `sentence` says why; kept until it is told and the next link begins
};

/// tables::kPendingLinks, under the new device's signature key.
struct PendingLink {
  LinkStage stage = LinkStage::announce;
  bool is_newcomer = true;  ///< this device is the new one
  /// What its owner wants the new device to get, on either side: both must want everything.
  HistoryChoice history = HistoryChoice::everything;
  LinkCode code;
  Time started;
  std::uint32_t sequence = 0;  ///< of the statement, once there is one
  Bytes request;               ///< existing device: the LinkRequest that was accepted
  Bytes statement;             ///< LinkOffer until it is complete, then directory::Statement
  std::string sentence;        ///< of stage failed

  bool failed() const { return stage == LinkStage::failed; }
  /// The new device's statement may be in the directory: its key must not be thrown away.
  bool submitted() const { return stage == LinkStage::submit || stage == LinkStage::await_admission; }

  SecretBytes encode() const;
  static Result<PendingLink> decode(ByteView bytes);
};

std::vector<PendingLink> load_links(const StoreView& store);
std::optional<PendingLink> load_link(const StoreView& store, const PublicKey& newcomer);
void save_link(Context& context, const PendingLink& link);
void erase_link(Context& context, const PendingLink& link);

}  // namespace cairn::client
