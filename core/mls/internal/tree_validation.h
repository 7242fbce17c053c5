// What a newcomer checks before it believes a ratchet tree (RFC 9420 s.7.3, 7.9.2, 12.4.3.1).
#pragma once

#include "core/mls/internal/ratchet_tree.h"

namespace cairn::mls::internal {

/// Makes a RatchetTree of one that somebody sent, when
///   - its tree hash is the expected one (of the signed GroupInfo), which is looked at before the dear checks,
///   - unmerged leaves are members below their node, and known to every node between,
///   - every key is a key of the suite, and no encryption key and no signature key stands twice,
///   - every parent is parent-hash valid,
///   - every leaf is consistent and its signature holds at its place in this group.
/// `invalid_tree`, `duplicate`, `invalid_signature`, `unsupported` or `malformed` otherwise. Costs one signature
/// verification a member. Credentials and lifetimes are for the caller.
Result<RatchetTree> verify_tree(const CipherSuite& suite, TreeNodes nodes, ByteView group_id,
                                const TreeHash& expected_tree_hash);

/// The part of verify_tree that says who set the keys above the leaves (s.7.9.2); unmerged leaves were checked.
/// `invalid_tree` otherwise.
Status verify_parent_hashes(const RatchetTree& tree);

/// Whether every member supports what the group requires (s.11.1) and the credential types of all others (s.7.3);
/// `unsupported` otherwise. To be asked of the tree of every new epoch.
Status check_support(const RatchetTree& tree, const RequiredCapabilities& required);

}  // namespace cairn::mls::internal
