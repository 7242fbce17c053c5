// Manifests: what a snapshot is, signed by a device (docs/spec/backup.md s.4).
#pragma once

#include <span>

#include "core/crypto/signature.h"
#include "core/vault/chunk_index.h"
#include "core/vault/tree.h"

namespace cairn::vault {

/// Where in a name's snapshots one stands.
struct SnapshotHead {
  std::uint64_t counter = 0;
  Hash hash;  ///< of the ManifestContent

  friend bool operator==(const SnapshotHead&, const SnapshotHead&) = default;
};

struct ManifestContent {
  std::uint32_t generation = 0;
  VaultId vault;
  std::uint64_t counter = 0;  ///< from 1
  Hash previous;
  Time created;
  Bytes chain;  ///< (count, head) of the name's chain as its signer knew it; the caller's format
  std::uint64_t entry_count = 0;
  Tree entries;
  Tree batched;
  Tree own;
  std::vector<IndexReference> indexes;  ///< none twice

  void write(wire::Writer& writer) const;
  static Result<ManifestContent> read(wire::Reader& reader);
  SnapshotHead head() const;
};

/// What a manifest must be of, and not older than.
struct ManifestRules {
  std::uint32_t generation;
  VaultId vault;
  std::span<const PublicKey> signers;  ///< those that the caller accepts
  std::uint64_t newest_counter;        ///< that the caller has learned of; 0: of none
};

/// Signed and sealed, under a new id.
Object seal_manifest(const VaultKeys& keys, const ManifestContent& content, const crypto::SigningKey& signer,
                     Entropy& entropy);

/// A manifest whose signature is its signer's; whether that signer may is not decided.
class UnverifiedManifest {
 public:
  /// `crypto_failed` if it is not of this vault or not under this id, `invalid_signature`, or an error of its format.
  static Result<UnverifiedManifest> open(const VaultKeys& keys, const ObjectId& id, ByteView sealed);

  const PublicKey& signer() const { return signer_; }
  std::uint64_t counter() const { return content_.counter; }
  /// The same for the same manifest under another id.
  SnapshotHead head() const { return content_.head(); }
  Time created() const { return content_.created; }

  /// `wrong_group` for another vault or generation, `not_authorised` for another signer, `stale` for an older counter.
  Result<ManifestContent> verify(const ManifestRules& rules) const;

 private:
  UnverifiedManifest(ManifestContent content, const PublicKey& signer)
      : content_(std::move(content)), signer_(signer) {}
  ManifestContent content_;
  PublicKey signer_;
};

}  // namespace cairn::vault
