#include "tests/vectors/mls_tree_vectors.h"

#include "core/mls/internal/tree_kem.h"
#include "core/mls/internal/tree_validation.h"
#include "tests/support/seeded_entropy.h"
#include "tests/vectors/mls_suite.h"

namespace cairn::testing {
namespace {

using nlohmann::json;
using namespace mls;
using namespace mls::internal;

Result<RatchetTree> trusted_tree(const CipherSuite& suite, const json& hex) {
  return RatchetTree::trusted(suite, TRY(wire::decode<TreeNodes>(hex_bytes(hex))));
}

Bytes encoded(const RatchetTree& tree) {
  wire::Writer writer;
  tree.write(writer);
  return writer.take();
}

// Compares an entry of a tree-math array, in which null says that there is no such node.
bool matches(const json& expected, std::optional<NodeIndex> actual) {
  return expected.is_null() ? !actual : actual && expected.get<std::uint32_t>() == actual->value;
}

Status tree_math_case(const json& c) {
  const auto size = TreeSize::holding({c.at("n_leaves").get<std::uint32_t>() - 1});
  REQUIRE(size.leaves() == c.at("n_leaves"), kWrong, "leaves");
  REQUIRE(size.nodes() == c.at("n_nodes"), kWrong, "nodes");
  REQUIRE(size.root().value == c.at("root"), kWrong, "root");
  for (NodeIndex x{0}; size.contains(x); ++x.value) {
    const auto below = [&](auto step) { return is_leaf(x) ? std::nullopt : std::optional(step(x)); };
    const auto above = [&](auto step) { return x == size.root() ? std::nullopt : std::optional(step(x)); };
    REQUIRE(matches(c.at("left")[x.value], below(left)), kWrong, "left");
    REQUIRE(matches(c.at("right")[x.value], below(right)), kWrong, "right");
    REQUIRE(matches(c.at("parent")[x.value], above(parent)), kWrong, "parent");
    REQUIRE(matches(c.at("sibling")[x.value], above(sibling)), kWrong, "sibling");
  }
  return ok();
}

Result<VerifiedLeafNode> trusted_leaf(wire::Reader& reader) {
  return VerifiedLeafNode::trusted(TRY(LeafNode::read(reader)));
}

// Reads a KeyPackage up to its leaf (RFC 9420 s.10).
Result<VerifiedLeafNode> trusted_key_package_leaf(wire::Reader& reader) {
  TRY(reader.u16());
  TRY(reader.u16());
  TRY(HpkePublicKey::read(reader));
  return trusted_leaf(reader);
}

Status apply_proposal(RatchetTree& tree, const json& c) {
  const Bytes proposal = hex_bytes(c.at("proposal"));
  wire::Reader reader(proposal);
  switch (TRY(reader.u16())) {
    case 1: {
      const VerifiedLeafNode leaf = TRY(trusted_key_package_leaf(reader));
      TRY(tree.add(leaf));
      return ok();
    }
    case 2: {
      const VerifiedLeafNode leaf = TRY(trusted_leaf(reader));
      return tree.update({c.at("proposal_sender").get<std::uint32_t>()}, leaf);
    }
    case 3: return tree.remove(TRY(LeafIndex::read(reader)));
    default: return fail(kWrong, "proposal type");
  }
}

Status tree_operations_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  RatchetTree tree = TRY(trusted_tree(suite, c.at("tree_before")));
  REQUIRE(equal(tree.tree_hash(), hex_bytes(c.at("tree_hash_before"))), kWrong, "tree hash before");
  TRY(apply_proposal(tree, c));
  REQUIRE(equal(tree.tree_hash(), hex_bytes(c.at("tree_hash_after"))), kWrong, "tree hash after");
  REQUIRE(encoded(tree) == hex_bytes(c.at("tree_after")), kWrong, "tree after");
  return ok();
}

Status tree_validation_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  const json& hashes = c.at("tree_hashes");
  const TreeHash root_hash{Digest(hex_bytes(hashes[hashes.size() / 2]))};
  TreeNodes nodes = TRY(wire::decode<TreeNodes>(hex_bytes(c.at("tree"))));
  const RatchetTree tree = TRY(verify_tree(suite, std::move(nodes), hex_bytes(c.at("group_id")), root_hash));
  REQUIRE(encoded(tree) == hex_bytes(c.at("tree")), kWrong, "tree written again");
  REQUIRE(hashes.size() == tree.size().nodes(), kWrong, "size");
  for (NodeIndex x{0}; tree.size().contains(x); ++x.value) {
    REQUIRE(equal(tree.tree_hash(x), hex_bytes(hashes[x.value])), kWrong, "tree hash");
    std::vector<std::uint32_t> resolution;
    for (NodeIndex node : tree.resolution(x)) resolution.push_back(node.value);
    REQUIRE(c.at("resolutions")[x.value] == resolution, kWrong, "resolution");
  }
  return ok();
}

// The keys of one entry of leaves_private; each must be the private half of what stands in the tree.
Result<MemberKeys> member_keys(const CipherSuite& suite, const RatchetTree& tree, const json& member) {
  wire::Writer writer;
  const LeafIndex self{member.at("index").get<std::uint32_t>()};
  self.write(writer);
  const std::size_t mark = writer.begin_vector();
  const auto put = [&](NodeIndex x, const crypto::KemPrivateKey& key) -> Status {
    const HpkePublicKey* expected = tree.encryption_key(x);
    const Bytes public_key = TRY(crypto::kem_public_key(suite.hpke.kem, key));
    REQUIRE(expected != nullptr && equal(*expected, public_key), kWrong, "private key");
    writer.u32(x.value);
    writer.opaque(key.expose());
    return ok();
  };
  TRY(put(node_of(self), crypto::KemPrivateKey(hex_bytes(member.at("encryption_priv")))));
  for (const json& entry : member.at("path_secrets")) {
    const auto node_secret = derive_secret<PathSecret>(suite, hex_bytes(entry.at("path_secret")), kDeriveNode);
    const auto pair = TRY(crypto::kem_derive_key_pair(suite.hpke.kem, node_secret.expose()));
    TRY(put({entry.at("node").get<std::uint32_t>()}, pair.private_key));
  }
  writer.end_vector(mark);
  return wire::decode<MemberKeys>(writer.view());
}

// GroupContext (RFC 9420 s.8.1) without extensions.
Bytes group_context(const json& c, const RatchetTree& tree) {
  wire::Writer writer;
  writer.u16(kVersionMls10);
  writer.u16(c.at("cipher_suite").get<std::uint16_t>());
  writer.opaque(hex_bytes(c.at("group_id")));
  writer.u64(c.at("epoch").get<std::uint64_t>());
  tree.tree_hash().write(writer);
  writer.opaque(hex_bytes(c.at("confirmed_transcript_hash")));
  writer.length(0);
  return writer.take();
}

bool same_keys(const MemberKeys& a, const MemberKeys& b) {
  return equal(wire::encode_secret(a).expose(), wire::encode_secret(b).expose());
}

// Everybody but the sender learns the path; `secrets[i]`, where given, is the path secret that leaf i finds.
Status learn_path(const CipherSuite& suite, const json& c, const RatchetTree& before, LeafIndex sender,
                  const UpdatePath& path, ByteView expected_commit_secret, const json& secrets) {
  RatchetTree after = before;
  TRY(merge_path(suite, after, sender, path, {}, hex_bytes(c.at("group_id"))));
  const Bytes context = group_context(c, after);
  for (const json& member : c.at("leaves_private")) {
    MemberKeys keys = TRY(member_keys(suite, before, member));
    if (keys.self() == sender) continue;
    const CommitSecret secret = TRY(decrypt_path(suite, after, sender, path, {}, context, keys));
    REQUIRE(equal(secret.expose(), expected_commit_secret), kWrong, "commit secret");
    if (secrets.is_null()) continue;
    MemberKeys implanted = keys.clone();
    TRY(implanted.implant(suite, after, sender, PathSecret(hex_bytes(secrets[keys.self().value]))));
    REQUIRE(same_keys(implanted, keys), kWrong, "path secret");
  }
  return ok();
}

Status own_path(const CipherSuite& suite, const json& c, const RatchetTree& before, const json& member) {
  SeededEntropy entropy(member.at("index").get<std::uint64_t>());
  const LeafIndex sender{member.at("index").get<std::uint32_t>()};
  const crypto::SignaturePrivateKey signature_key(hex_bytes(member.at("signature_priv")));
  RatchetTree after = before;
  CreatedPath created = TRY(CreatedPath::create(suite, after, sender, *before.leaf(sender), signature_key,
                                                hex_bytes(c.at("group_id")), entropy));
  const UpdatePath path = TRY(created.seal(suite, after, {}, group_context(c, after), entropy));
  return learn_path(suite, c, before, sender, path, created.take_commit_secret().expose(), nullptr);
}

Status treekem_case(const json& c) {
  const CipherSuite& suite = *TRY(suite_of(c));
  const RatchetTree before = TRY(trusted_tree(suite, c.at("ratchet_tree")));
  for (const json& update : c.at("update_paths")) {
    const LeafIndex sender{update.at("sender").get<std::uint32_t>()};
    const auto path = TRY(wire::decode<UpdatePath>(hex_bytes(update.at("update_path"))));
    RatchetTree after = before;
    TRY(merge_path(suite, after, sender, path, {}, hex_bytes(c.at("group_id"))));
    REQUIRE(equal(after.tree_hash(), hex_bytes(update.at("tree_hash_after"))), kWrong, "tree hash after");
    TRY(learn_path(suite, c, before, sender, path, hex_bytes(update.at("commit_secret")), update.at("path_secrets")));
  }
  for (const json& member : c.at("leaves_private")) TRY(own_path(suite, c, before, member));
  return ok();
}

}  // namespace

VectorCount run_tree_math(const json& cases) { return run_cases(cases, tree_math_case); }
VectorCount run_tree_operations(const json& cases) { return run_cases(cases, tree_operations_case); }
VectorCount run_tree_validation(const json& cases) { return run_cases(cases, tree_validation_case); }
VectorCount run_treekem(const json& cases) { return run_cases(cases, treekem_case); }

}  // namespace cairn::testing
