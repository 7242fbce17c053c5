#include "core/client/large_bodies.h"

#include <algorithm>

#include "core/client/domains.h"
#include "core/client/labels.h"
#include "core/client/pairs.h"
#include "core/client/settings.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/proto/storage.h"

namespace cairn::client {
namespace {

constexpr std::uint32_t kLargePartTimeoutMs = 120'000;
constexpr std::size_t kMostParts = (proto::kMaxHandshakeBlob + proto::kBlobPart - 1) / proto::kBlobPart;
/// What only saves asking again is forgotten beyond so many.
constexpr std::size_t kMostPutsRemembered = 256;

using PlaceSecret = Secret<struct LargePlaceTag, proto::BlobId::kSize + crypto::Ed25519Seed::kSize>;

PlaceSecret secret_of(const Account& account, const ChannelId& channel, ByteView body) {
  return crypto::kdf<PlaceSecret>(account.name_key_key.expose(), kDeriveLargeBody,
                                  concat({channel, crypto::sha256(body)}));
}

proto::BlobId blob_id_of(const PlaceSecret& secret) {
  const auto id = proto::BlobId::from(secret.expose().first(proto::BlobId::kSize));
  CHECK(id.has_value());
  return *id;
}

crypto::SigningKey owner_of(const PlaceSecret& secret) {
  auto seed = crypto::Ed25519Seed::from(secret.expose().subspan(proto::BlobId::kSize));
  CHECK(seed.has_value());
  return crypto::SigningKey::from_seed(std::move(*seed));
}

/// Of two channels that name one blob neither stands in the way of the other: who named it may lie.
Bytes body_key(const ChannelId& channel, const proto::BlobRef& ref) { return concat({channel, ref.blob}); }

Bytes large_part_key(ByteView body, std::uint64_t offset) {
  wire::Writer key;
  key.raw(body);
  key.u64(offset);
  return key.take();
}

Bytes parts_here(const StoreView& store, ByteView key) {
  Bytes out;
  for (const Row& part : store.scan_prefix(tables::kLargeParts, key, kMostParts)) append(out, part.value);
  return out;
}

void erase_large(Context& context, const Bytes& key) {
  for (const Row& part : context.store.scan_prefix(tables::kLargeParts, key, kMostParts)) {
    context.store.erase(tables::kLargeParts, part.key);
  }
  context.store.erase(tables::kLargeBodies, key);
}

std::uint64_t large_begun_ms(const Row& row) { return wire::Reader(row.value).u64().value_or(0); }

}  // namespace

Answer without_winner(const Answer& answer) {
  Answer out = answer;
  if (out.status == 409) out.error_body.clear();
  return out;
}

// ---- what this device puts ----

proto::BlobRef LargeBodies::place_of(const Account& account, const ChannelId& channel, ByteView body) {
  return {blob_id_of(secret_of(account, channel, body)), body.size(), crypto::sha256(body)};
}

bool LargeBodies::put(Context& context, const Account& account, const Place& place, const crypto::SigningKey& write_key,
                      ByteView body, Then then) {
  CHECK(!body.empty() && body.size() <= proto::kMaxHandshakeBlob);
  const PlaceSecret secret = secret_of(account, place.channel, body);
  const crypto::SigningKey owner = owner_of(secret);
  proto::BlobPut part;
  part.blob = blob_id_of(secret);
  const auto known = put_.find(part.blob);
  const std::uint64_t have = known == put_.end() ? 0 : known->second;
  if (have == body.size()) return true;
  part.owner_key = owner.public_key();
  part.size = body.size();
  part.offset = have;
  const std::size_t length = std::min<std::uint64_t>(proto::kBlobPart, body.size() - have);
  part.data = to_bytes(body.subspan(have, length));
  const Hash hash = crypto::sha256(part.data);
  part.signature = crypto::sign_labelled(owner, crypto::kSignBlobPut, part.content(hash));
  part.writer = proto::BlobWriter{place.channel, place.epoch, {}};
  part.writer->signature = crypto::sign_labelled(write_key, crypto::kSignBlobOfChannel, part.content_of_channel(hash));
  proto::Call call = call_to(context.store, account, place.domain, proto::kPathBlobPut);
  call.body = wire::encode(part);
  call.timeout_ms = kLargePartTimeoutMs;
  calls_.start(context, "put " + as_text(part.blob), std::move(call),
               [this, blob = part.blob, had = have, size = part.size, then = std::move(then)](Context& later,
                                                                                              const Answer& answer) {
                 if (!answer.body) return then(later, answer);
                 const auto said = wire::decode<proto::BlobPutAnswer>(*answer.body);
                 // A part must begin there, and it must go on.
                 const bool is_place = said && (said->have == size || proto::vault_part_size(size, said->have) > 0);
                 if (put_.size() >= kMostPutsRemembered) put_.clear();
                 if (is_place) put_.insert_or_assign(blob, said->have);
                 if (is_place && said->have > had) return then(later, answer);
                 then(later, {fail(ErrorCode::unavailable, "a part that was not taken"), 0, {}, {}});
               });
  return false;
}

void LargeBodies::take_back(Context& context, const Account& account, const ChannelId& channel, std::string_view domain,
                            ByteView body) {
  const PlaceSecret secret = secret_of(account, channel, body);
  proto::BlobDelete request{blob_id_of(secret), {}};
  request.signature = crypto::sign_labelled(owner_of(secret), crypto::kSignBlobDelete, request.content());
  put_.erase(request.blob);
  proto::Call call = call_to(context.store, account, domain, proto::kPathBlobDelete);
  call.body = wire::encode(request);
  calls_.start(context, "delete " + as_text(request.blob), std::move(call), [](Context&, const Answer&) {});
}

// ---- what comes ----

LargeBodies::Fetched LargeBodies::get(Context& context, const Account& account, const Place& place,
                                      const proto::BlobRef& ref, Then then) {
  const Bytes key = body_key(place.channel, ref);
  if (const auto end = ends_.find(key); end != ends_.end()) return {end->second};
  Bytes body = parts_here(context.store, key);
  if (body.size() >= ref.size) {
    const bool is_it = body.size() == ref.size && crypto::sha256(body) == ref.digest;
    if (is_it) return {State::whole, std::move(body)};
    return {State::bad};
  }
  const std::string call_name = "get " + as_text(key);
  if (calls_.under_way(call_name)) return {};
  if (!context.store.get(tables::kLargeBodies, key)) {
    const bool is_known = is_of_conversation(context.store, place.channel);
    if (const State may = is_known ? State::waits : may_begin(context.store, key); may != State::waits) return {may};
    if (!make_room(context, place.channel)) return {State::later};
    if (!is_known) ++begun_[key];
    wire::Writer row;
    row.u64(context.now.ms);
    context.store.put(tables::kLargeBodies, key, row.take());
  }
  const std::uint64_t length = std::min<std::uint64_t>(proto::kBlobPart, ref.size - body.size());
  const proto::BlobGet request{ref.blob, body.size(), static_cast<std::uint32_t>(length)};
  proto::Call call = call_to(context.store, account, place.domain, proto::kPathBlobGet);
  call.body = wire::encode(request);
  call.timeout_ms = kLargePartTimeoutMs;
  calls_.start(context, call_name, std::move(call),
               [this, key, ref, request, then = std::move(then)](Context& later, const Answer& answer) {
                 take_part(later, key, ref, request, answer);
                 then(later, answer);
               });
  return {};
}

void LargeBodies::take_part(Context& context, const Bytes& key, const proto::BlobRef& ref, const proto::BlobGet& asked,
                            const Answer& answer) {
  // Nobody waits for it any more, or others took its place; or there is no room just now.
  if (!context.store.get(tables::kLargeBodies, key) || context.store.full()) return;
  if (parts_here(context.store, key).size() != asked.offset) return;
  if (ends_.size() >= kMostPutsRemembered) ends_.clear();
  if (!answer.body) {
    const ErrorCode code = answer.body.error().code;
    if (code == ErrorCode::not_found || code == ErrorCode::over_limit) ends_.emplace(key, State::gone);
    return;
  }
  auto part = wire::decode<proto::BlobPart>(*answer.body);
  if (!part || part->size != ref.size || part->data.size() != asked.length) {
    const bool is_other = part && part->size != ref.size;
    ends_.emplace(key, is_other ? State::bad : State::gone);
    return;
  }
  context.store.put(tables::kLargeParts, large_part_key(key, asked.offset), std::move(part->data));
}

bool LargeBodies::is_of_conversation(const StoreView& store, const ChannelId& channel) {
  if (!store.get(tables::kConversations, channel)) return false;
  const ConversationSettings settings = settings_of(store, home_of(store, channel));
  return !settings.is_request && !settings.is_hidden;
}

// It was here, or a part of it was, and yielded: strangers do not keep a device fetching for ever. So no count is
// forgotten while the envelope waits.
LargeBodies::State LargeBodies::may_begin(const StoreView& store, const Bytes& key) {
  const auto begun = begun_.find(key);
  if (begun != begun_.end()) return begun->second >= kMostFetchesOfStrangers ? State::gone : State::waits;
  if (begun_.size() < kMostStrangersCounted) return State::waits;
  std::erase_if(begun_, [&](const auto& one) {
    return store.scan_prefix(tables::kInboxByChannel, ByteView(one.first).first(ChannelId::kSize), 1).empty();
  });
  return begun_.size() < kMostStrangersCounted ? State::waits : State::later;
}

// What strangers sent may wait for ever: it yields to its like alone. Whoever welcomed this device is a stranger until
// its owner has said yes.
bool LargeBodies::make_room(Context& context, const ChannelId& channel) {
  const bool is_known = is_of_conversation(context.store, channel);
  const std::size_t most = is_known ? kMostLargeBodies : kMostLargeOfStrangers;
  const auto rows = context.store.scan(tables::kLargeBodies, {}, {}, ~std::size_t{0});
  std::size_t here = 0;
  const Row* first = nullptr;
  for (const Row& row : rows) {
    const auto of = ChannelId::from(ByteView(row.key).first(ChannelId::kSize));
    if (is_of_conversation(context.store, *of) != is_known) continue;
    ++here;
    if (calls_.under_way("get " + as_text(row.key))) continue;
    if (first == nullptr || large_begun_ms(row) < large_begun_ms(*first)) first = &row;
  }
  if (here < most) return true;
  if (first == nullptr) return false;
  erase_large(context, first->key);
  return true;
}

void LargeBodies::forget(Context& context, const ChannelId& channel, const proto::BlobRef& ref) {
  const Bytes key = body_key(channel, ref);
  erase_large(context, key);
  ends_.erase(key);
  begun_.erase(key);
}

void LargeBodies::forget_all() {
  put_.clear();
  ends_.clear();
  begun_.clear();
}

}  // namespace cairn::client
