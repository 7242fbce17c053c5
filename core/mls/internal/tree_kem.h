// The secret half of the ratchet tree (RFC 9420 s.7.4 to 7.6): new keys along a path, made by one and learned by all.
#pragma once

#include <map>

#include "core/mls/internal/labelled.h"
#include "core/mls/internal/ratchet_tree.h"
#include "core/mls/update_path.h"

namespace cairn::mls::internal {

/// The secret that goes with one node of a path; a node's key and the next node's secret follow from it.
using PathSecret = ShortSecret<struct PathSecretTag>;
/// What a commit brings into the key schedule (s.8): path_secret[n+1].
using CommitSecret = ShortSecret<struct CommitSecretTag>;

/// The commit_secret of a commit without a path: Nh zeros (s.12.4.1).
inline CommitSecret no_commit_secret(const CipherSuite& suite) { return CommitSecret(suite.hash_size()); }

/// The private keys that one member holds: of its leaf, and of parents above it whose secret it has learned.
/// A commit that blanks parents always has a path (s.12.4), and decrypt_path() wipes the keys of those that stay blank.
class MemberKeys {
 public:
  MemberKeys(LeafIndex self, crypto::KemPrivateKey leaf_key);

  LeafIndex self() const { return self_; }
  /// The private key of a node; null when this member does not hold it.
  const crypto::KemPrivateKey* find(NodeIndex x) const;
  MemberKeys clone() const;

  /// The new leaf's key, when an Update of this member's own is among the proposals; before decrypt_path().
  void replace_leaf_key(crypto::KemPrivateKey key);

  /// Takes the path secret that came with a Welcome (s.12.4.3.1), which is for the lowest node above both `signer` and
  /// this member, and derives the keys from there to the root. `invalid_tree` unless they are the tree's; then nothing
  /// has changed.
  Status implant(const CipherSuite& suite, const RatchetTree& tree, LeafIndex signer, PathSecret secret);

  /// Whether this member holds the key of every parent above it but those at which its leaf is unmerged, so that it
  /// will find a path secret in any commit; `invalid_tree` otherwise.
  Status check_complete(const RatchetTree& tree) const;

  /// For our own storage, encrypted there.
  void write(wire::Writer& writer) const;
  static Result<MemberKeys> read(wire::Reader& reader);

 private:
  friend class CreatedPath;
  friend Result<CommitSecret> decrypt_path(const CipherSuite&, const RatchetTree&, LeafIndex, const UpdatePath&,
                                           std::span<const LeafIndex>, ByteView, MemberKeys&);

  void forget_blank(const RatchetTree& tree);

  LeafIndex self_;
  std::map<NodeIndex, crypto::KemPrivateKey> keys_;
};

/// A path that we made (s.7.5). In two steps, because path secrets are sealed under the GroupContext, which holds the
/// hash of the tree that the first step makes.
class CreatedPath {
 public:
  /// Draws new keys for `sender` and its filtered direct path, and merges them into `tree`, to which the proposals of
  /// the commit were applied. `content` is the sender's new leaf but for its encryption key, origin and signature,
  /// which are set here. `sender` may be blank (external commit). `duplicate` when content's signature key is another
  /// member's.
  static Result<CreatedPath> create(const CipherSuite& suite, RatchetTree& tree, LeafIndex sender, LeafNode content,
                                    const crypto::SignaturePrivateKey& signature_key, ByteView group_id,
                                    Entropy& entropy);

  /// The UpdatePath for the wire. `tree` as create() left it; `new_leaves` were added by this very commit and get
  /// their path secret in the Welcome instead; `group_context` is the provisional one, encoded.
  Result<UpdatePath> seal(const CipherSuite& suite, const RatchetTree& tree, std::span<const LeafIndex> new_leaves,
                          ByteView group_context, Entropy& entropy) const;

  /// What the Welcome tells a new member: the secret of the lowest node above it and the sender.
  const PathSecret& secret_for(LeafIndex new_leaf) const;

  /// Each once, at the end: the secret for the key schedule, and the sender's keys in the new tree.
  CommitSecret take_commit_secret() { return std::move(commit_secret_); }
  MemberKeys take_keys() { return std::move(keys_); }

 private:
  CreatedPath(LeafIndex sender, VerifiedLeafNode leaf, MemberKeys keys)
      : sender_(sender), leaf_(std::move(leaf)), keys_(std::move(keys)) {}

  LeafIndex sender_;
  VerifiedLeafNode leaf_;
  MemberKeys keys_;
  std::vector<PathStep> steps_;
  std::vector<PathSecret> secrets_;  // one for each step
  CommitSecret commit_secret_;
};

/// Checks the public part of an UpdatePath (s.7.3, 7.5, 12.4.2) and merges it into `tree`, to which the proposals of
/// the commit were applied: length and ciphertext counts fit, all keys are valid and new, the parent hash and the
/// leaf's signature hold. On an error `tree` is unchanged. The leaf's credential is for the caller.
Status merge_path(const CipherSuite& suite, RatchetTree& tree, LeafIndex sender, const UpdatePath& path,
                  std::span<const LeafIndex> new_leaves, ByteView group_id);

/// Learns the secrets of an UpdatePath that was merged into `tree`: `keys` get those above this member, and the
/// commit_secret comes back. `crypto_failed` when it cannot be decrypted, `invalid_tree` when the secret does not
/// give the public keys of the path; then `keys` are unchanged. `keys.self()` is neither the sender nor new.
Result<CommitSecret> decrypt_path(const CipherSuite& suite, const RatchetTree& tree, LeafIndex sender,
                                  const UpdatePath& path, std::span<const LeafIndex> new_leaves, ByteView group_context,
                                  MemberKeys& keys);

}  // namespace cairn::mls::internal
