// Coming in without a Welcome: GroupInfo and external commits (RFC 9420 s.8.3, 12.4.3.2).
#include "core/mls/group.h"
#include "core/mls/internal/group_state.h"
#include "core/mls/internal/joining.h"
#include "core/mls/preview.h"

namespace cairn::mls {

using namespace internal;

Result<Bytes> Group::group_info(TreePlacement tree) const {
  TRY(check_can_send());
  const crypto::KemKeyPair pair = TRY(derive_external_key(*state_->suite, state_->current.secrets.external));
  ExtensionList extensions;
  extensions.set(extension_type::kExternalPub, wire::encode(HpkePublicKey{pair.public_key}));
  const GroupInfo info = TRY(make_group_info(state_->current, state_->identity.key(), std::move(extensions), tree));
  return encode_message(info);
}

namespace {

Result<GroupInfo> read_group_info(ByteView message) {
  MlsMessage decoded = TRY(MlsMessage::decode(message));
  auto* info = std::get_if<GroupInfo>(&decoded.body);
  REQUIRE(info != nullptr, ErrorCode::malformed, "not a group info");
  return std::move(*info);
}

// RFC 9420 s.8.3: the init secret that we bring along, and the proposal that tells it to the members.
struct OwnInit {
  InitSecret secret;
  ExternalInit proposal;
};

Result<OwnInit> make_init(const CipherSuite& suite, const GroupInfo& info, Entropy& entropy) {
  const auto data = info.extensions.find(extension_type::kExternalPub);
  REQUIRE(data.has_value(), ErrorCode::not_found, "external key of a group info");
  const auto external_pub = TRY(wire::decode<HpkePublicKey>(*data));
  crypto::HpkeExport made =
      TRY(crypto::hpke_send_export(suite.hpke, external_pub, {}, as_bytes(kExternalInit), suite.hash_size(), entropy));
  return OwnInit{InitSecret(made.secret.expose()), ExternalInit{std::move(made.kem_output)}};
}

LeafNode leaf_content(const ExternalJoinRequest& request) {
  LeafNode out;
  out.signature_key = request.identity.public_key();
  out.credential = request.identity.credential();
  out.capabilities = request.leaf.capabilities;
  out.extensions = request.leaf.extensions;
  return out;
}

// The external commit over a tree from which our former leaf was removed.
struct OwnPath {
  LeafIndex leaf;
  CreatedPath path;
};

Result<OwnPath> enter_tree(const CipherSuite& suite, const ExternalJoinRequest& request, const GroupInfo& info,
                           RatchetTree& tree, Entropy& entropy) {
  if (request.replaces) TRY(tree.remove(*request.replaces));
  const LeafIndex leaf = TRY(tree.reserve());
  CreatedPath path = TRY(CreatedPath::create(suite, tree, leaf, leaf_content(request), request.identity.private_key(),
                                             info.group_context.group_id, entropy));
  TRY(check_new_tree(tree, info.group_context.extensions));
  return OwnPath{leaf, std::move(path)};
}

// RFC 9420 s.12.2: an external commit may hold PSKs. A joiner has no epochs of its own, so all come from the source.
Result<std::vector<PskInput>> choose_psks(const CipherSuite& suite, const ExternalJoinRequest& request,
                                          const PskSource& source, Entropy& entropy) {
  REQUIRE(request.psks.size() <= kMaxPsks, ErrorCode::over_limit, "psks of a commit");
  std::vector<PskInput> out;
  for (PreSharedKeyId id : request.psks) {
    id.nonce.resize(suite.hash_size());
    entropy.fill(id.nonce);
    if (const auto* external = std::get_if<ExternalPsk>(&id.key)) {
      Psk psk = TRY(source.external(external->id));
      out.push_back({std::move(id), std::move(psk)});
      continue;
    }
    const auto& resumption = std::get<ResumptionPsk>(id.key);
    REQUIRE(resumption.usage == ResumptionUsage::application, ErrorCode::malformed,
            "psk usage outside of its procedure");
    Psk psk = TRY(source.resumption(resumption));
    out.push_back({std::move(id), std::move(psk)});
  }
  return out;
}

Result<AuthenticatedContent> sign_commit(const ExternalJoinRequest& request, const GroupInfo& info, ExternalInit init,
                                         std::span<const PskInput> psks, UpdatePath path) {
  Commit commit;
  commit.proposals.push_back({Proposal{std::move(init)}});
  if (request.replaces) commit.proposals.push_back({Proposal{Remove{*request.replaces}}});
  for (const PskInput& psk : psks) commit.proposals.push_back({Proposal{PreSharedKey{psk.id}}});
  commit.path = std::move(path);
  FramedContent framed;
  framed.group_id = info.group_context.group_id;
  framed.epoch = info.group_context.epoch;
  framed.sender = {SenderType::new_member_commit, 0};
  framed.authenticated_data = request.authenticated_data;
  framed.content = std::move(commit);
  return sign_content(WireFormat::public_message, std::move(framed), request.identity.key(),
                      wire::encode(info.group_context));
}

}  // namespace

Result<GroupPreview> preview_group(ByteView group_info, const std::optional<ByteView>& ratchet_tree) {
  const GroupInfo info = TRY(read_group_info(group_info));
  const CipherSuite& suite = cipher_suite(TRY(find_suite(info.group_context.cipher_suite)));
  const RatchetTree tree = TRY(verify_group_info(suite, info, ratchet_tree));
  GroupPreview out;
  out.suite = suite.id;
  out.group_id = info.group_context.group_id;
  out.epoch = info.group_context.epoch;
  out.extensions = info.group_context.extensions;
  out.signer = info.signer;
  for (std::uint32_t i = 0; i < tree.size().leaves(); ++i) {
    if (auto node = tree.shared_leaf({i})) out.members.push_back({{i}, std::move(node)});
  }
  return out;
}

Result<ExternalJoin> Group::join_external(const ExternalJoinRequest& request, const Rules& rules, Entropy& entropy) {
  REQUIRE(request.authenticated_data.size() <= kMaxAuthenticatedDataSize, ErrorCode::over_limit, "authenticated data");
  const GroupInfo info = TRY(read_group_info(request.group_info));
  const CipherSuite& suite = cipher_suite(TRY(find_suite(info.group_context.cipher_suite)));
  RatchetTree tree = TRY(verify_group_info(suite, info, request.ratchet_tree));
  OwnInit init = TRY(make_init(suite, info, entropy));
  OwnPath own = TRY(enter_tree(suite, request, info, tree, entropy));
  GroupContext context = provisional_context(info.group_context, tree, info.group_context.extensions);
  UpdatePath path = TRY(own.path.seal(suite, tree, {}, wire::encode(context), entropy));
  const std::vector<PskInput> psks = TRY(choose_psks(suite, request, rules.psks, entropy));
  AuthenticatedContent content = TRY(sign_commit(request, info, std::move(init.proposal), psks, std::move(path)));

  const InterimTranscriptHash before =
      interim_hash(suite, info.group_context.confirmed_transcript_hash, info.confirmation_tag);
  NextEpoch next = next_epoch(suite,
                              {std::move(context), std::move(tree), own.path.take_keys(), std::move(init.secret),
                               own.path.take_commit_secret(), derive_psk_secret(suite, psks)},
                              before, content);
  content.auth.confirmation_tag = next.epoch.confirmation_tag;
  TRY(ask_to_join(suite, next.epoch, info.signer, std::nullopt, rules));
  const PublicMessage message{std::move(content.content), std::move(content.auth), std::nullopt};
  Group group(std::make_unique<GroupState>(GroupState{&suite, request.identity.clone(), std::move(next.epoch)}));
  return ExternalJoin{std::move(group), encode_message(message)};
}

}  // namespace cairn::mls
