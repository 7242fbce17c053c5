// What waits for mailboxes of other domains, and the calls that bring it there (docs/spec/relay.md s.10).
//
//   queue():  the transaction that accepts a commit or message | kOutgoing, in the order of acceptance
//   tick():   one batch a domain under way, signed              | call_done(): what is on disk over there is erased
//   here
#pragma once

#include "core/relay/internal/neighbours.h"

namespace cairn::relay {

class Forwarder {
 public:
  /// All outlive this.
  Forwarder(const RelayConfig& config, std::uint64_t& next_call, const Neighbours& neighbours)
      : config_(config), next_call_(next_call), neighbours_(neighbours) {}

  Status rebuild(const StoreView& rows);

  /// Whether envelopes may be queued for these: `unsupported` or `not_authorised` for a domain that is not spoken to,
  /// `over_limit` when its queue or the mailbox is full. Changes nothing.
  Status check(const StoreView& rows, std::span<const proto::Address> recipients, Time now) const;
  /// The same envelope for mailboxes of one domain; recipients and sequence of `item` are set here. Cannot fail. What
  /// is for a domain that is not spoken to is dropped.
  void queue(Turn& turn, const std::string& domain, std::vector<MailboxId> recipients, proto::ForwardItem item);

  bool owns(proto::CallId id) const;
  void call_done(Turn& turn, const proto::CallDone& call);
  void tick(Turn& turn, const Keys& keys);
  Time deadline() const;

  struct Waiting {
    std::size_t domains = 0;
    std::size_t failing = 0;  ///< of these the last call failed
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
  };
  Waiting waiting() const;

  static constexpr std::uint64_t kFirstRetryMs = kSecondMs;
  static constexpr std::uint64_t kMostRetryMs = 5 * kMinuteMs;
  static constexpr std::uint64_t kFullElsewhereMs = 10 * kMinuteMs;
  static constexpr std::uint32_t kForwardTimeoutMs = 30'000;

 private:
  struct Lane {
    OutgoingQueueRow row;
    std::optional<proto::CallId> call;
    std::uint64_t first_sent = 0;  ///< sequences of the batch that is under way
    std::uint64_t last_sent = 0;
    Time next_try;
    unsigned failures = 0;
    bool one_by_one = false;  ///< the last batch was not understood: which of its items it is
  };

  void send_batch(Turn& turn, const Keys& keys, const std::string& domain, Lane& lane);
  void failed(Turn& turn, Lane& lane, std::uint64_t at_least_ms) const;
  void taken(Turn& turn, const std::string& domain, Lane& lane, const proto::ForwardAnswer& answer);
  void refused(Turn& turn, const std::string& domain, Lane& lane, const proto::CallReply& reply);
  /// The other side has heard of later items: this store was put back, or somebody else spoke in our name. They count
  /// from anew.
  static void begin_anew(Turn& turn, const std::string& domain, Lane& lane, std::uint64_t their_queue);
  /// Erases items up to `sequence`.
  static void drop_up_to(Turn& turn, const std::string& domain, Lane& lane, std::uint64_t sequence);
  /// Those that waited too long, some hundred at most.
  void drop_expired(Turn& turn, const std::string& domain, Lane& lane) const;

  const RelayConfig& config_;
  std::uint64_t& next_call_;
  const Neighbours& neighbours_;
  std::map<std::string, Lane, std::less<>> lanes_;
};

}  // namespace cairn::relay
