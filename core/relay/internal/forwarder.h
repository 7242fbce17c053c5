// What waits for mailboxes of other domains, and the calls that bring it there (docs/spec/relay.md s.10).
//
//   queue():  the transaction that accepts a commit or message | kOutgoing, in the order of acceptance
//   tick():   one batch a lane under way, signed                | call_done(): what is on disk over there is erased
//   here
//
//   DOMAIN      o o o o o o      everything for the domain, in one lane
//   DOMAIN/HEX  o o o            what is for a mailbox there that has no room: set aside, so that nobody else waits for
//                                it. All that follows for that mailbox goes through it while anything is in it.
#pragma once

#include <set>

#include "core/relay/internal/neighbours.h"

namespace cairn::relay {

class Forwarder {
 public:
  /// All outlive this.
  Forwarder(const RelayConfig& config, std::uint64_t& next_call, const Neighbours& neighbours)
      : config_(config), next_call_(next_call), neighbours_(neighbours) {}

  Status rebuild(const StoreView& rows);

  /// Whether envelopes of this kind may be queued for these, whose domains come together: `unsupported` or
  /// `not_authorised` for a domain that is not spoken to, `over_limit` when its queue or the mailbox is full,
  /// `unavailable` (and turn.retry_after_s) when it would be one queue too many, or what is of a rejoin was not
  /// understood there just now. Changes nothing else.
  Status check(Turn& turn, std::span<const proto::Address> recipients, proto::EnvelopeKind kind) const;
  /// Of these, those that check() has nothing against, each by itself.
  std::vector<proto::Address> reachable(Turn& turn, std::span<const proto::Address> recipients,
                                        proto::EnvelopeKind kind) const;
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
  /// Of mailboxes of one domain, that are believed to be full.
  static constexpr std::size_t kMostFullElsewhere = 1024;
  /// Of a domain, that something is set aside for.
  static constexpr std::size_t kMostLanesOfOne = 1024;
  /// Domains that something waits for and that never took anything: anybody can make names up.
  static constexpr std::size_t kMostStrangers = 256;
  static constexpr std::size_t kStrangersAtOnce = 16;  ///< calls to them
  /// Domains with a queue, whether anything is in it or not; and how long one is remembered that is empty.
  static constexpr std::size_t kMostQueues = 4096;
  static constexpr std::uint64_t kIdleQueueMs = 30 * kDayMs;

 private:
  /// What check() says of a domain, and of a mailbox of one. `more`: domains without a queue that were asked about
  /// before.
  Status check_domain(Turn& turn, const std::string& domain, proto::EnvelopeKind kind, std::size_t& more) const;
  Status check_mailbox(Turn& turn, const proto::Address& to) const;

  struct Lane {
    std::string domain;
    MailboxId only;  ///< of which everything is; zeros: it is the domain's
    OutgoingQueueRow row;
    std::uint64_t aside_bytes = 0;  ///< of a domain's: in the lanes of its mailboxes
    std::optional<proto::CallId> call;
    std::uint64_t first_sent = 0;  ///< sequences of the batch that is under way
    std::uint64_t last_sent = 0;
    Time next_try;
    unsigned failures = 0;
    bool one_by_one = false;  ///< the last batch was not understood: which of its items it is
    /// A build that does not know requests to be let in again was seen there: until then none is taken for it, and
    /// those that waited are dropped.
    Time no_rejoins_until{};

    std::optional<Time> idle_since;  ///< as long as nothing is in it

    bool is_of_one() const { return !only.is_zero(); }
    bool is_idle() const { return row.items == 0 && aside_bytes == 0 && !call; }
    /// Nothing that was put into it was ever taken.
    bool is_strange() const { return !is_of_one() && row.items != 0 && row.next == row.items + 1; }
  };
  using Batch = std::vector<proto::ForwardItem>;

  void send_batch(Turn& turn, const Keys& keys, const std::string& name, Lane& lane);
  /// The oldest items of a lane, without what is set aside on the way.
  Batch next_batch(Turn& turn, const std::string& name, Lane& lane);
  /// Behind everything that is in a lane. `queued_ms` is when it was accepted.
  void append(Turn& turn, const std::string& name, Lane& lane, std::uint64_t queued_ms, proto::ForwardItem item);
  /// The lane of a mailbox; made when there is none.
  Lane& lane_of(Turn& turn, const std::string& domain, const MailboxId& mailbox);
  bool has_lane(const std::string& domain, const MailboxId& mailbox) const;
  /// Mailboxes of a domain that can get a lane beside those that have one.
  std::size_t places_aside(const std::string& domain) const;
  /// Whether one more item can wait for this mailbox alone: a few of them cannot take what all have, and a small part
  /// is each one's own. `places`: see above.
  bool has_room_aside(const Lane& lane, const MailboxId& mailbox, std::size_t places) const;
  struct Aside {
    std::size_t copies = 0;  ///< put into lanes, some dozens at most
    std::size_t lost = 0;    ///< recipients for whom there was no room: they never get it
    bool is_all = true;      ///< whether none of `who` is left in it
    bool anybody = false;    ///< whether anybody is
  };
  /// Takes those recipients out of an item of a domain's lane, and puts it into theirs.
  Aside set_aside(Turn& turn, Lane& lane, const Row& row, OutgoingRow& waiting, const std::set<MailboxId>& who);
  static void note_lost(Turn& turn, std::uint64_t lost);
  /// The oldest item was not taken for want of room in some of these: it waits for each of them by itself. Whether that
  /// is so, and the others can go on.
  bool step_aside(Turn& turn, Lane& lane, const std::vector<MailboxId>& full);
  void count(Lane& lane, std::uint64_t bytes_more, std::uint64_t bytes_less);
  /// Calls that there are; and whom they let make one beside them.
  struct UnderWay {
    std::set<std::string, std::less<>> of_one;  ///< domains of which a mailbox's lane has one
    std::size_t strangers = 0;

    void add(const Lane& lane) {
      if (lane.is_of_one()) of_one.insert(lane.domain);
      if (lane.is_strange()) ++strangers;
    }
    bool lets(const Lane& lane) const {
      return lane.is_of_one() ? !of_one.contains(lane.domain) : !lane.is_strange() || strangers < kStrangersAtOnce;
    }
  };
  UnderWay under_way() const;
  void failed(Turn& turn, Lane& lane, std::uint64_t at_least_ms) const;
  /// Of those that an answer names as full the ones that the batch under way was for; the others are not believed.
  static std::vector<MailboxId> asked_about(const StoreView& rows, const std::string& name, const Lane& lane,
                                            const std::vector<MailboxId>& full);
  static void note_full(Turn& turn, const std::string& domain, const std::vector<MailboxId>& full);
  void taken(Turn& turn, const std::string& name, Lane& lane, const proto::ForwardAnswer& answer);
  void refused(Turn& turn, const std::string& name, Lane& lane, const proto::CallReply& reply);
  /// The other side has heard of later items: this store was put back, or somebody else spoke in our name. They count
  /// from anew.
  static void begin_anew(Turn& turn, const std::string& name, Lane& lane, std::uint64_t their_queue);
  /// Erases items up to `sequence`.
  void drop(Turn& turn, const std::string& name, Lane& lane, const Row& row);
  void drop_up_to(Turn& turn, const std::string& name, Lane& lane, std::uint64_t sequence);
  /// Whether a domain that has no queue may get one beside `more` others.
  bool has_place(std::size_t more) const;
  /// Forgets queues that have been empty for long, and while there are too many that which was so the longest.
  void forget_idle(Turn& turn);
  /// Those that waited too long, some hundred at most.
  void drop_expired(Turn& turn, const std::string& name, Lane& lane);

  const RelayConfig& config_;
  std::uint64_t& next_call_;
  const Neighbours& neighbours_;
  std::map<std::string, Lane, std::less<>> lanes_;  ///< by name, "DOMAIN" or "DOMAIN/HEX"
};

}  // namespace cairn::relay
