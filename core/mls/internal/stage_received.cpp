// Processing a commit (RFC 9420 s.12.4.2).
#include "core/mls/internal/group_state.h"

#include "core/crypto/ct.h"

namespace cairn::mls::internal {
namespace {

// The proposals of a commit in its order: cached ones, and those by value, which are checked here and kept in `owned`.
struct Resolved {
  std::deque<CheckedProposal> owned;
  std::vector<const CheckedProposal*> all;
};

Result<Resolved> resolve(const GroupState& state, const Commit& commit, const Sender& committer, const Rules& rules) {
  Resolved out;
  for (const ProposalOrRef& item : commit.proposals) {
    if (const auto* proposal = std::get_if<Proposal>(&item.value)) {
      out.owned.push_back(TRY(check_proposal(*state.suite, state.current, *proposal, committer, rules)));
      out.all.push_back(&out.owned.back());
      continue;
    }
    // RFC 9420 s.12.4.3.2: an external joiner cannot know what was sent within the group.
    REQUIRE(committer.type == SenderType::member, ErrorCode::malformed, "reference in an external commit");
    const CheckedProposal* found = state.find_proposal(std::get<ProposalRef>(item.value));
    REQUIRE(found != nullptr, ErrorCode::not_found, "proposal of a commit");
    REQUIRE(std::find(out.all.begin(), out.all.end(), found) == out.all.end(), ErrorCode::malformed,
            "proposal referenced twice");
    out.all.push_back(found);
  }
  return out;
}

// What the new leaf of the committer takes the place of: its old one, or the one that an external commit removes.
const LeafNode* predecessor(const GroupState& state, const ProposalList& list, const Sender& committer) {
  if (committer.type == SenderType::member) return state.current.tree.leaf(committer.leaf());
  return list.removes.empty() ? nullptr : state.current.tree.leaf(list.removes.front());
}

// Merges the path into the tree, whose signature is verified by that, and has its leaf authenticated.
Status take_path(const GroupState& state, const ProposalList& list, const Commit& commit, const Sender& committer,
                 LeafIndex leaf, std::span<const LeafIndex> added, RatchetTree& tree, const Rules& rules) {
  const LeafNode& node = commit.path->leaf_node;
  TRY(merge_path(*state.suite, tree, leaf, *commit.path, added, state.current.context.group_id));
  TRY(rules.authenticator.authenticate(node));
  const LeafNode* before = predecessor(state, list, committer);
  if (before == nullptr) return ok();
  // RFC 9420 s.12.4.2 and, for the resync of s.12.2, as in an Update.
  REQUIRE(before->encryption_key != node.encryption_key, ErrorCode::invalid_tree, "path keeps the encryption key");
  return rules.authenticator.authenticate_successor(*before, node);
}

// The init secret that the commit starts from (s.8.3 for external ones).
Result<InitSecret> starting_secret(const GroupState& state, const ProposalList& list) {
  if (list.external_init == nullptr) return state.current.secrets.init.clone();
  const crypto::KemKeyPair pair = TRY(derive_external_key(*state.suite, state.current.secrets.external));
  const auto exported = crypto::hpke_receive_export(state.suite->hpke, pair.private_key, list.external_init->kem_output,
                                                    {}, as_bytes(kExternalInit), state.suite->hash_size());
  REQUIRE(exported.has_value(), ErrorCode::crypto_failed, "external init");
  return InitSecret(exported->expose());
}

// Our keys in the new tree, before the path is decrypted.
MemberKeys own_keys(const GroupState& state, const ProposalList& list) {
  MemberKeys out = state.current.keys.clone();
  for (const CheckedProposal* update : list.updates) {
    if (update->sender == Sender::member(state.own_leaf())) {
      CHECK(update->own_key.has_value());
      out.replace_leaf_key(update->own_key->clone());
    }
  }
  return out;
}

struct NewTree {
  RatchetTree tree;
  LeafIndex committer;
  std::vector<LeafIndex> added;
};

Result<NewTree> build_tree(const GroupState& state, const ProposalList& list, const Commit& commit,
                           const Sender& committer, const Rules& rules) {
  // RFC 9420 s.12.4: a path must be there by default, and for these.
  REQUIRE(commit.path || !list.path_required, ErrorCode::malformed, "commit without the path it needs");
  RatchetTree tree = state.current.tree.snapshot();
  std::vector<LeafIndex> added = TRY(apply_list(list, tree));
  const LeafIndex leaf = committer.type == SenderType::member ? committer.leaf() : TRY(tree.reserve());
  if (commit.path) TRY(take_path(state, list, commit, committer, leaf, added, tree, rules));
  return NewTree{std::move(tree), leaf, std::move(added)};
}

// Learns the secrets of the next epoch, and sees that the committer knew them (its confirmation tag).
Result<Epoch> derive_next(const GroupState& state, const ProposalList& list, const Commit& commit, NewTree&& built,
                          const AuthenticatedContent& content, const ExtensionList& extensions,
                          const PskSource& source) {
  const CipherSuite& suite = *state.suite;
  const std::vector<PskInput> psks = TRY(find_psks(state, list.psks, source));
  GroupContext context = provisional_context(state.current.context, built.tree, extensions);
  MemberKeys keys = own_keys(state, list);
  CommitSecret secret = no_commit_secret(suite);
  if (commit.path) {
    const Bytes encoded = wire::encode(context);
    secret = TRY(decrypt_path(suite, built.tree, built.committer, *commit.path, built.added, encoded, keys));
  }
  InitSecret init = TRY(starting_secret(state, list));
  NextEpoch next = next_epoch(suite,
                              {std::move(context), std::move(built.tree), std::move(keys), std::move(init),
                               std::move(secret), derive_psk_secret(suite, psks)},
                              state.current.interim, content);
  REQUIRE(crypto::ct_equal(next.epoch.confirmation_tag, *content.auth.confirmation_tag), ErrorCode::crypto_failed,
          "confirmation tag");
  return std::move(next.epoch);
}

}  // namespace

Result<std::unique_ptr<StagedState>> stage_received(const GroupState& state, const VerifiedContent& content,
                                                    const Rules& rules) {
  const Commit& commit = std::get<Commit>(content->content);
  const Sender& committer = content->sender;
  const Resolved resolved = TRY(resolve(state, commit, committer, rules));
  const ProposalList list = TRY(check_list(resolved.all, committer));
  NewTree built = TRY(build_tree(state, list, commit, committer, rules));
  const ExtensionList& extensions =
      list.group_context_extensions != nullptr ? *list.group_context_extensions : state.current.context.extensions;
  TRY(check_new_tree(built.tree, extensions));

  auto staged = std::make_unique<StagedState>();
  staged->base_epoch = state.current.number();
  staged->base_authenticator = state.current.secrets.authenticator;
  staged->summary = summarise(state, list, built.added, built.tree, committer, built.committer);
  staged->summary.authenticated_data = content->authenticated_data;
  if (!staged->summary.removes_us) {
    staged->next =
        TRY(derive_next(state, list, commit, std::move(built), content.authenticated(), extensions, rules.psks));
  }
  TRY(ask_membership(staged->summary, rules));
  return staged;
}

}  // namespace cairn::mls::internal
