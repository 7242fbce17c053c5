#include "core/client/rejoin.h"

#include "core/client/conversations.h"
#include "core/client/day.h"
#include "core/client/history_records.h"
#include "core/client/key_packages.h"
#include "core/client/labels.h"
#include "core/client/own_echoes.h"
#include "core/client/pairs.h"
#include "core/client/tables.h"
#include "core/crypto/hpke.h"
#include "core/mls/suite.h"
#include "core/proto/rejoin.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMostConversations = 100'000;
constexpr std::uint64_t kEvictionShownMs = 30 * kDayMs;
/// How long after a gap pairs that are new here say that there was one.
constexpr std::uint64_t kGapToldMs = 90 * kDayMs;
/// Channels that are no conversation here and into which this device asks to be let in.
constexpr std::size_t kMaxUnknownChannels = 256;
/// How long it is remembered that such a one was given up.
constexpr std::uint64_t kGivenUpMs = 30 * kDayMs;
constexpr std::size_t kMaxReference = 64;
constexpr std::size_t kMaxKemOutput = 4096;
constexpr std::size_t kMaxStoredState = std::size_t{16} << 20;

Bytes answer_info(const ChannelId& channel, const mls::KeyPackageRef& reference) {
  wire::Writer w;
  w.raw(as_bytes(kSealRejoinAnswer));
  w.u8(0);
  w.raw(channel);
  w.raw(reference.view());
  return w.take();
}

const crypto::HpkeSuite& hpke_suite() { return mls::cipher_suite(mls::kDefaultSuite).hpke; }

/// Whether one more channel that is no conversation here can be asked about. When there are kMaxUnknownChannels, that
/// which was given up first is forgotten; those that are still asked about stay, whoever makes up others.
bool has_room_for_unknown(Context& context) {
  std::size_t count = 0;
  std::uint64_t first_ms = 0;
  std::optional<ChannelId> first;
  for (const Row& row : context.store.scan(tables::kRejoins, {}, {}, kMostConversations)) {
    if (context.store.get(tables::kConversations, row.key)) continue;
    ++count;
    const auto rejoin = wire::decode<Rejoin>(row.value);
    const std::uint64_t since_ms = rejoin ? rejoin->since_ms : 0;
    const bool is_over = !rejoin || rejoin->given_up;
    if (!is_over || (first && since_ms >= first_ms)) continue;
    first = *ChannelId::from(row.key);
    first_ms = since_ms;
  }
  if (count < kMaxUnknownChannels) return true;
  if (!first) return false;
  erase_rejoin(context, *first);
  return true;
}

}  // namespace

Bytes RejoinRequest::content() const {
  wire::Writer w;
  w.raw(channel);
  w.opaque(name);
  w.raw(device);
  w.opaque(key_package);
  return w.take();
}

void RejoinRequest::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}

Result<RejoinRequest> RejoinRequest::read(wire::Reader& r) {
  RejoinRequest out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.name = TRY(r.opaque_text(proto::kMaxNameSize));
  out.device = TRY(r.fixed<DeviceId>());
  out.key_package = TRY(r.opaque_bytes(proto::kMaxKeyPackageSize));
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void RejoinAnswer::write(wire::Writer& w) const {
  w.opaque(reference);
  w.opaque(kem_output);
  w.opaque(ciphertext);
  CHECK(ciphertext.empty() == large.has_value());
  if (large) large->write(w);
}

Result<RejoinAnswer> RejoinAnswer::read(wire::Reader& r) {
  RejoinAnswer out;
  out.reference = TRY(r.opaque_bytes(kMaxReference));
  out.kem_output = TRY(r.opaque_bytes(kMaxKemOutput));
  out.ciphertext = TRY(r.opaque_bytes(proto::kMaxHandshakeBlob));
  if (out.ciphertext.empty()) out.large = TRY(proto::BlobRef::read(r));
  return out;
}

Result<RejoinAnswer> seal_answer(const ChannelId& channel, const mls::KeyPackage& package, const LetIn& content,
                                 Entropy& entropy) {
  const mls::KeyPackageRef reference = TRY(package.reference());
  wire::Writer plaintext(wire::Sensitivity::is_secret);
  plaintext.opaque(content.group_info);
  plaintext.raw(content.write_key.expose());
  auto sealed = TRY(crypto::hpke_seal(hpke_suite(), package.init_key, answer_info(channel, reference), {},
                                      plaintext.take_secret().expose(), entropy));
  return RejoinAnswer{to_bytes(reference.view()), std::move(sealed.kem_output), std::move(sealed.ciphertext), {}};
}

Result<LetIn> open_answer(const ChannelId& channel, const mls::PrivateKeyPackage& package, const RejoinAnswer& answer) {
  REQUIRE(equal(answer.reference, package.reference().view()), ErrorCode::crypto_failed,
          "answer to another key package");
  const SecretBytes plaintext =
      TRY(crypto::hpke_open(hpke_suite(), package.init_key(), {answer.kem_output, answer.ciphertext},
                            answer_info(channel, package.reference()), {}));
  wire::Reader r(plaintext.expose());
  LetIn out;
  out.group_info = TRY(r.opaque_bytes(proto::kMaxHandshakeBlob));
  const ByteView seed = TRY(r.raw(crypto::Ed25519Seed::kSize));
  out.write_key = TRY(crypto::Ed25519Seed::from(seed));
  TRY(r.finish());
  return out;
}

void Rejoin::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>((doubt ? 1 : 0) | (needed ? 2 : 0) | (given_up ? 4 : 0)));
  w.opaque(domain);
  w.u64(since_ms);
  w.u64(known_epoch);
  w.u64(ask_at_ms);
  w.u32(asked);
  w.opaque(key_package.expose());
  w.opaque(commit);
  w.opaque(group.expose());
  w.opaque(let_in_by);
  if (large.empty()) return;
  w.opaque(large);
  w.opaque(write_key.expose());
}

void Rejoin::begin_anew() {
  key_package = {};
  commit.clear();
  large.clear();
  write_key = {};
  group = {};
  let_in_by.clear();
}

Result<Rejoin> Rejoin::read(wire::Reader& r) {
  Rejoin out;
  const std::uint8_t flags = TRY(r.u8());
  REQUIRE(flags < 8, ErrorCode::malformed, "flags of a rejoin");
  out.doubt = (flags & 1) != 0;
  out.needed = (flags & 2) != 0;
  out.given_up = (flags & 4) != 0;
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  out.since_ms = TRY(r.u64());
  out.known_epoch = TRY(r.u64());
  out.ask_at_ms = TRY(r.u64());
  out.asked = TRY(r.u32());
  out.key_package = SecretBytes(TRY(r.opaque_bytes(kMaxStoredState)));
  out.commit = TRY(r.opaque_bytes(kMaxStoredState));
  out.group = SecretBytes(TRY(r.opaque_bytes(kMaxStoredState)));
  out.let_in_by = TRY(r.opaque_text(proto::kMaxNameSize));
  if (r.done()) return out;
  out.large = TRY(r.opaque_bytes(proto::kMaxHandshakeBlob));
  REQUIRE(!out.large.empty(), ErrorCode::malformed, "an empty commit");
  out.write_key = SecretBytes(TRY(r.opaque_bytes(crypto::Ed25519Seed::kSize)));
  return out;
}

void AskedRejoin::write(wire::Writer& w) const {
  request.write(w);
  w.u64(answer_at_ms);
}

Result<AskedRejoin> AskedRejoin::read(wire::Reader& r) {
  AskedRejoin out;
  out.request = TRY(RejoinRequest::read(r));
  out.answer_at_ms = TRY(r.u64());
  return out;
}

void AnsweredRejoin::write(wire::Writer& w) const {
  w.u64(answered_ms);
  w.u64(until_ms);
}

Result<AnsweredRejoin> AnsweredRejoin::read(wire::Reader& r) {
  AnsweredRejoin out;
  out.answered_ms = TRY(r.u64());
  out.until_ms = TRY(r.u64());
  return out;
}

std::optional<Rejoin> load_rejoin(const StoreView& store, const ChannelId& channel) {
  const auto row = store.get(tables::kRejoins, channel);
  if (!row) return std::nullopt;
  auto rejoin = wire::decode<Rejoin>(*row);
  if (!rejoin) return std::nullopt;
  return std::move(*rejoin);
}

void save_rejoin(Context& context, const ChannelId& channel, const Rejoin& rejoin) {
  context.store.put(tables::kRejoins, to_bytes(channel.view()), wire::encode(rejoin));
}

void erase_rejoin(Context& context, const ChannelId& channel) {
  context.store.erase(tables::kRejoins, to_bytes(channel.view()));
  for (const Row& row : context.store.scan_prefix(tables::kRejoinAnswers, channel, ~std::size_t{0})) {
    context.store.erase(tables::kRejoinAnswers, row.key);
  }
}

std::string waits_to_rejoin() {
  return "This device cannot read what is new here. It has asked the others to let it in again, and goes on by itself "
         "as soon as one of their devices, or another one of yours, is on line.";
}

bool is_in_doubt(const StoreView& store, const ChannelId& channel) {
  const auto rejoin = load_rejoin(store, channel);
  return rejoin && rejoin->doubt;
}

bool needs_rejoin(const StoreView& store, const ChannelId& channel) {
  const auto rejoin = load_rejoin(store, channel);
  return rejoin && rejoin->needed;
}

// ---- a state with which this device cannot go on ----

void Conversations::mail_is_missing(Context& context) {
  context.note(proto::Event::Level::warning, "envelopes of the mailbox were missed");
  ++gaps_seen_;
  renew_key_packages(context, session_);
  std::set<ChannelId> homes;
  for (const Conversation& conversation : channels(context.store)) {
    // Over a channel of which nothing is known any more a pair may have gone on that cannot be written to here.
    if (!conversation.is_writable() && conversation.kind == ConversationKind::group) continue;
    homes.insert(home_of(context.store, conversation.channel));
    if (conversation.is_writable()) doubt(context, conversation.channel);
  }
  for (const ChannelId& home : homes) {
    notice(context, home,
           std::string(kGapWords) +
               ": what came while this device was away for too long, or after the copy that it was put back from, is "
               "gone.");
  }
}

// Who had it writes there, and then this device comes in again; or it never hears of that channel, for others follow
// the new one. A group has one channel only.
void Conversations::tell_of_gap_before(Context& context, const ChannelId& home, const std::optional<Time>& gap) {
  const auto conversation = find(context.store, home);
  if (!conversation || conversation->kind == ConversationKind::group || !gap) return;
  if (elapsed_ms(context.now, *gap) >= kGapToldMs) return;
  notice(context, home,
         std::string(kGapWords) + ": this device was away for too long until " + day_text(*gap) +
             ", or was put back from a copy then, and what had been said here before is gone.");
}

void Conversations::came_again(Context& context, const ChannelId& channel, const proto::Envelope& envelope) {
  take_awaited_echo(context, channel, envelope);
}

// Mostly a commit of this device's own was won by the answer, and the mailbox comes only long after that to what was
// taken before it. Which epoch that is of counts by the word of the channel's server: a member can write another into a
// message.
void Conversations::came_too_late(Context& context, const ChannelId& channel, const proto::Envelope& envelope) {
  if (take_awaited_echo(context, channel, envelope)) return;
  const mls::Group* state = group(context.store, channel);
  const bool is_former = state != nullptr && envelope.epoch < state->epoch();
  if (!is_former || envelope.kind != proto::EnvelopeKind::message) return;
  const ChannelId home = home_of(context.store, channel);
  const auto conversation = find(context.store, home);
  if (!conversation) return;
  const auto newest = message(context.store, home, conversation->next_message - 1);
  if (newest && is_gap(*newest)) return;
  notice(context, home,
         std::string(kGapWords) + ": some came when their keys were gone already; ask their senders to repeat them.");
}

void Conversations::doubt(Context& context, const ChannelId& channel) {
  auto conversation = find(context.store, channel);
  if (!conversation) return;
  Rejoin rejoin = load_rejoin(context.store, channel).value_or(Rejoin{});
  rejoin.doubt = true;
  rejoin.domain = conversation->domain;
  rejoin.begin_anew();
  save_rejoin(context, channel, rejoin);
  drop_pending(context, *conversation);
  due(channel);
}

void Conversations::cannot_go_on(Context& context, const ChannelId& channel, const std::string& domain, Time ask_at) {
  auto known = load_rejoin(context.store, channel);
  const bool is_new = !known;
  Rejoin rejoin = known ? std::move(*known) : Rejoin{};
  const bool was_given_up = rejoin.given_up && elapsed_ms(context.now, Time{rejoin.since_ms}) < kGivenUpMs;
  if (rejoin.needed || was_given_up) return;
  auto conversation = find(context.store, channel);
  if (!conversation && is_new && !has_room_for_unknown(context)) return;
  context.note(proto::Event::Level::warning, "a conversation cannot go on here by itself");
  rejoin.begin_anew();
  rejoin.needed = true;
  rejoin.given_up = false;
  rejoin.domain = domain;
  rejoin.since_ms = context.now.ms;
  rejoin.ask_at_ms = ask_at.ms;
  rejoin.asked = 0;
  const mls::Group* state = group(context.store, channel);
  rejoin.known_epoch = state != nullptr ? state->epoch() : 0;
  save_rejoin(context, channel, rejoin);
  due(channel);
  if (!conversation) return;
  conversation->trouble = waits_to_rejoin();
  drop_pending(context, *conversation);
}

void Conversations::drop_pending(Context& context, Conversation& conversation) {
  mls::Group* state = group(context.store, conversation.channel);
  if (state != nullptr && state->pending() != nullptr) {
    state->discard_pending();
    save_group(context, conversation.channel, *state);
  }
  conversation.join_tokens.clear();
  save(context, conversation);
}

std::map<ChannelId, Time> Conversations::evictions(const StoreView& store, Time now) {
  std::map<ChannelId, Time> out;
  for (const Row& row : store.scan(tables::kEvictions, {}, {}, kMostConversations)) {
    const auto when = wire::Reader(row.value).u64();
    const auto channel = ChannelId::from(row.key);
    if (when && channel && elapsed_ms(now, Time{*when}) < kEvictionShownMs) out.emplace(*channel, Time{*when});
  }
  return out;
}

}  // namespace cairn::client
