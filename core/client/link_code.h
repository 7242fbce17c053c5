// What two devices that link have in common: the code that the new one shows, and what follows from it
// (docs/spec/client.md s.4).
#pragma once

#include "core/base/types.h"
#include "core/directory/device.h"
#include "core/directory/name.h"
#include "core/directory/statement.h"
#include "core/proto/api.h"

namespace cairn::client {

using LinkSecret = Secret<struct LinkSecretTag, 16>;

/// Read off one screen, typed or pasted at another.
struct LinkCode {
  PublicKey signature_key;  ///< of the new device
  LinkSecret secret;        ///< used once

  LinkCode clone() const { return {signature_key, secret.clone()}; }
};

/// 80 characters of base32 in groups of four: key, secret, and the first 2 bytes of their SHA-256.
std::string link_code_text(const LinkCode& code);
/// Accepts white space, dashes and either case; `malformed` when the length or the checksum does not fit.
Result<LinkCode> parse_link_code(std::string_view text);

/// Where a message waits for the other device.
enum class LinkSlot : std::uint8_t { from_new_device, from_existing_device };  // A, B
proto::RendezvousId link_slot(const LinkCode& code, LinkSlot slot);

/// XChaCha20-Poly1305 under the code's key, a random nonce in front, the slot's id as associated data.
Bytes seal_for_slot(const LinkCode& code, LinkSlot slot, ByteView plaintext, Entropy& entropy);
/// `crypto_failed` for whatever is not sealed for this slot under this code.
Result<SecretBytes> open_from_slot(const LinkCode& code, LinkSlot slot, ByteView sealed);

/// In slot A: who the new device says it is.
struct LinkRequest {
  directory::Name name;
  directory::Device device;

  void write(wire::Writer&) const;
  static Result<LinkRequest> read(wire::Reader&);
};

/// In slot B: an add_device that only the existing device has signed yet.
struct LinkOffer {
  directory::StatementContent content;
  directory::StatementSignature signature;

  /// struct { opaque statement<V>; }.
  void write(wire::Writer&) const;
  static Result<LinkOffer> read(wire::Reader&);
};

}  // namespace cairn::client
