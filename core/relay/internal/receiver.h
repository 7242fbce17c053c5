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
  /// says up to where. The first that is for a mailbox which has no room for it is not taken, nor what follows.
  /// 409 for an older queue.
  Result<Answer> take(Turn& turn, const proto::ForwardBatch& batch) const;

 private:
  struct Taken {
    std::uint64_t up_to = 0;
    std::set<MailboxId> full;
    bool any = false;  ///< whether somebody got something
  };
  Result<Taken> take_items(Turn& turn, const proto::ForwardBatch& batch, std::uint64_t last) const;
  /// The recipients that may have it; nothing is changed.
  static Result<std::vector<MailboxId>> admitted(Turn& turn, const std::string& from, const proto::ForwardItem& item);
  static Result<bool> may_be_welcomed(Turn& turn, const std::string& from, const proto::ForwardItem& item);
  /// Those of `to` that take nothing more of `from`; as many of them as an answer can name are in `full`, too.
  Result<bool> names_full(Turn& turn, const std::string& from, const std::vector<MailboxId>& to, Taken& out) const;
  /// Who was admitted has it, and is a member from now on, or no more.
  Status deliver(Turn& turn, const std::string& from, const proto::ForwardItem& item,
                 const std::vector<MailboxId>& to) const;
};

}  // namespace cairn::relay
