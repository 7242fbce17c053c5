#include "core/tlog/note.h"

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/tlog/internal/text.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::tlog {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // em dash, space
constexpr std::size_t kKeyIdSize = 4;

/// signed-note, "Signatures": SHA-256(key name || 0x0A || signature type || public key)[:4].
std::uint32_t key_id(const KeyName& name, SignatureType type, const PublicKey& key) {
  const std::uint8_t infix[] = {'\n', static_cast<std::uint8_t>(type)};
  const Hash hash = crypto::sha256({as_bytes(name.text()), infix, key});
  return *wire::Reader(hash).u32();
}

/// "— <key name> base64(key id || signature)", without the newline.
Result<NoteSignature> parse_signature_line(std::string_view line) {
  REQUIRE(line.starts_with(kDash), ErrorCode::malformed, "signature line");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  REQUIRE(space != std::string_view::npos, ErrorCode::malformed, "signature line");
  KeyName name = TRY(KeyName::from(line.substr(0, space)));
  const Bytes bytes = TRY(from_base64(line.substr(space + 1)));
  wire::Reader reader(bytes);
  const std::uint32_t id = TRY(reader.u32());
  REQUIRE(!reader.done(), ErrorCode::malformed, "empty signature");
  return NoteSignature{std::move(name), id, to_bytes(reader.rest())};
}

}  // namespace

Result<KeyName> KeyName::from(std::string_view text) {
  REQUIRE(text.size() <= kMaxKeyNameBytes, ErrorCode::over_limit, "key name");
  REQUIRE(!text.empty() && internal::is_line(text) && !internal::has_unicode_space(text) &&
              text.find('+') == std::string_view::npos,
          ErrorCode::malformed, "key name");
  return KeyName(text);
}

VerifierKey::VerifierKey(KeyName name, SignatureType type, const PublicKey& key)
    : name_(std::move(name)), type_(type), key_(key), id_(key_id(name_, type, key)) {}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  REQUIRE(text.size() <= kMaxVerifierKeyBytes, ErrorCode::over_limit, "verifier key");
  const std::size_t first = text.find('+');
  REQUIRE(first != std::string_view::npos, ErrorCode::malformed, "verifier key");
  const std::size_t second = text.find('+', first + 1);  // base64 may hold more of them
  REQUIRE(second == first + 1 + 2 * kKeyIdSize, ErrorCode::malformed, "verifier key id");
  KeyName name = TRY(KeyName::from(text.substr(0, first)));
  const Bytes material = TRY(from_base64(text.substr(second + 1)));
  REQUIRE(!material.empty(), ErrorCode::malformed, "verifier key without a type");
  const auto type = static_cast<SignatureType>(material[0]);
  REQUIRE(type == SignatureType::ed25519 || type == SignatureType::cosignature_v1, ErrorCode::unsupported,
          "signature type");
  const PublicKey key = TRY(PublicKey::from(ByteView(material).subspan(1)));
  VerifierKey out(std::move(name), type, key);
  REQUIRE(out.to_text() == text, ErrorCode::malformed, "verifier key id");
  return out;
}

std::string VerifierKey::to_text() const {
  wire::Writer id;
  id.u32(id_);
  const auto type = static_cast<std::uint8_t>(type_);
  return name_.text() + "+" + to_hex(id.view()) + "+" + to_base64(concat({{&type, 1}, key_}));
}

std::string NoteSignature::line() const {
  wire::Writer writer;
  writer.u32(key_id);
  writer.raw(signature);
  return std::string(kDash) + key_name.text() + " " + to_base64(writer.view()) + "\n";
}

std::size_t NoteSignature::line_size() const {
  const std::size_t digits = (kKeyIdSize + signature.size() + 2) / 3 * 4;
  return kDash.size() + key_name.text().size() + 1 + digits + 1;
}

Result<Note> Note::parse(std::string_view bytes) {
  REQUIRE(bytes.size() <= kMaxNoteBytes, ErrorCode::over_limit, "note size");
  REQUIRE(internal::is_note_text(bytes), ErrorCode::malformed, "note is not plain UTF-8");
  // signed-note, "Format": the last empty line separates.
  constexpr std::string_view kSeparator = "\n\n";
  const std::size_t end = bytes.rfind(kSeparator);
  REQUIRE(end != std::string_view::npos, ErrorCode::malformed, "note without signatures");
  Note note{std::string(bytes.substr(0, end + 1)), {}};
  note.signatures = TRY(parse_signature_lines(bytes.substr(end + kSeparator.size())));
  return note;
}

std::string Note::encode() const {
  std::string out = text + "\n";
  for (const NoteSignature& signature : signatures) out += signature.line();
  return out;
}

std::size_t Note::encoded_size() const {
  std::size_t out = text.size() + 1;
  for (const NoteSignature& signature : signatures) out += signature.line_size();
  return out;
}

Result<std::vector<NoteSignature>> parse_signature_lines(std::string_view bytes) {
  REQUIRE(bytes.size() <= kMaxNoteBytes, ErrorCode::over_limit, "signature lines");
  REQUIRE(!bytes.empty(), ErrorCode::malformed, "no signature line");
  std::vector<NoteSignature> out;
  while (!bytes.empty()) {
    REQUIRE(out.size() < kMaxNoteSignatures, ErrorCode::over_limit, "signature lines");
    const std::string_view line = TRY(internal::take_line(bytes));
    out.push_back(TRY(parse_signature_line(line)));
  }
  return out;
}

NoteSignature sign_note(const KeyName& name, const crypto::SigningKey& key, std::string_view text) {
  CHECK(text.ends_with('\n'));
  return {name, key_id(name, SignatureType::ed25519, key.public_key()), to_bytes(key.sign(as_bytes(text)))};
}

Status verify_signature(const PublicKey& key, ByteView message, const Signature& signature,
                        crypto::Verified* verified) {
  return verified != nullptr ? verified->verify(key, message, signature) : crypto::verify(key, message, signature);
}

Status verify_note(const Note& note, const VerifierKey& key, crypto::Verified* verified) {
  CHECK(key.type() == SignatureType::ed25519);
  bool found = false;
  for (const NoteSignature& line : note.signatures) {
    if (!line.names(key)) continue;
    found = true;
    const auto signature = Signature::from(line.signature);
    REQUIRE(signature && verify_signature(key.key(), as_bytes(note.text), *signature, verified),
            ErrorCode::invalid_signature, "note signature");
  }
  REQUIRE(found, ErrorCode::not_found, "note: no signature of this key");
  return ok();
}

}  // namespace cairn::tlog
