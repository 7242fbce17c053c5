#include "core/directory/notice.h"

#include "core/crypto/labels.h"
#include "core/directory/internal/tags.h"

namespace cairn::directory {

using internal::Tag;
using internal::tagged_hash;

namespace {

enum class NoticeType : std::uint8_t { request = 1, veto = 2, complete = 3 };

/// Key and kem_hash are signed too, so that a signature means one signer.
Bytes signed_bytes(const VetoNotice& notice) {
  wire::Writer writer;
  writer.raw(notice.request.hash());
  writer.raw(notice.key);
  writer.opaque(notice.kem_hash ? notice.kem_hash->view() : ByteView{});
  return writer.take();
}

VetoNotice veto_as(const ResetNotice& request, const crypto::SigningKey& key, std::optional<Hash> kem_hash) {
  VetoNotice out{request, key.public_key(), std::move(kem_hash), {}};
  out.signature = crypto::sign_labelled(key, crypto::kSignVeto, signed_bytes(out));
  return out;
}

}  // namespace

Hash ResetNotice::hash() const { return tagged_hash(Tag::request, wire::encode(*this)); }

void ResetNotice::write(wire::Writer& writer) const {
  writer.raw(key);
  writer.u64(request_sequence);
  writer.u64(requested_ms);
  writer.u64(matures_ms);
  const std::size_t mark = writer.begin_vector();
  for (const PublicKey& veto_key : veto_keys) writer.raw(veto_key);
  writer.end_vector(mark);
  writer.raw(veto_recovery);
  writer.optional_raw(after ? std::optional<ByteView>(after->view()) : std::nullopt);
}

Result<ResetNotice> ResetNotice::read(wire::Reader& reader) {
  ResetNotice out;
  out.key = TRY(reader.fixed<Hash>());
  out.request_sequence = TRY(reader.u64());
  out.requested_ms = TRY(reader.u64());
  out.matures_ms = TRY(reader.u64());
  wire::Reader keys = TRY(reader.nested(kMaxVetoHolders * PublicKey::kSize));
  while (!keys.done()) {
    const PublicKey key = TRY(keys.fixed<PublicKey>());
    REQUIRE(out.veto_keys.empty() || out.veto_keys.back() < key, ErrorCode::malformed, "reset notice: order of keys");
    out.veto_keys.push_back(key);
  }
  out.veto_recovery = TRY(reader.fixed<Hash>());
  if (TRY(reader.presence())) out.after = TRY(reader.fixed<Hash>());
  return out;
}

void RequestNotice::write(wire::Writer& writer) const {
  request.write(writer);
  writer.optional(vetoed);
}

Result<RequestNotice> RequestNotice::read(wire::Reader& reader) {
  RequestNotice out;
  out.request = TRY(ResetNotice::read(reader));
  out.vetoed = TRY(reader.optional<ResetNotice>());
  REQUIRE(out.vetoed.has_value() == out.request.after.has_value() &&
              (!out.vetoed || out.vetoed->hash() == *out.request.after),
          ErrorCode::malformed, "request notice: the vetoed request before it");
  return out;
}

Status VetoNotice::verify() const {
  if (kem_hash) {
    REQUIRE(recovery_commitment(key, *kem_hash) == request.veto_recovery, ErrorCode::not_authorised,
            "veto: not the recovery key");
  } else {
    const auto& keys = request.veto_keys;
    REQUIRE(std::find(keys.begin(), keys.end(), key) != keys.end(), ErrorCode::not_authorised,
            "veto: does not hold the veto");
  }
  return crypto::verify_labelled(key, crypto::kSignVeto, signed_bytes(*this), signature);
}

void VetoNotice::write(wire::Writer& writer) const {
  request.write(writer);
  writer.raw(key);
  writer.opaque(kem_hash ? kem_hash->view() : ByteView{});
  writer.raw(signature);
}

Result<VetoNotice> VetoNotice::read(wire::Reader& reader) {
  VetoNotice out;
  out.request = TRY(ResetNotice::read(reader));
  out.key = TRY(reader.fixed<PublicKey>());
  const ByteView kem_hash = TRY(reader.opaque(Hash::kSize));
  if (!kem_hash.empty()) out.kem_hash = TRY(Hash::from(kem_hash));
  out.signature = TRY(reader.fixed<Signature>());
  return out;
}

void CompleteNotice::write(wire::Writer& writer) const { request.write(writer); }

Result<CompleteNotice> CompleteNotice::read(wire::Reader& reader) {
  return CompleteNotice { TRY(ResetNotice::read(reader)) };
}

const ResetNotice& Notice::request() const {
  return std::visit([](const auto& notice) -> const ResetNotice& { return notice.request; }, body);
}

void Notice::write(wire::Writer& writer) const {
  writer.u8(static_cast<std::uint8_t>(body.index() + 1));
  std::visit([&](const auto& notice) { notice.write(writer); }, body);
}

Result<Notice> Notice::read(wire::Reader& reader) {
  switch (static_cast<NoticeType>(TRY(reader.u8()))) {
    case NoticeType::request: return Notice { TRY(RequestNotice::read(reader))
      };
    case NoticeType::veto: return Notice { TRY(VetoNotice::read(reader))
      };
    case NoticeType::complete: return Notice { TRY(CompleteNotice::read(reader))
      };
  }
  return fail(ErrorCode::unsupported, "notice: type");
}

VetoNotice veto_as_device(const ResetNotice& request, const crypto::SigningKey& key) {
  return veto_as(request, key, {});
}

VetoNotice veto_as_recovery(const ResetNotice& request, const RecoveryKey& key) {
  return veto_as(request, key.signing_key(), key.kem_hash());
}

Hash notices_hash(const std::vector<Notice>& notices) {
  wire::Writer writer;
  writer.vector(notices);
  return tagged_hash(Tag::notices, writer.view());
}

Hash veto_mark(const Hash& request) { return tagged_hash(Tag::veto_mark, request); }

Hash extend_resets(const Hash& resets, const Hash& request) { return tagged_hash(Tag::resets, resets, request); }

RequestNotice make_request_notice(const NameState& before, const Hash& key, std::uint64_t record_time_ms,
                                  std::uint32_t min_reset_delay_s, std::optional<ResetNotice> vetoed) {
  RequestNotice out;
  out.request.key = key;
  out.request.request_sequence = before.count();
  out.request.requested_ms = record_time_ms;
  const std::uint64_t delay_s = std::max({before.reset_delay_s(), min_reset_delay_s, kMinResetDelayS});
  out.request.matures_ms = after(Time{record_time_ms}, delay_s * kSecondMs).ms;
  out.request.veto_keys = before.veto_holders();
  out.request.veto_recovery = before.recovery_commitment();
  if (vetoed) out.request.after = vetoed->hash();
  out.vetoed = std::move(vetoed);
  return out;
}

}  // namespace cairn::directory
