// Entering a group: as its creator (RFC 9420 s.11), or by a Welcome (s.12.4.3.1).
#include "core/mls/group.h"
#include "core/mls/internal/group_secrets.h"
#include "core/mls/internal/joining.h"
#include "core/mls/internal/successor.h"

namespace cairn::mls {

using namespace internal;

Result<Group> Group::create(const GroupParameters& parameters, const SigningIdentity& identity,
                            const LeafOptions& options, Entropy& entropy) {
  const CipherSuite& suite = cipher_suite(parameters.suite);
  REQUIRE(parameters.group_id.bytes.size() <= kMaxIdSize, ErrorCode::over_limit, "group id");
  crypto::KemKeyPair pair = crypto::kem_generate(suite.hpke.kem, entropy);
  LeafNode leaf;
  leaf.encryption_key.bytes = std::move(pair.public_key);
  leaf.signature_key = identity.public_key();
  leaf.credential = identity.credential();
  leaf.capabilities = options.capabilities;
  leaf.origin = options.lifetime;
  leaf.extensions = options.extensions;
  const VerifiedLeafNode signed_leaf = TRY(VerifiedLeafNode::sign(identity.key(), std::move(leaf), std::nullopt));
  RatchetTree tree(suite, signed_leaf);
  TRY(check_new_tree(tree, parameters.extensions));

  GroupContext context;
  context.cipher_suite = suite.number();
  context.group_id = parameters.group_id;
  context.tree_hash = tree.tree_hash();
  context.extensions = parameters.extensions;
  Epoch epoch = start_epoch(suite, std::move(context), std::move(tree),
                            MemberKeys(LeafIndex{0}, std::move(pair.private_key)), random_epoch_secret(suite, entropy));
  return Group(std::make_unique<GroupState>(GroupState{&suite, identity.clone(), std::move(epoch)}));
}

namespace {

Result<Welcome> read_welcome(ByteView message, const PrivateKeyPackage& package) {
  MlsMessage decoded = TRY(MlsMessage::decode(message));
  auto* welcome = std::get_if<Welcome>(&decoded.body);
  REQUIRE(welcome != nullptr, ErrorCode::malformed, "not a welcome");
  REQUIRE(welcome->cipher_suite == package.package().cipher_suite, ErrorCode::unsupported, "welcome of another suite");
  return std::move(*welcome);
}

// The PSKs that a Welcome names, and which of them ties the group to the one it continues (s.11.2, 11.3).
struct WelcomePsks {
  std::vector<PskInput> all;
  std::optional<ResumptionPsk> founding;
};

// `predecessor` is the group that this one must continue; null when it must not continue any.
Result<WelcomePsks> welcome_psks(const CipherSuite& suite, const std::vector<PreSharedKeyId>& ids,
                                 const PskSource& source, const GroupState* predecessor) {
  WelcomePsks out;
  for (const PreSharedKeyId& id : ids) {
    REQUIRE(id.nonce.size() == suite.hash_size(), ErrorCode::malformed, "psk nonce's size");
    if (const auto* external = std::get_if<ExternalPsk>(&id.key)) {
      Psk psk = TRY(source.external(external->id));
      out.all.push_back({id, std::move(psk)});
      continue;
    }
    const auto& resumption = std::get<ResumptionPsk>(id.key);
    if (resumption.usage == ResumptionUsage::application) {
      Psk psk = TRY(source.resumption(resumption));
      out.all.push_back({id, std::move(psk)});
      continue;
    }
    REQUIRE(predecessor != nullptr, ErrorCode::unsupported, "successor of another group");
    REQUIRE(!out.founding, ErrorCode::malformed, "group that continues twice");  // s.12.4.3.1: "the only such PSK"
    TRY(check_founding_key(*predecessor, resumption));
    Psk psk = TRY(resumption_psk(*predecessor, resumption.epoch));
    out.all.push_back({id, std::move(psk)});
    out.founding = resumption;
  }
  REQUIRE(predecessor == nullptr || out.founding, ErrorCode::malformed, "group that continues nothing");
  return out;
}

// Our keys: of the leaf that is the key package's, and above it what the path secret tells.
Result<MemberKeys> welcome_keys(const CipherSuite& suite, const RatchetTree& tree, const PrivateKeyPackage& package,
                                LeafIndex signer, std::optional<PathSecret> secret) {
  const auto self = tree.find_signature_key(package.identity().public_key());
  REQUIRE(self && *tree.leaf(*self) == package.package().leaf_node, ErrorCode::invalid_tree, "own leaf is not there");
  REQUIRE(*self != signer, ErrorCode::invalid_tree, "welcome signed by ourselves");
  MemberKeys out(*self, package.encryption_key().clone());
  if (secret) TRY(out.implant(suite, tree, signer, std::move(*secret)));
  TRY(out.check_complete(tree));
  return out;
}

}  // namespace

Result<Group> Group::join(const JoinRequest& request, const Rules& rules) {
  return join_by_welcome(request, rules, nullptr);
}

Result<Group> Group::join_by_welcome(const JoinRequest& request, const Rules& rules, const GroupState* predecessor) {
  const PrivateKeyPackage& package = request.key_package;
  const CipherSuite& suite = cipher_suite(package.suite());
  const Welcome welcome = TRY(read_welcome(request.welcome, package));
  GroupSecrets secrets = TRY(open_group_secrets(suite, welcome, package.reference(), package.init_key()));
  const WelcomePsks psks = TRY(welcome_psks(suite, secrets.psks, rules.psks, predecessor));
  MemberSecret member = derive_member(suite, std::move(secrets.joiner_secret), derive_psk_secret(suite, psks.all));
  GroupInfo info = TRY(open_group_info(suite, welcome.encrypted_group_info, derive_welcome(suite, member)));
  REQUIRE(info.group_context.cipher_suite == suite.number(), ErrorCode::unsupported, "group of another suite");
  if (psks.founding) TRY(check_successor_context(*predecessor, *psks.founding, info.group_context));

  RatchetTree tree = TRY(verify_group_info(suite, info, request.ratchet_tree));
  MemberKeys keys = TRY(welcome_keys(suite, tree, package, info.signer, std::move(secrets.path_secret)));
  EpochSecret secret = derive_epoch(suite, std::move(member), wire::encode(info.group_context));
  Epoch epoch = start_epoch(suite, std::move(info.group_context), std::move(tree), std::move(keys), std::move(secret));
  TRY(check_confirmation_tag(suite, epoch.secrets.confirmation, epoch.context.confirmed_transcript_hash,
                             info.confirmation_tag));
  TRY(ask_to_join(suite, epoch, info.signer, psks.founding, rules));
  if (psks.founding) {
    TRY(check_successor_members(*predecessor, *psks.founding, epoch.tree, rules.authenticator));
  }
  return Group(std::make_unique<GroupState>(GroupState{&suite, package.identity().clone(), std::move(epoch)}));
}

}  // namespace cairn::mls
