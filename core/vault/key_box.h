// The key box: what an opener opens, and from which the whole backup follows (docs/spec/backup.md s.2).
#pragma once

#include <optional>
#include <span>

#include "core/base/realm.h"
#include "core/vault/opener.h"

namespace cairn::vault {

/// What a realm's share is asked for with; docs/spec/realm.md.
struct RealmEntry {
  Bytes bytes;

  void write(wire::Writer& writer) const { writer.opaque(bytes); }
  static Result<RealmEntry> read(wire::Reader& reader);
  friend bool operator==(const RealmEntry&, const RealmEntry&) = default;
};

/// One generation of keys.
struct Generation {
  std::uint32_t number = 0;
  Time created;
  std::uint32_t chain_count = 0;  ///< statements of the name's chain, as who began it knew it
  BackupRoot root;
  std::optional<BackupToken> token;  ///< present: it lies here, beside the backup; absent: behind the realms
  std::vector<RealmEntry> realms;    ///< empty iff the token is here
  WrappedDataKey data_key;

  Generation clone() const;
  void write(wire::Writer& writer) const;
  static Result<Generation> read(wire::Reader& reader);
};

/// What every device of a name needs of its PIN: the PIN itself is in nobody's store.
struct PinKeys {
  RegistrationId registration;  ///< that it was registered under: what the domain says later must be the same
  std::uint8_t number = 0;      ///< of the name's registrations (docs/spec/realm.md s.7)
  crypto::Ed25519Seed auth;     ///< unlocks, replaces and deletes the registration at the realms
  KeyBoxId box;                 ///< where the PIN's copy of the key box lies in this storage
  crypto::Ed25519Seed box_key;  ///< write key of that copy

  PinKeys clone() const { return {registration, number, auth.clone(), box, box_key.clone()}; }
  void write(wire::Writer& writer) const;
  static Result<PinKeys> read(wire::Reader& reader);
};

/// Where in a name's key boxes one stands.
struct KeyBoxHead {
  std::uint64_t version = 0;
  Hash hash;  ///< of all bytes of the box

  friend bool operator==(const KeyBoxHead&, const KeyBoxHead&) = default;
};

struct KeyBoxContent {
  std::uint64_t version = 0;  ///< from 1
  Hash previous;              ///< H(the box that this one replaces); zeros in version 1
  Time written;
  std::vector<Opener> openers;
  std::vector<Generation> generations;  ///< ascending; the last one is in force
  std::optional<PinKeys> pin;           ///< only beside an opener of kind pin

  const Generation& current() const { return generations.back(); }
  /// Opener::since of its newest PIN; 0 if it has none.
  std::uint64_t newest_pin() const;
  KeyBoxContent clone() const;
  void write(wire::Writer& writer) const;
  static Result<KeyBoxContent> read(wire::Reader& reader);
};

/// The box of this content. `roots` has one for each opener, in their order (CHECKed): the current root sealed to it,
/// new or from the box before. `over_limit` if it does not fit into kMaxKeyBoxSize; `malformed` for what could not be
/// read.
Result<Bytes> seal_key_box(const KeyBoxContent& content, std::span<const SealedRoot> roots,
                           const crypto::SigningKey& signer, Entropy& entropy);

/// What a key box must be of, and not older than.
struct KeyBoxRules {
  std::span<const PublicKey> signers;  ///< those that the caller accepts
  std::optional<KeyBoxHead> newest;    ///< that the caller has seen
  std::uint64_t newest_pin = 0;        ///< Opener::since of the newest PIN that the caller has seen; 0: of none
};

/// What the name's chain says now.
struct PresentChain {
  std::span<const PublicKey> active;  ///< keys of the devices that are active, and the recovery key
  std::uint32_t count = 0;            ///< of statements
  std::uint32_t least_count = 0;      ///< with the last removal or completed reset among them; 0: there was none
};

/// A key box that a verified signer made.
struct KeyBox {
  KeyBoxContent content;
  std::vector<SealedRoot> roots;
  PublicKey signer;
  KeyBoxHead head;

  /// Whether a new generation must begin before anything is written: the box, or one of its openers, was signed by a
  /// key that is not active; or the generation in force began before somebody was removed, who may have chosen its
  /// root, or says that it began later than now.
  bool is_outdated(const PresentChain& chain) const;
};

/// A key box that opened, and whose signatures are their signers'; whether these may is not decided.
class UnverifiedKeyBox {
 public:
  /// With an opener's private key. `crypto_failed` if it is sealed to none of its kind, `invalid_signature`, or an
  /// error of its format.
  static Result<UnverifiedKeyBox> open(ByteView bytes, const crypto::KemPrivateKey& key);
  /// With the root of its generation, as a device keeps it.
  static Result<UnverifiedKeyBox> open(ByteView bytes, const BackupRoot& root);

  const PublicKey& signer() const { return box_.signer; }
  const KeyBoxHead& head() const { return box_.head; }

  /// `not_authorised` for another signer; `stale` for an older version or PIN; `inconsistent` for another box of the
  /// newest version, or a next one that does not follow it.
  Result<KeyBox> verify(const KeyBoxRules& rules) &&;

 private:
  struct Parts;
  explicit UnverifiedKeyBox(KeyBox box) : box_(std::move(box)) {}
  static Result<UnverifiedKeyBox> open(ByteView bytes, Parts parts, const BackupRoot& root);
  KeyBox box_;
};

}  // namespace cairn::vault
