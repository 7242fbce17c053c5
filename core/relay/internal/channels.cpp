#include "core/relay/internal/channels.h"

#include <set>

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/directory/name.h"
#include "core/proto/labels.h"
#include "core/relay/internal/key_packages.h"
#include "core/relay/internal/refusals.h"

namespace cairn::relay {
namespace {

using proto::Address;
using proto::EnvelopeKind;

constexpr const char* kNoChannel = "There is no such channel here.";
constexpr const char* kFullMailbox =
    "A mailbox of this conversation is full; send again when its device has been on line, or remove that device.";
constexpr int kConflict = 409;

Result<ChannelRow> load_channel(const StoreView& rows, const ChannelId& channel) {
  auto row = TRY(load<ChannelRow>(rows, table::kChannels, channel));
  REQUIRE(row, ErrorCode::not_found, kNoChannel);
  return std::move(*row);
}

/// Of a channel's recipients those of this domain, and the others; both sorted.
struct Recipients {
  std::vector<MailboxId> own;
  std::vector<Address> others;

  bool contains(const Address& address, std::string_view domain) const {
    return address.domain == domain ? std::ranges::binary_search(own, address.mailbox)
                                    : std::ranges::binary_search(others, address);
  }
};

/// Behind the mailboxes of a row of kRecipients: there are others, in kForeignRecipients.
constexpr std::uint8_t kAndOthers = 1;

void save_recipients(Turn& turn, const ChannelId& channel, std::uint64_t epoch, const Recipients& recipients) {
  Bytes value;
  value.reserve(recipients.own.size() * MailboxId::kSize + 1);
  for (const MailboxId& mailbox : recipients.own) append(value, mailbox);
  if (!recipients.others.empty()) {
    value.push_back(kAndOthers);
    wire::Writer w;
    for (const Address& address : recipients.others) address.write(w);
    turn.rows.put(table::kForeignRecipients, numbered_key(channel, epoch), w.take());
  }
  turn.rows.put(table::kRecipients, numbered_key(channel, epoch), std::move(value));
}

void erase_recipients(Turn& turn, ByteView channel, std::uint64_t epoch) {
  Bytes key = numbered_key(channel, epoch);
  const auto row = turn.rows.get(table::kRecipients, key);
  if (row && row->size() % MailboxId::kSize != 0) turn.rows.erase(table::kForeignRecipients, key);
  turn.rows.erase(table::kRecipients, std::move(key));
}

Result<Recipients> load_recipients(const StoreView& rows, const ChannelId& channel, std::uint64_t epoch) {
  constexpr const char* kMissing = "a channel's recipients are missing";
  const Bytes key = numbered_key(channel, epoch);
  const std::optional<Bytes> value = rows.get(table::kRecipients, key);
  REQUIRE(value, ErrorCode::internal, kMissing);
  const std::size_t tail = value->size() % MailboxId::kSize;
  REQUIRE(tail == 0 || (tail == 1 && value->back() == kAndOthers), ErrorCode::internal, kMissing);
  Recipients out;
  out.own.reserve(value->size() / MailboxId::kSize);
  for (ByteView rest = ByteView(*value).first(value->size() - tail); !rest.empty();
       rest = rest.subspan(MailboxId::kSize)) {
    out.own.push_back(TRY(MailboxId::from(rest.first(MailboxId::kSize))));
  }
  if (tail == 0) return out;
  const std::optional<Bytes> others = rows.get(table::kForeignRecipients, key);
  REQUIRE(others, ErrorCode::internal, kMissing);
  for (wire::Reader r(*others); !r.done();) out.others.push_back(TRY(Address::read(r)));
  return out;
}

/// Sorted, as they come.
Recipients split(std::span<const Address> addresses, std::string_view domain) {
  Recipients out;
  for (const Address& address : addresses) {
    if (address.domain == domain) {
      out.own.push_back(address.mailbox);
    } else {
      out.others.push_back(address);
    }
  }
  return out;
}

std::map<std::string, std::vector<MailboxId>> by_domain(std::span<const Address> sorted) {
  std::map<std::string, std::vector<MailboxId>> out;
  for (const Address& address : sorted) out[address.domain].push_back(address.mailbox);
  return out;
}

/// The bytes of a commit that won are told to who lost for so long. They came to the mailboxes of all recipients; what
/// is kept beside counts in nobody's quota.
constexpr std::uint64_t kWinnerKeptMs = kHourMs;

/// For a commit whose epoch is not the channel's: what happened instead. The winner's bytes go only to who could have
/// won; of its own commit everybody learns for good that it did.
Result<Answer> tell_winner(const Turn& turn, const ChannelRow& row, const proto::ChannelCommit& request) {
  proto::CommitAnswer answer{row.epoch, {}};
  const bool is_of_last = request.epoch + 1 == row.epoch;
  const bool has_won = is_of_last && row.winner == crypto::sha256(request.commit);
  if (has_won || (is_of_last && row.last_commit != 0)) {
    TRY(crypto::verify_labelled(row.previous_write_key, crypto::kSignChannelCommit, request.content(),
                                request.signature));
  }
  if (has_won) {
    answer.winning_commit = request.commit;
  } else if (is_of_last && row.last_commit != 0) {
    const auto body = TRY(load<BodyRow>(turn.rows, table::kBodies, u64_key(row.last_commit)));
    REQUIRE(body, ErrorCode::internal, "a winning commit is missing from the store");
    answer.winning_commit = body->body;
  }
  return Answer{kConflict, wire::encode(answer), {}};
}

/// The commit that began this epoch, and whom the epoch before it was for.
void forget_winner(Turn& turn, const ChannelId& channel, ChannelRow& row) {
  Mailboxes::release(turn, std::exchange(row.last_commit, 0));
  erase_recipients(turn, channel, row.epoch - 1);
}

/// Who is in `next` must be in `before` or welcomed, and who is welcomed must be in `next`, once.
Status check_membership(const Recipients& before, const proto::ChannelCommit& request, std::string_view domain) {
  const std::vector<Address>& next = request.next_recipients;
  REQUIRE(!next.empty(), ErrorCode::malformed, "A channel needs at least one recipient.");
  std::vector<Address> welcomed;
  for (const proto::WelcomeFor& welcome : request.welcomes) welcomed.push_back(welcome.to);
  std::ranges::sort(welcomed);
  REQUIRE(std::ranges::adjacent_find(welcomed) == welcomed.end(), ErrorCode::malformed,
          "A commit welcomes a mailbox at most once.");
  for (const Address& address : welcomed) {
    REQUIRE(std::ranges::binary_search(next, address), ErrorCode::malformed,
            "A welcome goes to a recipient of the next epoch only.");
  }
  for (const Address& address : next) {
    REQUIRE(before.contains(address, domain) || std::ranges::binary_search(welcomed, address),
            ErrorCode::not_authorised, "A new recipient needs a welcome and a join token of its device.");
  }
  return ok();
}

/// Of mailboxes of this domain; another one's are used where they were handed out.
Status use_join_tokens(Turn& turn, const proto::ChannelCommit& request, std::string_view domain) {
  for (const proto::WelcomeFor& welcome : request.welcomes) {
    if (welcome.to.domain != domain) continue;
    const auto mailbox = TRY(load<MailboxRow>(turn.rows, table::kMailboxes, welcome.to.mailbox));
    const bool good = mailbox && TRY(use_join_token(turn, mailbox->device, welcome.join_token));
    REQUIRE(good, ErrorCode::not_authorised,
            "A join token is not good any more; fetch a new key package of that device and commit again.");
  }
  return ok();
}

/// A mailbox that is full stops a commit unless it leaves by it.
Status check_room(Mailboxes& mailboxes, const Turn& turn, std::span<const MailboxId> before,
                  std::span<const MailboxId> next) {
  std::vector<MailboxId> all(before.begin(), before.end());
  all.insert(all.end(), next.begin(), next.end());
  TRY(mailboxes.prepare(turn.rows, all));
  for (const MailboxId& mailbox : next) {
    REQUIRE(!mailboxes.full(mailbox), ErrorCode::over_limit, kFullMailbox);
  }
  return ok();
}

/// The key that writes in `epoch` now.
Result<PublicKey> key_of_epoch(const Turn& turn, const ChannelRow& row, std::uint64_t epoch) {
  if (epoch == row.epoch) return row.write_key;
  const bool previous = row.last_commit != 0 && epoch + 1 == row.epoch && turn.now.ms < row.previous_until_ms;
  REQUIRE(previous, ErrorCode::wrong_epoch, "The conversation has moved on; take its newer epoch in and send again.");
  return row.previous_write_key;
}

/// What one commit may name, all in all.
constexpr std::uint64_t kMostNamed = 2 * proto::kMaxHandshakeBlob;

/// Who pays for what a channel's members put.
Result<std::string> creator_of(const StoreView& rows, const ChannelRow& row) {
  const auto name = rows.get(table::kDevices, row.creator);
  REQUIRE(name, ErrorCode::internal, "a channel's creator is not known");
  return as_text(*name);
}

/// What a commit and its welcomes lie in must be there, and is kept until nobody waits for it.
Status hold_blobs(const Blobs& blobs, Turn& turn, const ChannelRow& row, const proto::ChannelCommit& request,
                  Blobs::Wait wait) {
  std::set<Bytes, BytesLess> seen;
  std::vector<proto::BlobRef> named;
  std::uint64_t size = 0;
  const auto note = [&](proto::Carriage carriage, const Bytes& body) -> Status {
    if (carriage == proto::Carriage::inside || !seen.insert(body).second) return ok();
    named.push_back(TRY(wire::decode<proto::BlobRef>(body)));
    size += named.back().size;
    return ok();
  };
  TRY(note(request.carriage, request.commit));
  for (const proto::WelcomeFor& welcome : request.welcomes) TRY(note(welcome.carriage, welcome.welcome));
  REQUIRE(size <= kMostNamed, ErrorCode::malformed, "The blobs of one commit are larger than a commit and a welcome.");
  if (named.empty()) return ok();
  const std::string creator = TRY(creator_of(turn.rows, row));
  for (const proto::BlobRef& ref : named) TRY(blobs.hold(turn, creator, ref, wait));
  return ok();
}

/// Draws on the channel's bucket, after the signature: a stranger cannot empty it. What goes to many costs more.
Status draw(RateLimiter& limiter, Turn& turn, const ChannelId& channel, std::size_t recipients) {
  constexpr std::size_t kRecipientsAToken = 64;
  const auto tokens = static_cast<std::uint32_t>(1 + recipients / kRecipientsAToken);
  const std::uint32_t wait_s = limiter.take(channel, turn.now, tokens);
  if (wait_s == 0) return ok();
  turn.retry_after_s = wait_s;
  return fail(ErrorCode::rate_limited, "This conversation sends too fast; wait a moment and send again.");
}

/// Whether something can be queued for all of these: `over_limit` when a mailbox is full, and what Forwarder says.
Status check_open(const Channels& by, Turn& turn, const Recipients& to, EnvelopeKind kind) {
  TRY(by.mailboxes.prepare(turn.rows, to.own));
  for (const MailboxId& mailbox : to.own) {
    REQUIRE(!by.mailboxes.full(mailbox), ErrorCode::over_limit, kFullMailbox);
  }
  return by.forwarder.check(turn, to.others, kind);
}

/// The same envelope for all of these, here and at other domains. Cannot fail.
void bring(const Channels& by, Turn& turn, const BodyRow& what, const Recipients& to) {
  by.mailboxes.deliver(turn, what, to.own);
  for (auto& [elsewhere, mailboxes] : by_domain(to.others)) {
    by.forwarder.queue(turn, elsewhere, mailboxes,
                       {0, what.kind, what.channel, what.epoch, what.body, {}, false, {}, {}});
  }
}

EnvelopeKind kind_of(proto::Carriage carriage, EnvelopeKind inside, EnvelopeKind blob) {
  return carriage == proto::Carriage::blob ? blob : inside;
}

}  // namespace

/// Who gets a commit, once it is known to be allowed: the recipients of the epoch that ends, and of the next one.
struct Channels::Admitted {
  Recipients before;
  Recipients next;
};

Result<Answer> Channels::create(Turn& turn, const LoggedIn& who, const proto::ChannelCreate& request) {
  REQUIRE(request.mailbox == who.mailbox, ErrorCode::not_authorised,
          "A channel begins with the mailbox of the device that creates it.");
  // Leaves room for every epoch to come.
  REQUIRE(request.epoch < (std::uint64_t{1} << 62), ErrorCode::over_limit, "This epoch is too large.");
  if (const auto row = TRY(load<ChannelRow>(turn.rows, table::kChannels, request.channel))) {
    const bool same = row->epoch == request.epoch && row->creator == who.device && row->write_key == request.write_key;
    REQUIRE(same, ErrorCode::conflict, "This channel id is taken; choose another one.");
    return Answer{};
  }
  ChannelRow row;
  row.epoch = request.epoch;
  row.creator = who.device;
  row.write_key = request.write_key;
  save(turn.rows, table::kChannels, to_bytes(request.channel), row);
  save_recipients(turn, request.channel, request.epoch, {{request.mailbox}, {}});
  save(turn.rows, table::kDueChannels, to_bytes(request.channel), NumberRow{after(turn.now, unused_ms).ms});
  return Answer{};
}

void Channels::queue_welcomes(Turn& turn, const std::string& who, const proto::ChannelCommit& request,
                              std::uint64_t next) {
  for (const proto::WelcomeFor& welcome : request.welcomes) {
    const EnvelopeKind kind = kind_of(welcome.carriage, EnvelopeKind::welcome, EnvelopeKind::welcome_blob);
    if (welcome.to.domain == domain) {
      mailboxes.deliver(turn, {kind, request.channel, next, turn.now.ms, welcome.welcome}, {&welcome.to.mailbox, 1});
      continue;
    }
    proto::ForwardItem item{0, kind, request.channel, next, welcome.welcome, {}, false, who, welcome.join_token};
    forwarder.queue(turn, welcome.to.domain, {welcome.to.mailbox}, std::move(item));
  }
}

std::uint64_t Channels::queue_commit(Turn& turn, const Admitted& parties, const proto::ChannelCommit& request) {
  const EnvelopeKind kind = kind_of(request.carriage, EnvelopeKind::commit, EnvelopeKind::commit_blob);
  for (const auto& [elsewhere, all] : by_domain(parties.before.others)) {
    std::vector<MailboxId> staying, leaving;
    for (const MailboxId& mailbox : all) {
      const bool stays = parties.next.contains({elsewhere, mailbox}, domain);
      (stays ? staying : leaving).push_back(mailbox);
    }
    proto::ForwardItem item{0, kind, request.channel, request.epoch, request.commit, {}, false, {}, {}};
    forwarder.queue(turn, elsewhere, std::move(staying), item);
    item.leaving = true;
    forwarder.queue(turn, elsewhere, std::move(leaving), std::move(item));
  }
  return mailboxes.deliver(turn, {kind, request.channel, request.epoch, turn.now.ms, request.commit},
                           parties.before.own, Mailboxes::Keep::yes);
}

Result<Answer> Channels::commit(Turn& turn, const std::optional<std::string>& who,
                                const proto::ChannelCommit& request) {
  CHECK(who || request.welcomes.empty());
  ChannelRow row = TRY(load_channel(turn.rows, request.channel));
  if (request.epoch != row.epoch) return tell_winner(turn, row, request);
  TRY(crypto::verify_labelled(row.write_key, crypto::kSignChannelCommit, request.content(), request.signature));
  Admitted parties {
    TRY(load_recipients(turn.rows, request.channel, row.epoch))
    , split(request.next_recipients, domain)
  };
  // A queue's rows begin with its domain's name: one that is none would stand among those of another.
  for (const Address& address : parties.next.others) TRY(directory::check_domain(address.domain));
  TRY(draw(limiter, turn, request.channel, parties.before.own.size() + parties.before.others.size()));
  TRY(forwarder.check(turn, parties.next.others, EnvelopeKind::commit));
  TRY(check_membership(parties.before, request, domain));
  std::vector<MailboxId> welcomed;
  for (const proto::WelcomeFor& welcome : request.welcomes) {
    if (welcome.to.domain == domain) welcomed.push_back(welcome.to.mailbox);
  }
  if (who) TRY(check_not_refused(turn.rows, *who, welcomed));
  TRY(check_room(mailboxes, turn, parties.before.own, parties.next.own));
  const bool is_here = parties.before.others.empty() && parties.next.others.empty();
  TRY(hold_blobs(blobs, turn, row, request, is_here ? Blobs::Wait::here : Blobs::Wait::here_and_elsewhere));
  TRY(use_join_tokens(turn, request, domain));

  // From here on nothing fails. A welcome is queued before the commit, and both before any message of the new epoch.
  if (who) queue_welcomes(turn, *who, request, row.epoch + 1);
  const std::uint64_t body = queue_commit(turn, parties, request);
  if (row.last_commit != 0) forget_winner(turn, request.channel, row);
  save(turn.rows, table::kDueChannels, to_bytes(request.channel), NumberRow{after(turn.now, kWinnerKeptMs).ms});
  row.previous_write_key = row.write_key;
  row.previous_until_ms = request.revoke == proto::Revoke::yes ? 0 : after(turn.now, proto::kPreviousWriteKeyMs).ms;
  row.write_key = request.next_write_key;
  row.epoch += 1;
  row.last_commit = body;
  row.winner = crypto::sha256(request.commit);
  save(turn.rows, table::kChannels, to_bytes(request.channel), row);
  save_recipients(turn, request.channel, row.epoch, parties.next);
  return Answer{200, wire::encode(proto::CommitAnswer{row.epoch, {}}), {}};
}

Result<Answer> Channels::send(Turn& turn, const proto::ChannelSend& request) {
  const ChannelRow row = TRY(load_channel(turn.rows, request.channel));
  const PublicKey key = TRY(key_of_epoch(turn, row, request.epoch));
  TRY(crypto::verify_labelled(key, crypto::kSignChannelSend, request.content(), request.signature));
  const auto recipients = TRY(load_recipients(turn.rows, request.channel, request.epoch));
  TRY(draw(limiter, turn, request.channel, recipients.own.size() + recipients.others.size()));
  TRY(check_open(*this, turn, recipients, EnvelopeKind::message));
  if (row.last_commit == 0) turn.rows.erase(table::kDueChannels, to_bytes(request.channel));
  bring(*this, turn, {EnvelopeKind::message, request.channel, request.epoch, turn.now.ms, request.ciphertext},
        recipients);
  return Answer{};
}

Result<Answer> Channels::signal(Turn& turn, RateLimiter& signals, const proto::ChannelSignal& request) {
  const ChannelRow row = TRY(load_channel(turn.rows, request.channel));
  // What is of a former epoch is too late to mean anything.
  REQUIRE(request.epoch == row.epoch, ErrorCode::wrong_epoch, "The conversation has moved on.");
  TRY(crypto::verify_labelled(row.write_key, proto::kSignChannelSignal, request.content(), request.signature));
  const auto recipients = TRY(load_recipients(turn.rows, request.channel, request.epoch));
  TRY(draw(signals, turn, request.channel, recipients.own.size()));
  const proto::SignalPush push{std::string(domain), request.channel, request.epoch, request.ciphertext};
  // Those at other domains are told nothing: what goes there is queued.
  mailboxes.push_signal(turn, wire::encode(push), recipients.own);
  return Answer{};
}

Status Channels::check_recipient(const Turn& turn, const Address& who, const ChannelId& channel) const {
  const ChannelRow row = TRY(load_channel(turn.rows, channel));
  REQUIRE(TRY(load_recipients(turn.rows, channel, row.epoch)).contains(who, domain), ErrorCode::not_authorised,
          "This device is not in that conversation any more; ask somebody in it to add you again.");
  return ok();
}

Result<Answer> Channels::rejoin(Turn& turn, const Address& who, const proto::ChannelRejoin& request) {
  TRY(check_recipient(turn, who, request.channel));
  const ChannelRow row = TRY(load_channel(turn.rows, request.channel));
  Recipients to = TRY(load_recipients(turn.rows, request.channel, row.epoch));
  TRY(draw(limiter, turn, request.channel, to.own.size() + to.others.size()));
  TRY(mailboxes.prepare(turn.rows, to.own));
  if (who.domain == domain) {
    std::erase(to.own, who.mailbox);
  } else {
    std::erase(to.others, who);
  }
  // None of the mailboxes means that nobody else is there, and nothing else does: a group is given up for it.
  const bool is_alone = to.own.empty() && to.others.empty();
  std::erase_if(to.own, [&](const MailboxId& it) { return mailboxes.full(it); });
  to.others = forwarder.reachable(turn, to.others, EnvelopeKind::rejoin);
  const std::size_t count = to.own.size() + to.others.size();
  REQUIRE(
      is_alone || count != 0, ErrorCode::over_limit,
      "All who could let this device in again have full mailboxes, or servers that take nothing; it asks again later.");
  bring(*this, turn, {EnvelopeKind::rejoin, request.channel, row.epoch, turn.now.ms, request.request}, to);
  return Answer{200, wire::encode(proto::RejoinAsked{static_cast<std::uint32_t>(count)}), {}};
}

Result<Answer> Channels::answer_rejoin(Turn& turn, const proto::ChannelRejoinAnswer& request) {
  const ChannelRow row = TRY(load_channel(turn.rows, request.channel));
  // What tells of a former epoch lets nobody in.
  REQUIRE(request.epoch == row.epoch, ErrorCode::wrong_epoch,
          "The conversation has moved on; take its newer epoch in and answer again.");
  TRY(crypto::verify_labelled(row.write_key, crypto::kSignRejoinAnswer, request.content(), request.signature));
  const Recipients recipients = TRY(load_recipients(turn.rows, request.channel, row.epoch));
  REQUIRE(recipients.contains(request.to, domain), ErrorCode::not_authorised,
          "An answer goes to a device of the conversation only.");
  const Recipients to = split({&request.to, 1}, domain);
  TRY(draw(limiter, turn, request.channel, 0));
  TRY(check_open(*this, turn, to, EnvelopeKind::rejoin_answer));
  bring(*this, turn, {EnvelopeKind::rejoin_answer, request.channel, row.epoch, turn.now.ms, request.answer}, to);
  return Answer{};
}

void look_at_channel(Turn& turn, const ChannelId& channel) {
  auto row = load<ChannelRow>(turn.rows, table::kChannels, channel);
  turn.rows.erase(table::kDueChannels, to_bytes(channel));
  if (!row || !*row) return;
  if ((*row)->last_commit == 0) {
    erase_recipients(turn, channel, (*row)->epoch);
    turn.rows.erase(table::kChannels, to_bytes(channel));
    return;
  }
  forget_winner(turn, channel, **row);
  save(turn.rows, table::kChannels, to_bytes(channel), **row);
}

Result<std::string> Channels::payer_of_blob(Turn& turn, const proto::BlobPut& request) {
  const proto::BlobWriter& writer = *request.writer;
  const ChannelRow row = TRY(load_channel(turn.rows, writer.channel));
  const PublicKey key = TRY(key_of_epoch(turn, row, writer.epoch));
  const Bytes content = request.content_of_channel(crypto::sha256(request.data));
  TRY(crypto::verify_labelled(key, crypto::kSignBlobOfChannel, content, writer.signature));
  TRY(draw(limiter, turn, writer.channel, 0));
  REQUIRE(request.size <= proto::kMaxHandshakeBlob, ErrorCode::over_limit,
          "So large a blob is put with a login, on one's own account.");
  return creator_of(turn.rows, row);
}

}  // namespace cairn::relay
