// Who was removed from a conversation, and what they said before (docs/spec/client.md s.3): a removal of this device's
// own may be won by the server's answer before its mailbox has come to it.
#pragma once

#include "core/base/store.h"
#include "core/client/context.h"
#include "core/client/conversations.h"
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

enum class Said : std::uint8_t { message, change };
/// Says in the conversation that this came from a device of `name` that its chain has active no more (is_gone), or by
/// the server's word before its removal (is_out); of any other nothing.
void tell_of_removed(Conversations& conversations, Context& context, const ChannelId& home, Said what,
                     const std::string& name, bool is_gone, bool is_out);

}  // namespace cairn::client
