// Creating a commit (RFC 9420 s.12.4.1), and the Welcome messages that go with it (s.12.4.3.1).
#include "core/mls/internal/group_secrets.h"
#include "core/mls/internal/group_state.h"
#include "core/mls/internal/joining.h"

namespace cairn::mls::internal {
namespace {

// Bytes of a Welcome for one beside what is sealed, at most.
constexpr std::size_t kWelcomeHead = 64;

// Proposals that go into the commit: by reference what was received, by value what is asked for.
struct Selection {
  std::deque<CheckedProposal> owned;
  std::vector<const CheckedProposal*> all;

  void add(CheckedProposal proposal) {
    owned.push_back(std::move(proposal));
    all.push_back(&owned.back());
  }
};

Bytes fresh_nonce(const CipherSuite& suite, Entropy& entropy) {
  Bytes out(suite.hash_size());
  entropy.fill(out);
  return out;
}

// What is asked for, each made a proposal of ours.
Status select_requested(const GroupState& state, const CommitRequest& request, const Rules& rules, Time now,
                        Entropy& entropy, Selection& out) {
  const auto take = [&](Proposal proposal) -> Status {
    const Sender us = Sender::member(state.own_leaf());
    out.add(TRY(check_proposal(*state.suite, state.current, std::move(proposal), us, rules)));
    return ok();
  };
  for (const LeafIndex leaf : request.removes) TRY(take({Remove{leaf}}));
  for (const KeyPackage& package : request.adds) {
    TRY(package.check_lifetime(now));
    TRY(take({Add{package}}));
  }
  for (PreSharedKeyId id : request.psks) {
    id.nonce = fresh_nonce(*state.suite, entropy);
    TRY(take({PreSharedKey{std::move(id)}}));
  }
  if (request.group_context_extensions) TRY(take({GroupContextExtensions{*request.group_context_extensions}}));
  if (request.reinit) TRY(take({*request.reinit}));
  return ok();
}

// RFC 9420 s.11.2, 11.3: the PSK that ties a new group to the one it continues. No other commit may hold such a one, so
// it goes around check_proposal(), which refuses it.
void select_founding(const GroupState& state, const ResumptionPsk& founding, Entropy& entropy, Selection& out) {
  CheckedProposal proposal;
  proposal.proposal = Proposal{PreSharedKey{{founding, fresh_nonce(*state.suite, entropy)}}};
  proposal.sender = Sender::member(state.own_leaf());
  out.add(std::move(proposal));
}

// Whether a received proposal can stand beside those selected so far (s.12.2: "SHOULD prefer any Remove received, or
// the most recent Update"; it is asked from the newest to the oldest).
class Fitting {
 public:
  Fitting(const GroupState& state, const Selection& selection, Time now) : state_(state), now_(now) {
    for (const CheckedProposal* proposal : selection.all) note(*proposal);
    for (const CheckedProposal& proposal : state.proposals) {
      if (const auto* remove = proposal.as<Remove>()) received_removes_.push_back(remove->removed);
    }
  }

  bool fits(const CheckedProposal& proposal) const {
    if (const auto* update = proposal.as<Update>()) {
      static_cast<void>(update);
      const LeafIndex leaf = proposal.sender.leaf();
      return leaf != state_.own_leaf() && !contains(touched_, leaf) && !contains(received_removes_, leaf);
    }
    if (const auto* remove = proposal.as<Remove>()) {
      return remove->removed != state_.own_leaf() && !contains(touched_, remove->removed);
    }
    if (const auto* add = proposal.as<Add>()) {
      const LeafNode& leaf = add->key_package.leaf_node;
      return add->key_package.check_lifetime(now_).has_value() && !contains(added_, leaf.signature_key) &&
             !state_.current.tree.find_signature_key(leaf.signature_key);
    }
    if (const auto* psk = proposal.as<PreSharedKey>()) {
      return !contains(psks_, psk->psk) && psks_.size() < kMaxPsks;
    }
    if (proposal.as<GroupContextExtensions>() != nullptr) return !extensions_changed_;
    return false;  // a ReInit yields to anything else; ExternalInit is never received by itself
  }

  void note(const CheckedProposal& proposal) {
    if (proposal.as<Update>() != nullptr) touched_.push_back(proposal.sender.leaf());
    if (const auto* remove = proposal.as<Remove>()) touched_.push_back(remove->removed);
    if (const auto* add = proposal.as<Add>()) added_.push_back(add->key_package.leaf_node.signature_key);
    if (const auto* psk = proposal.as<PreSharedKey>()) psks_.push_back(psk->psk);
    if (proposal.as<GroupContextExtensions>() != nullptr) extensions_changed_ = true;
  }

 private:
  template <class T>
  static bool contains(const std::vector<T>& list, const T& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  }

  const GroupState& state_;
  Time now_;
  std::vector<LeafIndex> touched_;
  std::vector<LeafIndex> received_removes_;
  std::vector<SignaturePublicKey> added_;
  std::vector<PreSharedKeyId> psks_;
  bool extensions_changed_ = false;
};

bool dropped(const CommitRequest& request, const CheckedProposal& proposal) {
  for (const Bytes& reference : request.received_proposals_to_drop) {
    if (equal(reference, *proposal.reference)) return true;
  }
  return false;
}

using Proposals = std::vector<const CheckedProposal*>;

// Whether our commit of these leads to an epoch that all can enter (s.12.2: "After processing the Commit the ratchet
// tree is invalid"; s.12.4.2: PSKs that are not there).
bool leads_on(const GroupState& state, const Proposals& proposals, const PskSource& psks) {
  const auto list = check_list(proposals, Sender::member(state.own_leaf()));
  if (!list || !find_psks(state, list->psks, psks)) return false;
  RatchetTree tree = state.current.tree;
  if (!apply_list(*list, tree)) return false;
  const bool changes = list->group_context_extensions != nullptr;
  return check_new_tree(tree, changes ? *list->group_context_extensions : state.current.context.extensions).has_value();
}

Proposals joined(const Proposals& newest_first, const Proposals& requested) {
  Proposals out(newest_first.rbegin(), newest_first.rend());
  out.insert(out.end(), requested.begin(), requested.end());
  return out;
}

// Leaves out what each may be in order by itself and yet spoil the whole: any member could keep all others from
// committing with one such proposal.
Proposals without_spoilers(const GroupState& state, const Proposals& newest_first, const Proposals& requested,
                           const PskSource& psks) {
  Proposals out;
  for (const CheckedProposal* proposal : newest_first) {
    out.push_back(proposal);
    if (!leads_on(state, joined(out, requested), psks)) out.pop_back();
  }
  return out;
}

void select_received(const GroupState& state, const CommitRequest& request, Time now, const PskSource& psks,
                     Selection& out) {
  Fitting fitting(state, out, now);
  Proposals chosen;
  for (auto it = state.proposals.rbegin(); it != state.proposals.rend(); ++it) {
    if (chosen.size() + out.all.size() >= kMaxProposals) break;
    if (dropped(request, *it) || !fitting.fits(*it)) continue;
    fitting.note(*it);
    chosen.push_back(&*it);
  }
  if (!chosen.empty() && !leads_on(state, joined(chosen, out.all), psks)) {
    chosen = without_spoilers(state, chosen, out.all, psks);
  }
  out.all = joined(chosen, out.all);
  if (!out.all.empty()) return;
  for (const CheckedProposal& proposal : state.proposals) {  // s.12.2: a ReInit stands alone
    if (proposal.as<ReInit>() != nullptr && !dropped(request, proposal)) {
      out.all.push_back(&proposal);
      return;
    }
  }
}

Commit make_commit(const Selection& selection) {
  Commit out;
  for (const CheckedProposal* proposal : selection.all) {
    if (proposal->reference) {
      out.proposals.push_back({*proposal->reference});
    } else {
      out.proposals.push_back({proposal->proposal});
    }
  }
  return out;
}

LeafNode own_leaf_content(const GroupState& state, const CommitRequest& request) {
  LeafNode out = *state.current.tree.leaf(state.own_leaf());
  if (request.own_leaf) {
    out.capabilities = request.own_leaf->capabilities;
    out.extensions = request.own_leaf->extensions;
  }
  return out;
}

// One for all: what everybody learns is sealed once, and what each learns alone stands beside it.
Result<Welcome> make_welcome(const GroupState& state, const CommitRequest& request, const ProposalList& list,
                             std::span<const LeafIndex> added, const NextEpoch& next,
                             const std::optional<CreatedPath>& path, Entropy& entropy) {
  Welcome out;
  const CipherSuite& suite = *state.suite;
  out.cipher_suite = suite.number();
  if (added.empty()) return out;
  const GroupInfo info = TRY(make_group_info(next.epoch, state.identity.key(), {}, request.tree));
  out.encrypted_group_info = seal_group_info(suite, info, next.welcome.clone());
  for (std::size_t i = 0; i < added.size(); ++i) {
    const VerifiedKeyPackage& package = *list.adds[i]->key_package;
    GroupSecrets secrets{next.joiner.clone(), std::nullopt, list.psks};
    if (path) secrets.path_secret = path->secret_for(added[i]).clone();
    out.secrets.push_back(TRY(seal_group_secrets(suite, secrets, package.reference(), package.package().init_key,
                                                 out.encrypted_group_info, entropy)));
  }
  const std::size_t one = out.encrypted_group_info.size() + wire::encode(out.secrets.front()).size() + kWelcomeHead;
  REQUIRE(one <= kMaxMessageSize, ErrorCode::over_limit, "size of a welcome");
  return out;
}

Result<Bytes> send_commit(GroupState& state, AuthenticatedContent content, Entropy& entropy) {
  Epoch& epoch = state.current;
  if (content.wire_format == WireFormat::public_message) {
    const PublicMessage message =
        TRY(protect_public(*state.suite, std::move(content), epoch.secrets.membership, epoch.encoded_context));
    return encode_message(message);
  }
  const PrivateMessage message =
      TRY(protect_private(*state.suite, content, epoch.secret_tree, epoch.secrets.sender_data, entropy));
  return encode_message(message);
}

WireFormat wire_format(HandshakeFormat format) {
  return format == HandshakeFormat::public_message ? WireFormat::public_message : WireFormat::private_message;
}

// The tree after the proposals, and the path that was put into it.
struct OwnTree {
  RatchetTree tree;
  std::vector<LeafIndex> added;
  std::optional<CreatedPath> path;
};

Result<OwnTree> build_own_tree(const GroupState& state, const CommitRequest& request, const ProposalList& list,
                               Entropy& entropy) {
  OwnTree out{state.current.tree.snapshot(), {}, std::nullopt};
  out.added = TRY(apply_list(list, out.tree));
  if (list.path_required || request.path == PathUse::always || request.own_leaf) {
    out.path = TRY(CreatedPath::create(*state.suite, out.tree, state.own_leaf(), own_leaf_content(state, request),
                                       state.identity.private_key(), state.current.context.group_id, entropy));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<StagedState>> stage_own(GroupState& state, const CommitRequest& request, const Rules& rules,
                                               Time now, Entropy& entropy, const ResumptionPsk* founding) {
  const CipherSuite& suite = *state.suite;
  const Sender committer = Sender::member(state.own_leaf());
  Selection selection;
  TRY(select_requested(state, request, rules, now, entropy, selection));
  if (founding != nullptr) select_founding(state, *founding, entropy, selection);
  REQUIRE(selection.all.size() <= kMaxProposals, ErrorCode::over_limit, "proposals of a commit");
  select_received(state, request, now, rules.psks, selection);
  const ProposalList list = TRY(check_list(selection.all, committer));
  const std::vector<PskInput> psks = TRY(find_psks(state, list.psks, rules.psks));
  OwnTree built = TRY(build_own_tree(state, request, list, entropy));
  const ExtensionList& extensions =
      list.group_context_extensions != nullptr ? *list.group_context_extensions : state.current.context.extensions;
  TRY(check_new_tree(built.tree, extensions));

  auto staged = std::make_unique<StagedState>();
  staged->base_epoch = state.current.number();
  staged->base_authenticator = state.current.secrets.authenticator;
  staged->summary = summarise(state, list, built.added, built.tree, committer, state.own_leaf());
  staged->summary.authenticated_data = request.authenticated_data;
  staged->summary.is_own = true;
  TRY(ask_membership(staged->summary, rules));

  GroupContext context = provisional_context(state.current.context, built.tree, extensions);
  Commit commit = make_commit(selection);
  CommitSecret secret = no_commit_secret(suite);
  MemberKeys keys = state.current.keys.clone();
  if (built.path) {
    commit.path = TRY(built.path->seal(suite, built.tree, built.added, wire::encode(context), entropy));
    secret = built.path->take_commit_secret();
    keys = built.path->take_keys();
  }
  FramedContent framed;
  framed.group_id = state.current.context.group_id;
  framed.epoch = state.current.number();
  framed.sender = committer;
  framed.authenticated_data = request.authenticated_data;
  framed.content = std::move(commit);
  AuthenticatedContent content = TRY(sign_content(wire_format(request.format), std::move(framed), state.identity.key(),
                                                  state.current.encoded_context));
  NextEpoch next = next_epoch(suite,
                              {std::move(context), std::move(built.tree), std::move(keys),
                               state.current.secrets.init.clone(), std::move(secret), derive_psk_secret(suite, psks)},
                              state.current.interim, content);
  content.auth.confirmation_tag = next.epoch.confirmation_tag;
  staged->welcome = TRY(make_welcome(state, request, list, built.added, next, built.path, entropy));
  staged->next = std::move(next.epoch);
  staged->commit = TRY(send_commit(state, std::move(content), entropy));
  REQUIRE(staged->commit.size() <= kMaxMessageSize, ErrorCode::over_limit, "size of a commit");
  return staged;
}

}  // namespace cairn::mls::internal
