// Vectors about groups: treekem, welcome, passive clients.
#include "core/mls/forge_fixture.h"
#include "tests/vectors/make/maker.h"

namespace cairn::testing {

using namespace mls;
using namespace mls::internal;
using mls::fixture::World;

namespace {

using PathSecrets = std::map<NodeIndex, PathSecret>;

// A tree whose every secret is known.
struct OpenTree {
  RatchetTree tree;
  std::vector<crypto::SignaturePrivateKey> signature_keys;
  std::map<LeafIndex, crypto::KemPrivateKey> leaf_keys = {};
  PathSecrets secrets = {};
};

struct MadeLeaf {
  VerifiedLeafNode leaf;
  crypto::SignaturePrivateKey signature_key;
  crypto::KemPrivateKey encryption_key;
};

MadeLeaf make_leaf(Maker& m, std::uint32_t index) {
  auto signer = crypto::generate_signature_key(m.suite.signature, m.entropy);
  crypto::KemKeyPair pair = crypto::kem_generate(m.suite.hpke.kem, m.entropy);
  LeafNode leaf;
  leaf.encryption_key.bytes = pair.public_key;
  leaf.signature_key.bytes = to_bytes(signer.public_key);
  leaf.credential = Credential::basic(to_bytes("member " + std::to_string(index)));
  leaf.capabilities = LeafOptions::basic(m.suite.id, {}).capabilities;
  leaf.origin = Lifetime{0, ~std::uint64_t{0}};
  auto made = must(VerifiedLeafNode::sign(m.suite, signer.private_key, std::move(leaf), std::nullopt));
  return {std::move(made), std::move(signer.private_key), std::move(pair.private_key)};
}

GroupContext context_of(const Json& c, const CipherSuite& suite, const RatchetTree& tree) {
  GroupContext out;
  out.cipher_suite = suite.number();
  out.group_id.bytes = *from_hex(c.at("group_id").get<std::string>());
  out.epoch = c.at("epoch").get<std::uint64_t>();
  out.tree_hash = tree.tree_hash();
  out.confirmed_transcript_hash.digest = Digest(*from_hex(c.at("confirmed_transcript_hash").get<std::string>()));
  return out;
}

CreatedPath create_path(Maker& m, const OpenTree& group, RatchetTree& tree, LeafIndex sender, ByteView group_id) {
  return must(CreatedPath::create(m.suite, tree, sender, *tree.leaf(sender), group.signature_keys[sender.value],
                                  group_id, m.entropy));
}

// A commit of `sender`: its path, and what each node of it is from then on.
void commit(Maker& m, OpenTree& group, LeafIndex sender, ByteView group_id) {
  CreatedPath path = create_path(m, group, group.tree, sender, group_id);
  for (LeafIndex leaf{0}; group.tree.size().contains(leaf); ++leaf.value) {
    if (leaf == sender || group.tree.leaf(leaf) == nullptr) continue;
    for (const PathStep& step : group.tree.filtered_direct_path(sender)) {
      if (!is_below(node_of(leaf), step.node)) continue;
      group.secrets.insert_or_assign(step.node, path.secret_for(leaf).clone());
      break;
    }
  }
  group.leaf_keys.insert_or_assign(sender, path.take_keys().find(node_of(sender))->clone());
}

Json leaves_private(const OpenTree& group) {
  Json out = Json::array();
  for (LeafIndex leaf{0}; group.tree.size().contains(leaf); ++leaf.value) {
    if (group.tree.leaf(leaf) == nullptr) continue;
    Json secrets = Json::array();
    for (const PathStep& step : direct_path(leaf, group.tree.size())) {
      const ParentNode* node = group.tree.parent_node(step.node);
      if (node == nullptr) continue;
      const auto& unmerged = node->unmerged_leaves;
      if (std::find(unmerged.begin(), unmerged.end(), leaf) != unmerged.end()) continue;
      secrets.push_back({{"node", step.node.value}, {"path_secret", hex(group.secrets.at(step.node).expose())}});
    }
    out.push_back({{"index", leaf.value},
                   {"encryption_priv", hex(group.leaf_keys.at(leaf).expose())},
                   {"signature_priv", hex(group.signature_keys[leaf.value].expose())},
                   {"path_secrets", std::move(secrets)}});
  }
  return out;
}

Json update_path(Maker& m, const OpenTree& group, const Json& c, LeafIndex sender) {
  RatchetTree after = group.tree;
  const Bytes group_id = *from_hex(c.at("group_id").get<std::string>());
  CreatedPath path = create_path(m, group, after, sender, group_id);
  const UpdatePath sealed = must(path.seal(m.suite, after, {}, wire::encode(context_of(c, m.suite, after)), m.entropy));
  Json secrets = Json::array();
  for (LeafIndex leaf{0}; after.size().contains(leaf); ++leaf.value) {
    const bool learns = leaf != sender && after.leaf(leaf) != nullptr;
    secrets.push_back(learns ? Json(hex(path.secret_for(leaf).expose())) : Json(nullptr));
  }
  return {{"sender", sender.value},
          {"update_path", hex(wire::encode(sealed))},
          {"path_secrets", std::move(secrets)},
          {"commit_secret", hex(path.take_commit_secret().expose())},
          {"tree_hash_after", hex(after.tree_hash())}};
}

}  // namespace

Json make_treekem(Maker& m, std::uint32_t leaves) {
  Json out = {{"cipher_suite", m.suite.number()},
              {"group_id", hex(m.random(32))},
              {"epoch", m.entropy.below(1 << 16)},
              {"confirmed_transcript_hash", hex(m.secret())}};
  const Bytes group_id = *from_hex(out.at("group_id").get<std::string>());
  MadeLeaf first = make_leaf(m, 0);
  OpenTree group{RatchetTree(m.suite, first.leaf), {}};
  group.signature_keys.push_back(std::move(first.signature_key));
  group.leaf_keys.insert_or_assign(LeafIndex{0}, std::move(first.encryption_key));
  // After every second newcomer somebody commits, so that some nodes are blank and some leaves unmerged.
  for (std::uint32_t i = 1; i < leaves; ++i) {
    MadeLeaf made = make_leaf(m, i);
    const LeafIndex leaf = must(group.tree.add(made.leaf));
    group.signature_keys.push_back(std::move(made.signature_key));
    group.leaf_keys.insert_or_assign(leaf, std::move(made.encryption_key));
    if (i % 2 == 1) commit(m, group, {static_cast<std::uint32_t>(m.entropy.below(i))}, group_id);
  }
  wire::Writer tree;
  group.tree.write(tree);
  out["ratchet_tree"] = hex(tree.view());
  out["leaves_private"] = leaves_private(group);
  out["update_paths"] = Json::array();
  for (std::uint32_t i = 0; i < leaves; ++i) out["update_paths"].push_back(update_path(m, group, out, {i}));
  return out;
}

namespace {

Json private_half(const PrivateKeyPackage& package) {
  return {{"key_package", hex(encode_message(package.package()))},
          {"signature_priv", hex(package.identity().private_key().expose())},
          {"encryption_priv", hex(package.encryption_key().expose())},
          {"init_priv", hex(package.init_key().expose())}};
}

}  // namespace

Json make_welcome(Maker& m) {
  World world(m.suite.id, m.entropy.next());
  Group group = world.create("signer");
  const PrivateKeyPackage package = world.key_package("newcomer");
  const PendingCommit& pending = world.stage(group, {.adds = {package.package()}});
  return {{"cipher_suite", m.suite.number()},
          {"init_priv", hex(package.init_key().expose())},
          {"signer_pub", hex(group.member({0})->node->signature_key)},
          {"key_package", hex(encode_message(package.package()))},
          {"welcome", hex(pending.welcomes().at(0).message)}};
}

Json make_passive_welcome(Maker& m, WelcomePsk psk, WelcomeTree tree) {
  World world(m.suite.id, m.entropy.next());
  std::vector<Group> groups = world.group_of(4);
  Json out = {{"cipher_suite", m.suite.number()}, {"external_psks", Json::array()}};
  CommitRequest request;
  if (psk == WelcomePsk::external) {
    const Bytes id = m.random(32);
    const Bytes key = m.secret();
    world.psks.keys[id] = key;
    request.psks = {{ExternalPsk{{id}}, {}}};
    out["external_psks"].push_back({{"psk_id", hex(id)}, {"psk", hex(key)}});
  }
  const PrivateKeyPackage package = world.key_package("newcomer");
  request.adds = {package.package()};
  if (tree == WelcomeTree::beside) request.tree = TreePlacement::beside;
  const PendingCommit& pending = world.stage(groups[2], request);
  out.update(private_half(package));
  out["welcome"] = hex(pending.welcomes().at(0).message);
  out["ratchet_tree"] = tree == WelcomeTree::beside ? Json(hex(pending.ratchet_tree())) : Json(nullptr);
  out["initial_epoch_authenticator"] = hex(pending.epoch_authenticator());
  out["epochs"] = Json::array();
  return out;
}

namespace {

// A group that changes at random, and what one quiet member of it receives.
class Village {
 public:
  Village(Maker& m, Json& out) : m_(m), world_(m.suite.id, m.entropy.next()), out_(out) {
    groups_ = world_.group_of(4);
    out_["external_psks"] = Json::array();
    for (int i = 0; i < 2; ++i) {
      const Bytes id = m.random(16);
      const Bytes key = m.secret();
      world_.psks.keys[id] = key;
      out_["external_psks"].push_back({{"psk_id", hex(id)}, {"psk", hex(key)}});
    }
    const PrivateKeyPackage package = world_.key_package("quiet");
    const PendingCommit& pending = world_.stage(groups_[0], {.adds = {package.package()}});
    out_.update(private_half(package));
    out_["welcome"] = hex(pending.welcomes().at(0).message);
    out_["ratchet_tree"] = nullptr;
    out_["initial_epoch_authenticator"] = hex(pending.epoch_authenticator());
    finish(0);
  }

  Json epoch() {
    Json out = {{"proposals", Json::array()}};
    const std::size_t proposer = any();
    const std::size_t committer = any_but(proposer);
    if (m_.entropy.below(2) == 0) {
      const Bytes proposal = propose(proposer);
      for (std::size_t i = 0; i < groups_.size(); ++i) {
        if (i != proposer) must(world_.process(groups_[i], proposal));
      }
      out["proposals"].push_back(hex(proposal));
    }
    const CommitRequest request = any_request(committer);
    out["commit"] = hex(world_.stage(groups_[committer], request).commit());
    finish(committer);
    out["epoch_authenticator"] = hex(groups_[0].epoch_authenticator());
    return out;
  }

 private:
  std::size_t any() { return m_.entropy.below(groups_.size()); }
  std::size_t any_but(std::size_t other) { return (other + 1 + m_.entropy.below(groups_.size() - 1)) % groups_.size(); }
  HandshakeFormat any_format() {
    return m_.entropy.below(2) == 0 ? HandshakeFormat::public_message : HandshakeFormat::private_message;
  }
  PreSharedKeyId any_psk() {
    const std::string id = out_.at("external_psks").at(m_.entropy.below(2)).at("psk_id").get<std::string>();
    return {ExternalPsk{{*from_hex(id)}}, {}};
  }
  PrivateKeyPackage newcomer() { return world_.key_package("newcomer " + std::to_string(++newcomers_)); }

  Bytes propose(std::size_t who) {
    switch (m_.entropy.below(3)) {
      case 0: return must(groups_[who].propose_update(std::nullopt, world_.entropy, any_format()));
      case 1: {
        const HandshakeFormat format = any_format();  // compilers differ in which argument is evaluated first
        return must(groups_[who].propose_psk(any_psk(), world_.rules, world_.entropy, format));
      }
      default: {
        packages_.push_back(newcomer());
        return must(groups_[who].propose_add(packages_.back().package(), world_.rules, world_.now, world_.entropy,
                                             any_format()));
      }
    }
  }

  CommitRequest any_request(std::size_t committer) {
    CommitRequest out;
    out.format = any_format();
    out.path = m_.entropy.below(2) == 0 ? PathUse::always : PathUse::when_required;
    if (m_.entropy.below(3) == 0) out.psks.push_back(any_psk());
    if (m_.entropy.below(4) == 0) {
      out.group_context_extensions.emplace();
      out.group_context_extensions->set(extension_type::kRequiredCapabilities, wire::encode(RequiredCapabilities{}));
    }
    const bool removes = groups_.size() > 3 && m_.entropy.below(2) == 0;
    const std::size_t gone = any_but(committer);
    if (removes) out.removes.push_back(groups_[gone].own_leaf());
    if (groups_.size() < 6 && m_.entropy.below(2) == 0) {
      packages_.push_back(newcomer());
      out.adds.push_back(packages_.back().package());
    }
    return out;
  }

  // The pending commit of `committer` is accepted by all, and newcomers join.
  void finish(std::size_t committer) {
    const PendingCommit& pending = *groups_[committer].pending();
    std::vector<Group> next;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (i != committer) world_.follow(groups_[i], pending.commit());
    }
    for (const OutgoingWelcome& welcome : pending.welcomes()) {
      for (const PrivateKeyPackage& package : packages_) {
        if (package.reference() == welcome.key_package) next.push_back(world_.join(welcome.message, package));
      }
    }
    must(groups_[committer].merge_pending());
    for (Group& group : groups_) {
      if (group.is_active()) next.push_back(std::move(group));
    }
    groups_ = std::move(next);
    packages_.clear();
  }

  Maker& m_;
  World world_;
  Json& out_;
  std::vector<Group> groups_;  // without the quiet one
  std::vector<PrivateKeyPackage> packages_;
  std::size_t newcomers_ = 0;
};

}  // namespace

Json make_passive_random(Maker& m, std::size_t epochs) {
  Json out;
  out["cipher_suite"] = m.suite.number();
  Village village(m, out);
  Json made = Json::array();
  for (std::size_t i = 0; i < epochs; ++i) made.push_back(village.epoch());
  out["epochs"] = std::move(made);
  return out;
}

}  // namespace cairn::testing
