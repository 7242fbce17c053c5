// The map, its proofs and what an audit concludes from them, against the naive model. Keys come from few bytes, so that
// they collide; proofs are spoilt by the input.
#include "core/directory/map.h"
#include "tests/support/naive_map.h"

namespace {

using namespace cairn;
using namespace cairn::directory;

/// Reads small numbers; zeros when the input is used up.
class Input {
 public:
  explicit Input(ByteView bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  std::uint8_t next() {
    if (rest_.empty()) return 0;
    const std::uint8_t out = rest_[0];
    rest_ = rest_.subspan(1);
    return out;
  }
  Hash key() {
    Hash out;
    const std::uint8_t shape = next();
    out.mutable_view()[0] = next();
    // Deep trees are rare, for the model is slow.
    out.mutable_view()[shape < 250 ? shape % 4 : shape % 32] = next();
    return out;
  }

 private:
  ByteView rest_;
};

std::optional<NameLeaf> find(const testing::NaiveMap& model, const Hash& key) {
  const auto leaf = model.leaves.find(key);
  return leaf == model.leaves.end() ? std::nullopt : std::optional(leaf->second);
}

bool too_close(const testing::NaiveMap& model, const Hash& key) {
  for (const auto& [other, leaf] : model.leaves) {
    if (other != key && shared_bits(other, key) >= kMaxMapDepth) return true;
  }
  return false;
}

void check_proof_of(const Map& map, const testing::NaiveMap& model, const Hash& key, Input& input) {
  const MapProof proof = map.prove(key);
  CHECK(proof == model.prove(key));
  CHECK(*proof.verify(map.root(), key) == find(model, key));
  Bytes bytes = wire::encode(proof);
  bytes[input.next() % bytes.size()] ^= input.next();
  const auto spoilt = wire::decode<MapProof>(bytes);
  if (!spoilt) return;
  const auto proven = spoilt->verify(map.root(), key);
  CHECK(!proven || *spoilt == proof);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  Map map;
  testing::NaiveMap model;
  for (int round = 0; round < 8 && !input.done(); ++round) {
    testing::NaiveMap next = model;
    std::map<Hash, NameLeaf> changed;
    for (int count = input.next() % 8; count >= 0; --count) {
      const Hash key = input.key();
      if (too_close(next, key)) continue;
      changed[key] = NameLeaf{std::uint64_t{input.next()} + 1, key, {}, {}};
      next.leaves[key] = changed[key];
    }
    std::vector<Hash> keys;
    std::vector<LeafChange> changes;
    std::vector<LeafUpdate> updates;
    for (const auto& [key, leaf] : changed) {
      keys.push_back(key);
      changes.push_back({key, leaf});
      updates.push_back({key, find(model, key), leaf});
    }
    const auto [leaves, proof] = map.excerpt(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) CHECK(leaves.at(i) == find(model, keys[i]));
    const auto roots = proof.evaluate(updates);
    CHECK(roots && roots->before == model.root() && roots->after == next.root());

    TreeProof spoilt = proof;
    spoilt.nodes[input.next() % spoilt.nodes.size()] ^= input.next();
    const auto wrong = spoilt.evaluate(updates);
    CHECK(!wrong || wrong->before != model.root() || spoilt == proof);

    map.update(changes);
    model = std::move(next);
    CHECK(map.root() == model.root());
    check_proof_of(map, model, input.key(), input);
  }
  return 0;
}
