// A leaf: one device's appearance in a group, signed by that device (RFC 9420 s.7.2).
#pragma once

#include <memory>
#include <variant>

#include "core/base/environment.h"
#include "core/mls/credential.h"
#include "core/mls/extension.h"
#include "core/mls/suite.h"

namespace cairn::mls {

/// What a client supports. Default proposals and extensions are not listed; unknown and GREASE values are kept. Each
/// list has at most kMaxCapabilities entries.
struct Capabilities {
  std::vector<std::uint16_t> versions;
  std::vector<std::uint16_t> cipher_suites;
  std::vector<std::uint16_t> extensions;
  std::vector<std::uint16_t> proposals;
  std::vector<std::uint16_t> credentials;

  /// Whether this client can do what a group requires (s.11.1); default types need no listing (s.7.2).
  bool cover(const RequiredCapabilities& required) const;

  void write(wire::Writer& writer) const;
  static Result<Capabilities> read(wire::Reader& reader);
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

/// Whether `value` is an entry of the list.
bool lists(const std::vector<std::uint16_t>& list, std::uint16_t value);

/// When a leaf from a key package may enter a group; seconds since 1970-01-01 UTC, both ends included.
struct Lifetime {
  std::uint64_t not_before = 0;
  std::uint64_t not_after = 0;

  bool contains(Time now) const { return not_before <= now.ms / kSecondMs && now.ms / kSecondMs <= not_after; }
  /// Its length; 0 when it ends before it begins.
  std::uint64_t total_seconds() const { return not_after > not_before ? not_after - not_before : 0; }

  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

/// How a leaf came into the tree.
enum class LeafNodeSource : std::uint8_t { key_package = 1, update = 2, commit = 3 };

/// What a leaf says beside its source: a Lifetime in a key package, nothing in an update, the parent hash in a commit.
struct FromUpdate {
  friend bool operator==(const FromUpdate&, const FromUpdate&) = default;
};
using LeafNodeOrigin = std::variant<Lifetime, FromUpdate, ParentHash>;

/// The place that the signatures of updates and commits are bound to. The view lives as long as its owner.
struct LeafPosition {
  ByteView group_id;
  LeafIndex index;
};

/// A leaf as it travels: nothing in it is verified.
struct LeafNode {
  HpkePublicKey encryption_key;
  SignaturePublicKey signature_key;
  Credential credential;
  Capabilities capabilities;
  LeafNodeOrigin origin;
  ExtensionList extensions;
  SignatureBytes signature;

  LeafNodeSource source() const { return static_cast<LeafNodeSource>(origin.index() + 1); }

  void write(wire::Writer& writer) const;
  static Result<LeafNode> read(wire::Reader& reader);
  friend bool operator==(const LeafNode&, const LeafNode&) = default;

  /// LeafNodeTBS. `position` is left out for key packages and needed for the other two (CHECKed).
  Bytes to_be_signed(const std::optional<LeafPosition>& position) const;

 private:
  void write_content(wire::Writer& writer) const;
};

/// Whether a leaf of any source is consistent in itself and its signature holds at `position` (left out for key
/// packages): its encryption key is a key of the suite; version, suite, credential type and extension types stand in
/// its capabilities (s.7.2, 7.3). `invalid_tree`, `unsupported`, `malformed`, `over_limit` (above kMaxLeafNodeSize) or
/// `invalid_signature` otherwise. Who it belongs to is for the Authenticator; lifetime, required capabilities and
/// uniqueness are for the group.
Status verify_leaf_node(const CipherSuite& suite, const LeafNode& leaf, const std::optional<LeafPosition>& position);

/// A leaf for which verify_leaf_node() holds at the place it is used in. Immutable and shared: a copy costs a pointer.
class VerifiedLeafNode {
 public:
  /// A leaf of a KeyPackage; `invalid_tree` unless its source says so.
  static Result<VerifiedLeafNode> from_key_package(const CipherSuite& suite, LeafNode leaf);
  /// A leaf of an Update proposal, or of the UpdatePath of a Commit, whose sender sits at `position`.
  static Result<VerifiedLeafNode> from_update(const CipherSuite& suite, LeafNode leaf, const LeafPosition& position);
  static Result<VerifiedLeafNode> from_commit(const CipherSuite& suite, LeafNode leaf, const LeafPosition& position);

  /// Signs a leaf of our own: `signature` is replaced. `position` as in to_be_signed; `key` belongs to
  /// leaf.signature_key. `over_limit` above kMaxLeafNodeSize.
  static Result<VerifiedLeafNode> sign(const crypto::SignatureKey& key, LeafNode leaf,
                                       const std::optional<LeafPosition>& position);
  /// Likewise with a key whose public half is worked out first: half the cost of a signature more. `malformed` when it
  /// is no key of the suite.
  static Result<VerifiedLeafNode> sign(const CipherSuite& suite, const crypto::SignaturePrivateKey& key, LeafNode leaf,
                                       const std::optional<LeafPosition>& position);
  /// A leaf that was verified before it went into our own storage.
  static VerifiedLeafNode trusted(LeafNode leaf) { return VerifiedLeafNode(std::move(leaf)); }

  const LeafNode& operator*() const { return *leaf_; }
  const LeafNode* operator->() const { return leaf_.get(); }
  const std::shared_ptr<const LeafNode>& shared() const { return leaf_; }

 private:
  explicit VerifiedLeafNode(LeafNode leaf) : leaf_(std::make_shared<const LeafNode>(std::move(leaf))) {}

  std::shared_ptr<const LeafNode> leaf_;
};

}  // namespace cairn::mls
