// Channels: who may write, who gets it, and which commit ends an epoch (docs/spec/relay.md s.2).
//
// Nothing here knows what a commit or a message is. Every check comes before the first change, so that a request that
// is refused leaves neither rows nor memory behind.
#pragma once

#include "core/proto/rejoin.h"
#include "core/proto/signals.h"
#include "core/relay/internal/blobs.h"
#include "core/relay/internal/forwarder.h"
#include "core/relay/internal/mailboxes.h"
#include "core/relay/internal/rate_limit.h"

namespace cairn::relay {

struct Channels {
  std::string_view domain;
  Mailboxes& mailboxes;
  Forwarder& forwarder;  ///< takes what is for other domains
  RateLimiter& limiter;  ///< one bucket a channel; only who may write draws on it
  Blobs blobs;
  std::uint64_t unused_ms;  ///< how long a channel is kept that nobody wrote to

  Result<Answer> create(Turn& turn, const LoggedIn& who, const proto::ChannelCreate& request);
  /// A request with welcomes needs the name of who is logged in, or is vouched for by another domain.
  Result<Answer> commit(Turn& turn, const std::optional<std::string>& who, const proto::ChannelCommit& request);
  Result<Answer> send(Turn& turn, const proto::ChannelSend& request);
  /// Draws on `signals`, not on the bucket of messages. Leaves nothing in the store.
  Result<Answer> signal(Turn& turn, RateLimiter& signals, const proto::ChannelSignal& request);
  /// `not_authorised` unless that mailbox is a recipient of the channel's epoch; `not_found`.
  Status check_recipient(const Turn& turn, const proto::Address& who, const ChannelId& channel) const;
  /// A device that is a recipient, of whatever domain, asks all others to be let in again. Those that nothing can be
  /// queued for are passed over.
  Result<Answer> rejoin(Turn& turn, const proto::Address& who, const proto::ChannelRejoin& request);
  /// A member's answer to that.
  Result<Answer> answer_rejoin(Turn& turn, const proto::ChannelRejoinAnswer& request);
  /// The name that pays for a blob with a writer: the creator's. Refused are writers that could not send either.
  Result<std::string> payer_of_blob(Turn& turn, const proto::BlobPut& request);

 private:
  struct Admitted;
  void queue_welcomes(Turn& turn, const std::string& who, const proto::ChannelCommit& request, std::uint64_t next);
  std::uint64_t queue_commit(Turn& turn, const Admitted& parties, const proto::ChannelCommit& request);
};

/// When the time of its row in kDueChannels has come: drops a channel that nobody wrote to, and of another one the
/// commit that began its epoch, which has reached every mailbox that it was for.
void look_at_channel(Turn& turn, const ChannelId& channel);

}  // namespace cairn::relay
