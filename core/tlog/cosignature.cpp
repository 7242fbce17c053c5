#include "core/tlog/cosignature.h"

#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::tlog {
namespace {

// tlog-cosignature, "Ed25519 signed message".
Bytes signed_message(std::uint64_t time_s, std::string_view body) {
  return concat({as_bytes("cosignature/v1\ntime "), as_bytes(std::to_string(time_s)), as_bytes("\n"), as_bytes(body)});
}

bool valid_time(std::uint64_t time_s) { return time_s != 0 && time_s <= kMaxCosignatureTime; }

}  // namespace

NoteSignature cosign(const KeyName& name, const crypto::SigningKey& key, std::uint64_t time_s, std::string_view body) {
  CHECK(valid_time(time_s));
  wire::Writer writer;
  writer.u64(time_s);
  writer.raw(key.sign(signed_message(time_s, body)));
  return {name, VerifierKey(name, SignatureType::cosignature_v1, key.public_key()).id(), writer.take()};
}

Result<VerifiedCosignature> verify_cosignature(const NoteSignature& line, const VerifierKey& key, std::string_view body,
                                               crypto::Verified* verified) {
  CHECK(key.type() == SignatureType::cosignature_v1 && line.names(key));
  wire::Reader reader(line.signature);
  const std::uint64_t time_s = TRY(reader.u64());
  const auto signature = TRY(reader.fixed<Signature>());
  TRY(reader.finish());
  REQUIRE(valid_time(time_s), ErrorCode::malformed, "cosignature time");
  TRY(verify_signature(key.key(), signed_message(time_s, body), signature, verified));
  return VerifiedCosignature{key.key(), time_s, line};
}

Result<std::vector<VerifiedCosignature>> verify_cosignatures(const Note& note, std::span<const VerifierKey> keys,
                                                             crypto::Verified* verified) {
  std::vector<VerifiedCosignature> out;
  for (const VerifierKey& key : keys) {
    for (const NoteSignature& line : note.signatures) {
      if (!line.names(key)) continue;
      auto one = verify_cosignature(line, key, note.text, verified);
      REQUIRE(one, ErrorCode::invalid_signature, "cosignature");
      out.push_back(std::move(*one));
    }
  }
  return out;
}

}  // namespace cairn::tlog
