// What everybody who enters a group by a GroupInfo checks (RFC 9420 s.12.4.3).
#pragma once

#include "core/mls/internal/group_state.h"
#include "core/mls/welcome.h"

namespace cairn::mls::internal {

/// The verified tree of a GroupInfo: from its ratchet_tree extension or from `beside` (`not_found` when it is in
/// neither), with the tree's own rules, the signer's signature, and support for the extensions of the group.
Result<RatchetTree> verify_group_info(const CipherSuite& suite, const GroupInfo& info,
                                      const std::optional<ByteView>& beside);

/// Asks the Authenticator about every leaf of an epoch that we are about to be in, and Membership about the whole.
Status ask_to_join(const CipherSuite& suite, const Epoch& epoch, LeafIndex sender,
                   const std::optional<ResumptionPsk>& continues, const Rules& rules);

/// A GroupInfo of this epoch, signed by us, with the tree when it shall be inside.
Result<GroupInfo> make_group_info(const Epoch& epoch, const crypto::SignatureKey& key, ExtensionList extensions,
                                  TreePlacement tree);

}  // namespace cairn::mls::internal
