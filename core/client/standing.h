// Who was removed from a conversation, and what they said before (docs/spec/client.md s.3): a removal of this device's
// own may be won by the server's answer before its mailbox has come to it.
#pragma once

#include "core/base/store.h"
#include "core/client/context.h"
#include "core/mls/group.h"
#include "core/proto/api.h"

namespace cairn::client {

namespace tables {
/// channel id || uint64 epoch -> OwnRemoval: that the server has answered, and the mailbox has not come to. No longer
/// there than the row of kFormerEpochs with the same key.
inline constexpr Table kOwnRemovals{170};
}  // namespace tables

/// tables::kOwnRemovals: the identities (identity.h) of the leaves that the commit which ended an epoch removed.
struct OwnRemoval {
  std::vector<Bytes> identities;

  void write(wire::Writer&) const;
  static Result<OwnRemoval> read(wire::Reader&);
};

/// A commit of this device was won by the server's answer, and its mailbox has not come to that. Of one that removes
/// nobody nothing is kept. In the batch in which it is merged.
void note_own_removal(Context& context, const ChannelId& channel, const mls::CommitSummary& commit);

/// The mailbox has come to this envelope, by the word of the channel's own server: all that it had taken before has
/// come, and what comes from now on of who was removed by then came after it.
void note_reached(Context& context, const ChannelId& channel, const proto::Envelope& envelope);

/// Of who says something.
enum class Standing : std::uint8_t {
  in,              ///< has a leaf
  before_removal,  ///< has none any more, and the mailbox has not come to the removal
  out              ///< said it behind its removal: whatever it is, nobody takes it
};
Standing standing_of(const StoreView& store, const ChannelId& channel, const mls::Group& group,
                     const mls::ApplicationMessage& message);

}  // namespace cairn::client
