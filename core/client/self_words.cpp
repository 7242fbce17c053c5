#include "core/client/self_words.h"

#include "core/base/utf8.h"
#include "core/crypto/kem.h"

namespace cairn::client {
namespace {

constexpr auto kHistoryKem = crypto::KemAlgorithm::xwing_shake;

Result<SharedField> read_field(wire::Reader& r) {
  const std::uint8_t value = TRY(r.u8());
  const bool of_name = value >= static_cast<std::uint8_t>(SharedField::petname) &&
                       value <= static_cast<std::uint8_t>(SharedField::name_receipts);
  const bool of_room = value >= static_cast<std::uint8_t>(SharedField::muted) &&
                       value <= static_cast<std::uint8_t>(SharedField::deleted);
  REQUIRE(of_name || of_room, ErrorCode::unsupported, "field of a shared setting");
  return static_cast<SharedField>(value);
}

Status check_value(SharedField field, ByteView value) {
  switch (field) {
    case SharedField::petname:
      REQUIRE(value.size() <= kMaxPetnameSize && is_utf8(as_text(value)), ErrorCode::malformed, "a petname");
      return ok();
    case SharedField::draft: REQUIRE(is_utf8(as_text(value)), ErrorCode::malformed, "a draft"); return ok();
    case SharedField::read:
    case SharedField::deleted:
      REQUIRE(value.size() == MessageId::kSize, ErrorCode::malformed, "up to which message");
      return ok();
    case SharedField::accepted:
      if (value.size() <= 1 || value[0] != 1) break;
      TRY(directory::Name::from(as_text(value.subspan(1))));
      return ok();
    default: break;
  }
  REQUIRE(value.size() == 1 && value[0] <= 1, ErrorCode::malformed, "a switch");
  return ok();
}

template <class One>
Result<SelfWords> read_words(wire::Reader& r) {
  SelfWords out = TRY(One::read(r));
  TRY(r.finish());
  return out;
}

template <class... Ones>
Result<SelfWords> read_among(std::uint8_t tag, wire::Reader& r, const std::variant<Ones...>*) {
  Result<SelfWords> out = fail(ErrorCode::unsupported, "what own devices say");
  (void)((tag == Ones::kTag ? (out = read_words<Ones>(r), true) : false) || ...);
  return out;
}

}  // namespace

void Stamp::write(wire::Writer& w) const {
  w.u64(time_ms);
  w.raw(device);
}
Result<Stamp> Stamp::read(wire::Reader& r) {
  Stamp out;
  out.time_ms = TRY(r.u64());
  out.device = TRY(r.fixed<DeviceId>());
  return out;
}

std::string SharedRecord::brought_by() const {
  return field == SharedField::accepted && is_on() ? as_text(ByteView(value).subspan(1)) : std::string();
}

void SharedRecord::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(field));
  stamp.write(w);
  if (is_of_name(field)) {
    w.opaque(name);
  } else {
    room.write(w);
  }
  w.opaque(value);
}
Result<SharedRecord> SharedRecord::read(wire::Reader& r) {
  SharedRecord out;
  out.field = TRY(read_field(r));
  out.stamp = TRY(Stamp::read(r));
  if (is_of_name(out.field)) {
    const std::string text = TRY(r.opaque_text(proto::kMaxNameSize));
    out.name = TRY(directory::Name::from(text))
    .text();
  } else {
    out.room = TRY(Room::read(r));
  }
  out.value = TRY(r.opaque_bytes(kMaxDraftSize));
  TRY(check_value(out.field, out.value));
  REQUIRE(out.brought_by().empty() || out.room.kind == ConversationKind::group, ErrorCode::malformed, "who brought it");
  return out;
}

void SharedRecords::write(wire::Writer& w) const { w.vector(records); }
Result<SharedRecords> SharedRecords::read(wire::Reader& r) {
  return SharedRecords { TRY(r.vector<SharedRecord>(SelfWord::kMaxBody, kMaxSharedRecords)) };
}

void HistoryWanted::write(wire::Writer& w) const {
  w.raw(of);
  w.u8(messages ? 1 : 0);
  w.raw(public_key);
}
Result<HistoryWanted> HistoryWanted::read(wire::Reader& r) {
  HistoryWanted out;
  out.of = TRY(r.fixed<DeviceId>());
  out.messages = TRY(r.presence());
  out.public_key = to_bytes(TRY(r.raw(crypto::kem_public_key_size(kHistoryKem))));
  TRY(crypto::kem_check_public_key(kHistoryKem, out.public_key));
  return out;
}

void HistoryOffer::write(wire::Writer& w) const {
  w.raw(to);
  w.u32(number);
  blob.write(w);
  w.raw(nonce);
  w.raw(kem_output);
  w.raw(sealed_key);
  w.u64(given);
  w.u64(total);
}
Result<HistoryOffer> HistoryOffer::read(wire::Reader& r) {
  HistoryOffer out;
  out.to = TRY(r.fixed<DeviceId>());
  out.number = TRY(r.u32());
  out.blob = TRY(proto::BlobRef::read(r));
  REQUIRE(out.blob.size <= proto::kBlobPart, ErrorCode::over_limit, "size of a piece of history");
  out.nonce = TRY(r.fixed<crypto::StreamNonce>());
  out.kem_output = TRY(r.fixed<decltype(out.kem_output)>());
  out.sealed_key = TRY(r.fixed<decltype(out.sealed_key)>());
  out.given = TRY(r.u64());
  out.total = TRY(r.u64());
  REQUIRE(out.given <= out.total, ErrorCode::malformed, "messages of a history");
  return out;
}

void HistoryTold::write(wire::Writer& w) const {
  w.raw(of);
  w.u32(number);
  w.u8(static_cast<std::uint8_t>(verdict));
}
Result<HistoryTold> HistoryTold::read(wire::Reader& r) {
  HistoryTold out;
  out.of = TRY(r.fixed<DeviceId>());
  out.number = TRY(r.u32());
  const std::uint8_t verdict = TRY(r.u8());
  REQUIRE(verdict >= 1 && verdict <= 3, ErrorCode::malformed, "answer to a piece of history");
  out.verdict = static_cast<Verdict>(verdict);
  return out;
}

void HistoryEnd::write(wire::Writer& w) const {
  w.raw(to);
  w.u64(given);
}
Result<HistoryEnd> HistoryEnd::read(wire::Reader& r) {
  HistoryEnd out;
  out.to = TRY(r.fixed<DeviceId>());
  out.given = TRY(r.u64());
  return out;
}

SelfWord encode_self_words(const SelfWords& words) {
  wire::Writer w;
  std::visit(
      [&](const auto& one) {
        w.u8(one.kTag);
        one.write(w);
      },
      words);
  CHECK(w.size() <= SelfWord::kMaxBody);
  return {w.take()};
}

Result<SelfWords> decode_self_words(const SelfWord& word) {
  wire::Reader r(word.body);
  const std::uint8_t tag = TRY(r.u8());
  return read_among(tag, r, static_cast<const SelfWords*>(nullptr));
}

}  // namespace cairn::client
