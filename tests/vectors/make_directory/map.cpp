// The map: VRF keys, leaves, roots and proofs.
#include "tests/support/naive_map.h"
#include "tests/vectors/make_directory/maker.h"

namespace cairn::testing {
namespace {

using namespace directory;

Json make_vrf(SeededEntropy& entropy) {
  const auto secret = random_secret<crypto::VrfSecretKey>(entropy);
  const crypto::VrfPublicKey key = crypto::vrf_public_key(secret);
  Json proofs = Json::array();
  const auto put = [&](std::string_view what, const Name& name, const crypto::VrfProof& proof) {
    const auto output = crypto::vrf_verify(key, name.bytes(), proof);
    Json item = item_of(what);
    item["name"] = name.text();
    item["proof"] = hex(proof);
    item["key"] = output ? Json(hex(map_key(*output))) : Json();
    proofs.push_back(std::move(item));
  };
  for (const char* text : {"alice@example.org", "bob@example.org", "a@b.c", "carol@localhost"}) {
    const Name name = *Name::from(text);
    put("a proof", name, crypto::vrf_prove(secret, name.bytes()).proof);
  }
  const Name alice = *Name::from("alice@example.org");
  const auto proof = crypto::vrf_prove(secret, alice.bytes()).proof;
  put("of another name", *Name::from("bob@example.org"), proof);
  for (const std::size_t at : {0u, 33u, 50u}) {
    auto flipped = proof;
    flipped.mutable_view()[at] ^= 1;
    put("a bit is flipped", alice, flipped);
  }
  auto above = proof;
  for (std::size_t i = 48; i < 80; ++i) above.mutable_view()[i] = 0xff;
  put("s is not below the order", alice, above);
  auto wrapped = proof;  // the same s, and the order
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i, carry >>= 8) {
    carry += unsigned{proof.data()[48 + i]} + order[i];
    wrapped.mutable_view()[48 + i] = static_cast<std::uint8_t>(carry);
  }
  put("s and the order", alice, wrapped);
  // Made with the secret key: everything fits, and the output would be the same.
  put("Gamma with a component of small order", alice,
      *crypto::VrfProof::from(
          *from_hex("9444b71b224152cbfae067d6dc08b19ca691ccd72eb5e2a7c7108db4050204adc02825ccbb971fc0"
                    "e62257f2d8f6ccc95ca5d39c632c70e0efec452cabbbae664bd70fd63bdb6adc7ad9fd941d718b09")));
  Json refused = Json::array();
  const std::pair<const char*, const char*> keys[] = {
      {"the identity", "0100000000000000000000000000000000000000000000000000000000000000"},
      {"of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"},
      {"with a component of small order", "ad5b30a39ee28c85d0e3903357b263540127f6780e795a593a819d6400e50d80"},
      {"not canonical: y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
      {"not on the curve", "0200000000000000000000000000000000000000000000000000000000000000"}};
  for (const auto& [what, text] : keys) {
    hold(!crypto::vrf_validate_key(*crypto::VrfPublicKey::from(*from_hex(text))), what);
    refused.push_back({{"what", what}, {"key", text}});
  }
  return {{"secret_key", hex(secret.expose())},
          {"public_key", hex(key)},
          {"proofs", std::move(proofs)},
          {"keys_refused", std::move(refused)}};
}

class Proofs {
 public:
  explicit Proofs(const NaiveMap& map) : map_(map) {}

  void take(std::string_view what, const Hash& key) {
    const MapProof proof = map_.prove(key);
    const auto leaf = proof.verify(map_.root(), key);
    hold(leaf.has_value(), what);
    put(item_of(what), key, wire::encode(proof), *leaf ? Json(hex(wire::encode(**leaf))) : Json());
  }
  void refuse(std::string_view what, const Hash& key, const MapProof& proof) {
    hold(!proof.verify(map_.root(), key), what);
    put(item_of(what, "condition 5"), key, wire::encode(proof), {});
  }
  void refuse_bytes(std::string_view what, const Hash& key, const Bytes& bytes) {
    hold(!wire::decode<MapProof>(bytes), what);
    put(item_of(what, "format"), key, bytes, {});
  }
  Json take_all() { return std::move(proofs_); }

 private:
  void put(Json item, const Hash& key, const Bytes& proof, Json leaf) {
    item["key"] = hex(key);
    item["proof"] = hex(proof);
    if (!item.contains("rule")) item["leaf"] = std::move(leaf);
    proofs_.push_back(std::move(item));
  }

  const NaiveMap& map_;
  Json proofs_ = Json::array();
};

void refuse_proofs(Proofs& proofs, const NaiveMap& map, const Hash& key, const Hash& stranger) {
  MapProof proof = map.prove(key);
  proof.leaf.count += 1;
  proofs.refuse("another leaf", key, proof);
  proof = map.prove(key);
  proof.siblings[0].mutable_view()[3] ^= 1;
  proofs.refuse("another sibling", key, proof);
  proof = map.prove(key);
  proof.end = MapProof::End::empty;
  proofs.refuse("that a name that is there is not", key, proof);
  proof = map.prove(key);
  proof.end = MapProof::End::other;
  proof.other_key = key;
  proofs.refuse("its own leaf as another's", key, proof);
  proofs.refuse("the proof of another key", stranger, map.prove(key));
  proof = map.prove(key);
  proof.siblings.pop_back();
  proofs.refuse("a sibling too few", key, proof);

  Bytes bytes = wire::encode(map.prove(key));
  bytes.push_back(0);
  proofs.refuse_bytes("a byte too many", key, bytes);
  bytes = wire::encode(map.prove(key));
  bytes[0] = static_cast<std::uint8_t>(bytes[0] + 1);  // within the same byte of bits
  proofs.refuse_bytes("a depth whose last sibling is empty", key, bytes);
  bytes = wire::encode(map.prove(key));
  bytes[1] |= 1;
  proofs.refuse_bytes("an unused bit", key, bytes);
  bytes = wire::encode(map.prove(key));
  std::fill(bytes.begin() + 2, bytes.begin() + 2 + Hash::kSize, std::uint8_t{0});
  proofs.refuse_bytes("a sibling of zeros", key, bytes);
}

}  // namespace

Json make_map() {
  SeededEntropy entropy(31);
  Json vrf = make_vrf(entropy);
  NaiveMap map;
  Json leaves = Json::array();
  std::vector<Hash> keys;
  for (int i = 0; i < 8; ++i) keys.push_back(random_value<Hash>(entropy));
  keys.push_back(keys[0]);  // 20 bits in common with the first: a deep leaf
  keys.back().mutable_view()[2] ^= 0x08;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const NameLeaf leaf{i + 1, random_value<Hash>(entropy), i == 3 ? random_value<Hash>(entropy) : Hash{},
                        i == 4 ? random_value<Hash>(entropy) : Hash{}};
    map.leaves[keys[i]] = leaf;
    leaves.push_back({{"key", hex(keys[i])},
                      {"leaf", hex(wire::encode(leaf))},
                      {"hash", hex(map_leaf_hash(keys[i], leaf))},
                      {"root", hex(map.root())}});
  }
  Proofs proofs(map);
  for (const Hash& key : keys) proofs.take("a leaf", key);
  std::optional<Hash> by_empty, by_other;
  while (!by_empty || !by_other) {
    const Hash key = random_value<Hash>(entropy);
    (map.prove(key).end == MapProof::End::empty ? by_empty : by_other) = key;
  }
  proofs.take("absent: the path ends in nothing", *by_empty);
  proofs.take("absent: another leaf is in the way", *by_other);
  Hash twin = keys[1];
  twin.mutable_view()[31] ^= 1;
  proofs.take("absent: a leaf whose key differs in the last bit alone is in the way", twin);
  refuse_proofs(proofs, map, keys[1], *by_other);
  return {{"vrf", std::move(vrf)}, {"leaves", std::move(leaves)}, {"proofs", proofs.take_all()}};
}

}  // namespace cairn::testing
