// What a GroupInfo tells before one joins by it.
#pragma once

#include "core/mls/rules.h"

namespace cairn::mls {

/// A group as a GroupInfo describes it. Its tree is sound, and the member at `signer` signed it; whether its leaves are
/// who they say is for an Authenticator, which Group::join_external() asks.
struct GroupPreview {
  SuiteId suite = kDefaultSuite;
  GroupId group_id;
  std::uint64_t epoch = 0;
  ExtensionList extensions;     ///< of the GroupContext
  std::vector<Member> members;  ///< ascending by leaf
  LeafIndex signer;
};

/// `group_info` is an MLSMessage. Errors as those of Group::join_external() before it asks the rules.
Result<GroupPreview> preview_group(ByteView group_info, const std::optional<ByteView>& ratchet_tree = std::nullopt);

}  // namespace cairn::mls
