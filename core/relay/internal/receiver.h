// Takes what other domains' servers bring for mailboxes of this one (docs/spec/relay.md s.10).
#pragma once

#include "core/relay/internal/mailboxes.h"
#include "core/relay/internal/rate_limit.h"

namespace cairn::relay {

struct Receiver {
  std::string_view domain;  ///< this one
  Mailboxes& mailboxes;
  RateLimiter& welcomes;  ///< one bucket a domain

  /// A batch whose signature was verified. Its items are taken in their order, each whole or not at all; the answer
  /// says up to where. 409 for an older queue.
  Result<Answer> take(Turn& turn, const proto::ForwardBatch& batch) const;

 private:
  struct Taken {
    std::uint64_t up_to = 0;
    std::set<MailboxId> full;
  };
  Result<Taken> take_items(Turn& turn, const proto::ForwardBatch& batch, std::uint64_t last) const;
  /// The recipients that may have it.
  Result<std::vector<MailboxId>> admitted(Turn& turn, const std::string& from, const proto::ForwardItem& item) const;
  Result<bool> welcomed(Turn& turn, const std::string& from, const proto::ForwardItem& item) const;
};

}  // namespace cairn::relay
