#include "core/directory/statement.h"

#include "core/crypto/labels.h"
#include "core/directory/internal/tags.h"

namespace cairn::directory {
namespace {

/// The bodies of genesis and request_reset.
template <class Body>
Result<StatementBody> read_new_owner(wire::Reader& reader) {
  Body out;
  out.device = TRY(Device::read(reader));
  out.recovery_commitment = TRY(reader.fixed<Hash>());
  out.reset_delay_s = TRY(reader.u32());
  return out;
}

Result<StatementBody> read_body(StatementType type, wire::Reader& reader) {
  switch (type) {
    case StatementType::genesis: return read_new_owner<Genesis>(reader);
    case StatementType::add_device: return AddDevice { TRY(Device::read(reader))
      };
    case StatementType::remove_device: return RemoveDevice { TRY(reader.fixed<DeviceId>())
      };
    case StatementType::replace_recovery: return ReplaceRecovery{};
    case StatementType::request_reset: return read_new_owner<RequestReset>(reader);
    case StatementType::veto_reset: return VetoReset{};
    case StatementType::complete_reset: return CompleteReset { TRY(reader.u32())
      };
    case StatementType::set_reset_delay: return SetResetDelay { TRY(reader.u32())
      };
  }
  return fail(ErrorCode::unsupported, "statement: type");
}

struct BodyWriter {
  wire::Writer& writer;

  template <class Body>
  void new_owner(const Body& body) const {
    body.device.write(writer);
    writer.raw(body.recovery_commitment);
    writer.u32(body.reset_delay_s);
  }
  void operator()(const Genesis& body) const { new_owner(body); }
  void operator()(const RequestReset& body) const { new_owner(body); }
  void operator()(const AddDevice& body) const { body.device.write(writer); }
  void operator()(const RemoveDevice& body) const { writer.raw(body.device); }
  void operator()(const ReplaceRecovery&) const {}
  void operator()(const VetoReset&) const {}
  void operator()(const CompleteReset& body) const { writer.u32(body.request_sequence); }
  void operator()(const SetResetDelay& body) const { writer.u32(body.reset_delay_s); }
};

void write_signer(const StatementSignature& signature, wire::Writer& writer) {
  writer.u8(static_cast<std::uint8_t>(signature.kind));
  writer.raw(signature.key);
  writer.opaque(signature.kem_hash ? signature.kem_hash->view() : ByteView{});
}

/// What is signed: the content and who signs it, so that no signature can be taken for that of another role.
Bytes signed_bytes(const StatementContent& content, const StatementSignature& signature) {
  wire::Writer writer;
  content.write(writer);
  write_signer(signature, writer);
  return writer.take();
}

StatementSignature sign_as(SignerKind kind, const StatementContent& content, const crypto::SigningKey& key,
                           std::optional<Hash> kem_hash) {
  StatementSignature out{kind, key.public_key(), kem_hash, {}};
  out.signature = crypto::sign_labelled(key, crypto::kSignStatement, signed_bytes(content, out));
  return out;
}

bool kinds_fit(StatementType type, std::span<const StatementSignature> signatures) {
  using enum SignerKind;
  const auto kind = [&](std::size_t i) { return signatures[i].kind; };
  const bool two = type == StatementType::add_device;
  if (signatures.size() != (two ? 2 : 1)) return false;
  switch (type) {
    case StatementType::genesis:
    case StatementType::request_reset:
    case StatementType::complete_reset: return kind(0) == new_device;
    case StatementType::add_device: return kind(0) != new_device && kind(1) == new_device;
    case StatementType::remove_device:
    case StatementType::veto_reset: return kind(0) != new_device;
    case StatementType::replace_recovery:
    case StatementType::set_reset_delay: return kind(0) == recovery;
  }
  return false;
}

}  // namespace

void StatementContent::write(wire::Writer& writer) const {
  writer.u8(kStatementVersion);
  name.write(writer);
  writer.u32(sequence);
  writer.raw(previous);
  writer.u64(time_ms);
  writer.raw(nonce);
  writer.optional_raw(next_recovery ? std::optional<ByteView>(next_recovery->view()) : std::nullopt);
  writer.u8(static_cast<std::uint8_t>(type()));
  std::visit(BodyWriter{writer}, body);
}

Result<StatementContent> StatementContent::read(wire::Reader& reader) {
  REQUIRE(TRY(reader.u8()) == kStatementVersion, ErrorCode::unsupported, "statement: version");
  StatementContent out {
    TRY(Name::read(reader))
    , 0, {}, 0, {}, {}, {}
  };
  out.sequence = TRY(reader.u32());
  out.previous = TRY(reader.fixed<Hash>());
  out.time_ms = TRY(reader.u64());
  out.nonce = TRY(reader.fixed<Nonce16>());
  if (TRY(reader.presence())) out.next_recovery = TRY(reader.fixed<Hash>());
  const auto type = static_cast<StatementType>(TRY(reader.u8()));
  out.body = TRY(read_body(type, reader));
  return out;
}

void StatementSignature::write(wire::Writer& writer) const {
  write_signer(*this, writer);
  writer.raw(signature);
}

Result<StatementSignature> StatementSignature::read(wire::Reader& reader) {
  StatementSignature out;
  const std::uint8_t kind = TRY(reader.u8());
  REQUIRE(kind >= 1 && kind <= 3, ErrorCode::unsupported, "statement: kind of signer");
  out.kind = static_cast<SignerKind>(kind);
  out.key = TRY(reader.fixed<PublicKey>());
  const ByteView kem_hash = TRY(reader.opaque(Hash::kSize));
  REQUIRE(kem_hash.empty() == (out.kind != SignerKind::recovery), ErrorCode::malformed, "statement: KEM key hash");
  if (!kem_hash.empty()) out.kem_hash = TRY(Hash::from(kem_hash));
  out.signature = TRY(reader.fixed<Signature>());
  return out;
}

Status Statement::check_form() const {
  REQUIRE(kinds_fit(content.type(), signatures), ErrorCode::malformed, "statement: kinds of signers");
  bool by_recovery = false;
  for (const StatementSignature& signature : signatures) {
    const bool recovery = signature.kind == SignerKind::recovery;
    REQUIRE(signature.kem_hash.has_value() == recovery, ErrorCode::malformed, "statement: KEM key hash");
    by_recovery = by_recovery || recovery;
  }
  REQUIRE(content.next_recovery.has_value() == by_recovery, ErrorCode::malformed, "statement: next recovery key");
  return ok();
}

Status Statement::verify_signatures() const {
  for (const StatementSignature& signature : signatures) {
    TRY(crypto::verify_labelled(signature.key, crypto::kSignStatement, signed_bytes(content, signature),
                                signature.signature));
  }
  return ok();
}

Hash Statement::commitment() const { return internal::tagged_hash(internal::Tag::commitment, wire::encode(*this)); }

void Statement::write(wire::Writer& writer) const {
  content.write(writer);
  writer.vector(signatures);
}

Result<Statement> Statement::read(wire::Reader& reader) {
  const std::size_t before = reader.left();
  Statement out {
    TRY(StatementContent::read(reader))
    , {}
  };
  out.signatures = TRY(reader.vector<StatementSignature>(kMaxStatementBytes, 2));
  REQUIRE(before - reader.left() <= kMaxStatementBytes, ErrorCode::over_limit, "statement: size");
  TRY(out.check_form());
  return out;
}

Result<Statement> Statement::decode(ByteView bytes) {
  REQUIRE(bytes.size() <= kMaxStatementBytes, ErrorCode::over_limit, "statement: size");
  return wire::decode<Statement>(bytes);
}

Hash extend_head(const Hash& head, const Hash& commitment) {
  return internal::tagged_hash(internal::Tag::head, head, commitment);
}

StatementSignature sign_as_device(const StatementContent& content, const crypto::SigningKey& key) {
  return sign_as(SignerKind::device, content, key, {});
}

StatementSignature sign_as_new_device(const StatementContent& content, const crypto::SigningKey& key) {
  return sign_as(SignerKind::new_device, content, key, {});
}

StatementSignature sign_as_recovery(const StatementContent& content, const RecoveryKey& key) {
  return sign_as(SignerKind::recovery, content, key.signing_key(), key.kem_hash());
}

}  // namespace cairn::directory
