// Signed notes: a text and signature lines under it (C2SP signed-note).
//
//   example.org/cairn                                      text: every line, the last one ended by a newline, too
//   42
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//                                                          an empty line
//   — example.org/cairn Az3grlgtzPICa5OS8npVmf1M...        key name, base64(uint32 key id || signature)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/signature.h"
#include "core/crypto/verified.h"

namespace cairn::tlog {

/// A note, signatures included. Sixteen post-quantum signatures of others fit.
constexpr std::size_t kMaxNoteBytes = 128 * 1024;
constexpr std::size_t kMaxNoteSignatures = 64;
constexpr std::size_t kMaxKeyNameBytes = 259;
constexpr std::size_t kMaxVerifierKeyBytes = 512;

/// The name of a key: non-empty UTF-8 without Unicode spaces, control characters and plus signs.
class KeyName {
 public:
  /// `malformed`, or `over_limit` beyond kMaxKeyNameBytes.
  static Result<KeyName> from(std::string_view text);
  const std::string& text() const { return text_; }
  friend auto operator<=>(const KeyName&, const KeyName&) = default;

 private:
  explicit KeyName(std::string_view text) : text_(text) {}
  std::string text_;
};

/// The signature types we have (signed-note, "Signature types"); the numbers travel.
enum class SignatureType : std::uint8_t {
  ed25519 = 0x01,        ///< over the note's text
  cosignature_v1 = 0x04  ///< core/tlog/cosignature.h
};

/// A public key that verifies note signatures: a "vkey".
class VerifierKey {
 public:
  VerifierKey(KeyName name, SignatureType type, const PublicKey& key);

  /// "name+hash+base64"; `malformed` unless it is the one spelling and the id is the key's own, `unsupported` for
  /// signature types that we do not have.
  static Result<VerifierKey> parse(std::string_view text);
  std::string to_text() const;

  const KeyName& name() const { return name_; }
  SignatureType type() const { return type_; }
  const PublicKey& key() const { return key_; }
  /// The first four bytes of SHA-256(name || 0x0A || type || key).
  std::uint32_t id() const { return id_; }

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;

 private:
  KeyName name_;
  SignatureType type_;
  PublicKey key_;
  std::uint32_t id_;
};

/// One signature line. Says nothing before it is verified.
struct NoteSignature {
  KeyName key_name;
  std::uint32_t key_id = 0;
  Bytes signature;  ///< without the key id; not empty

  /// Whether it claims to be of this key.
  bool names(const VerifierKey& key) const { return key_id == key.id() && key_name == key.name(); }
  /// The line with its newline.
  std::string line() const;
  /// Of that line.
  std::size_t line_size() const;
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

/// A note as read: nobody has looked at the signatures yet.
struct Note {
  std::string text;  ///< with its last newline
  std::vector<NoteSignature> signatures;

  /// `malformed` or `over_limit` unless `bytes` is exactly one note with at least one signature.
  static Result<Note> parse(std::string_view bytes);
  std::string encode() const;
  /// Of what encode() gives.
  std::size_t encoded_size() const;
  friend bool operator==(const Note&, const Note&) = default;
};

/// Signature lines alone, one or more, as witnesses answer.
Result<std::vector<NoteSignature>> parse_signature_lines(std::string_view bytes);

/// crypto::verify, by what `verified` remembers if it is not null.
Status verify_signature(const PublicKey& key, ByteView message, const Signature& signature, crypto::Verified* verified);

/// Signs a note's text with a key of type ed25519. The text ends in a newline (CHECKed).
NoteSignature sign_note(const KeyName& name, const crypto::SigningKey& key, std::string_view text);

/// `not_found` when no line names the key (of type ed25519), `invalid_signature` when one does and does not verify.
/// `verified`: what was before, if somebody remembers it.
Status verify_note(const Note& note, const VerifierKey& key, crypto::Verified* verified = nullptr);

}  // namespace cairn::tlog
