#include "core/mls/internal/joining.h"

#include "core/mls/internal/tree_validation.h"

namespace cairn::mls::internal {

Result<RatchetTree> verify_group_info(const CipherSuite& suite, const GroupInfo& info,
                                      const std::optional<ByteView>& beside) {
  REQUIRE(info.group_context.epoch < kMaxEpoch, ErrorCode::over_limit, "epoch of a group info");
  const auto inside = info.extensions.find(extension_type::kRatchetTree);
  REQUIRE(inside || beside, ErrorCode::not_found, "ratchet tree of a group info");
  TreeNodes nodes = TRY(wire::decode<TreeNodes>(inside ? *inside : *beside));
  RatchetTree tree =
      TRY(verify_tree(suite, std::move(nodes), info.group_context.group_id, info.group_context.tree_hash));
  const LeafNode* signer = tree.leaf(info.signer);
  REQUIRE(signer != nullptr, ErrorCode::invalid_tree, "signer of a group info");
  TRY(verify_with_label(suite, signer->signature_key, kSignGroupInfo, info.to_be_signed(), info.signature));
  TRY(check_new_tree(tree, info.group_context.extensions));
  return tree;
}

Status ask_to_join(const CipherSuite& suite, const Epoch& epoch, LeafIndex sender,
                   const std::optional<ResumptionPsk>& continues, const Rules& rules) {
  GroupSummary summary;
  summary.suite = suite.id;
  summary.group_id = epoch.context.group_id;
  summary.epoch = epoch.number();
  summary.extensions = epoch.context.extensions;
  summary.members = epoch.members();
  summary.own_leaf = epoch.own_leaf();
  summary.sender = sender;
  summary.continues = continues;
  for (const Member& member : summary.members) TRY(rules.authenticator.authenticate(*member.node));
  return rules.membership.check_join(summary);
}

Result<GroupInfo> make_group_info(const Epoch& epoch, const crypto::SignatureKey& key, ExtensionList extensions,
                                  TreePlacement tree) {
  GroupInfo out;
  out.group_context = epoch.context;
  out.extensions = std::move(extensions);
  if (tree == TreePlacement::inside) {
    wire::Writer nodes;
    epoch.tree.write(nodes);
    out.extensions.set(extension_type::kRatchetTree, nodes.take());
  }
  out.confirmation_tag = epoch.confirmation_tag;
  out.signer = epoch.own_leaf();
  out.signature = TRY(sign_with_label(key, kSignGroupInfo, out.to_be_signed()));
  return out;
}

}  // namespace cairn::mls::internal
