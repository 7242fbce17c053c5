#include "core/client/history_records.h"

#include <algorithm>

#include "core/base/padding.h"
#include "core/client/conversations.h"
#include "core/client/labels.h"
#include "core/crypto/hpke.h"
#include "core/directory/name.h"

namespace cairn::client {
namespace {

constexpr std::uint8_t kPieceVersion = 1;
constexpr std::size_t kLeastPiece = 4096;
constexpr std::uint8_t kIsOver = 1, kHasGap = 2;  // of a run
constexpr auto kPieceKem = crypto::KemAlgorithm::xwing_shake;
constexpr crypto::HpkeSuite kPieceSuite{kPieceKem, crypto::HashAlgorithm::sha256,
                                        crypto::AeadAlgorithm::chacha20_poly1305};

Bytes info_of_way(const HistoryWay& way) {
  wire::Writer w;
  w.raw(as_bytes(kHistoryKeyInfo));
  w.u8(0);
  w.raw(way.from);
  w.raw(way.to);
  w.u32(way.number);
  return w.take();
}

}  // namespace

void HistoryMessage::write(wire::Writer& w) const {
  row.write(w);
  SaidAbout::write(w);
}
Result<HistoryMessage> HistoryMessage::read(wire::Reader& r) {
  HistoryMessage out;
  out.row = TRY(BackedUpMessage::read(r));
  const Message& message = out.row.message;
  REQUIRE(message.delivery == Delivery::received || message.delivery == Delivery::sent, ErrorCode::malformed,
          "a history of what nobody said");
  REQUIRE(!message.id.is_zero(), ErrorCode::malformed, "a history of what has no id");
  TRY(directory::Name::from(message.sender));
  static_cast<SaidAbout&>(out) = TRY(SaidAbout::read(r));
  return out;
}

void HistoryRun::write(wire::Writer& w) const {
  room.write(w);
  w.u8(static_cast<std::uint8_t>((is_over ? kIsOver : 0) | (gap ? kHasGap : 0)));
  if (gap) {
    w.u64(gap->index);
    w.u64(gap->time_ms);
  }
  about.write(w);
  w.u64(read_to);
  w.vector(messages);
}
Result<HistoryRun> HistoryRun::read(wire::Reader& r) {
  HistoryRun out;
  out.room = TRY(Room::read(r));
  const std::uint8_t flags = TRY(r.u8());
  REQUIRE(flags <= (kIsOver | kHasGap), ErrorCode::malformed, "flags of a history's conversation");
  out.is_over = (flags & kIsOver) != 0;
  if ((flags & kHasGap) != 0) {
    HistoryGap& gap = out.gap.emplace();
    gap.index = TRY(r.u64());
    gap.time_ms = TRY(r.u64());
  }
  out.about = TRY(BackedUpConversation::read(r));
  REQUIRE(out.about.kind == out.room.kind, ErrorCode::malformed, "kind of a history's conversation");
  REQUIRE(out.about.names.size() <= kMaxGivenNames, ErrorCode::over_limit, "names of a history's conversation");
  out.read_to = TRY(r.u64());
  out.messages = TRY(r.vector<HistoryMessage>(kMaxHistoryPiece, kMaxPieceMessages));
  return out;
}

void HistoryPiece::write(wire::Writer& w) const {
  w.u8(kPieceVersion);
  w.vector(records);
  w.vector(runs);
}
Result<HistoryPiece> HistoryPiece::read(wire::Reader& r) {
  REQUIRE(TRY(r.u8()) == kPieceVersion, ErrorCode::unsupported, "version of a history");
  HistoryPiece out;
  out.records = TRY(r.vector<SharedRecord>(kMaxHistoryPiece, kMaxSharedRecords));
  out.runs = TRY(r.vector<HistoryRun>(kMaxHistoryPiece, kMaxPieceRuns));
  return out;
}

bool is_given(const Message& message, Time now) {
  const bool is_said = message.delivery == Delivery::received || message.delivery == Delivery::sent;
  return is_said && !message.id.is_zero() && message.is_lasting(now);
}

bool is_gap(const Message& message) {
  return message.delivery == Delivery::notice && message.text.starts_with(kGapWords);
}

std::optional<HistoryMessage> history_message(const StoreView& store, const ChannelId& home, std::uint64_t index,
                                              const Message& message, Time now) {
  if (!is_given(message, now)) return std::nullopt;
  HistoryMessage out;
  static_cast<SaidAbout&>(out) = said_about(store, home, index);
  out.row = {index, message};
  return out;
}

// struct { opaque piece<V>; } and zeros, to a size that tells little.
Bytes seal_piece(const HistoryPiece& piece, const crypto::StreamKey& key, const crypto::StreamNonce& nonce) {
  const SecretBytes encoded = wire::encode_secret(piece);
  wire::Writer w(wire::Sensitivity::is_secret);
  w.opaque(encoded.expose());
  const std::size_t padded = padme(std::max(w.size(), kLeastPiece));
  w.reserve(padded);
  const Bytes zeros(padded - w.size());
  w.raw(zeros);
  const SecretBytes plaintext = w.take_secret();
  crypto::StreamSealer sealer(key.clone(), nonce);
  Bytes out;
  out.reserve(crypto::stream_sealed_size(padded));
  ByteView rest = plaintext.expose();
  for (; rest.size() > crypto::kStreamChunk; rest = rest.subspan(crypto::kStreamChunk)) {
    sealer.seal(rest.first(crypto::kStreamChunk), out);
  }
  sealer.seal_last(rest, out);
  return out;
}

Result<HistoryPiece> open_piece(ByteView sealed, const crypto::StreamKey& key, const crypto::StreamNonce& nonce) {
  crypto::StreamOpener opener(key.clone(), nonce);
  Bytes plaintext;
  plaintext.reserve(sealed.size());
  for (; sealed.size() > crypto::kStreamSealedChunk; sealed = sealed.subspan(crypto::kStreamSealedChunk)) {
    TRY(opener.open(sealed.first(crypto::kStreamSealedChunk), plaintext));
  }
  TRY(opener.open_last(sealed, plaintext));
  const SecretBytes wiped(std::move(plaintext));
  wire::Reader r(wiped.expose());
  const ByteView piece = TRY(r.opaque(kMaxHistoryPiece));
  const ByteView padding = r.rest();
  REQUIRE(std::ranges::all_of(padding, [](std::uint8_t byte) { return byte == 0; }), ErrorCode::malformed,
          "padding of a history");
  return wire::decode<HistoryPiece>(piece);
}

// RFC 9180 s.6.1, base mode.
Status seal_piece_key(HistoryOffer& offer, const crypto::StreamKey& key, const HistoryWay& way, ByteView public_key,
                      Entropy& entropy) {
  const auto sealed = TRY(crypto::hpke_seal(kPieceSuite, public_key, info_of_way(way), {}, key.expose(), entropy));
  offer.kem_output = TRY(decltype(offer.kem_output)::from(sealed.kem_output));
  offer.sealed_key = TRY(decltype(offer.sealed_key)::from(sealed.ciphertext));
  return ok();
}

Result<crypto::StreamKey> open_piece_key(const HistoryOffer& offer, const HistoryWay& way,
                                         const crypto::KemPrivateKey& key) {
  const crypto::HpkeCiphertext ciphertext{to_bytes(offer.kem_output), to_bytes(offer.sealed_key)};
  const SecretBytes opened = TRY(crypto::hpke_open(kPieceSuite, key, ciphertext, info_of_way(way), {}));
  return crypto::StreamKey::from(opened.expose());
}

crypto::KemKeyPair make_history_key(Entropy& entropy) { return crypto::kem_generate(kPieceKem, entropy); }

}  // namespace cairn::client
