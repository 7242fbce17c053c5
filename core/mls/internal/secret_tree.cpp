#include "core/mls/internal/secret_tree.h"

namespace cairn::mls::internal {

SecretTree::SecretTree(const CipherSuite& suite, EncryptionSecret&& root, TreeSize size) : SecretTree(suite, size) {
  const EncryptionSecret consumed = std::move(root);
  nodes_.emplace(size.root(), NodeSecret(consumed.expose()));
}

// RFC 9420 s.9.
SecretTree::NodeSecret SecretTree::derive_child(const NodeSecret& secret, NodeIndex parent, NodeIndex child) const {
  const std::string_view side = child < parent ? "left" : "right";
  return expand_with_label<NodeSecret>(*suite_, secret.expose(), kDeriveTree, as_bytes(side), suite_->hash_size());
}

SecretTree::RatchetSecret SecretTree::first_secret(const NodeSecret& leaf_secret, RatchetKind kind) const {
  const auto label = kind == RatchetKind::handshake ? kDeriveHandshake : kDeriveApplication;
  return derive_secret<RatchetSecret>(*suite_, leaf_secret.expose(), label);
}

// RFC 9420 s.9.1.
MessageKey SecretTree::derive_key(const RatchetSecret& secret, std::uint32_t generation) const {
  MessageKey out;
  out.key = derive_tree_secret<decltype(out.key)>(*suite_, secret.expose(), kDeriveKey, generation, suite_->key_size());
  out.nonce =
      derive_tree_secret<decltype(out.nonce)>(*suite_, secret.expose(), kDeriveNonce, generation, suite_->nonce_size());
  return out;
}

SecretTree::RatchetSecret SecretTree::derive_next(const RatchetSecret& secret, std::uint32_t generation) const {
  return derive_tree_secret<RatchetSecret>(*suite_, secret.expose(), kDeriveSecret, generation, suite_->hash_size());
}

// A leaf that is in the tree and not in leaves_ has exactly one node of nodes_ above it, or is one.
NodeIndex SecretTree::nearest_known(NodeIndex node) const {
  while (!nodes_.contains(node)) {
    CHECK(node != size_.root());
    node = parent(node);
  }
  return node;
}

SecretTree::RatchetSecret SecretTree::derive_first(LeafIndex leaf, RatchetKind kind) const {
  NodeIndex x = nearest_known(node_of(leaf));
  NodeSecret secret = nodes_.at(x).clone();
  while (x != node_of(leaf)) {
    const NodeIndex child = is_below(node_of(leaf), left(x)) ? left(x) : right(x);
    secret = derive_child(secret, x, child);
    x = child;
  }
  return first_secret(secret, kind);
}

// RFC 9420 s.9.2: a secret goes when all that it gives was derived.
SecretTree::Leaf& SecretTree::expand(LeafIndex leaf) {
  if (const auto found = leaves_.find(leaf); found != leaves_.end()) return found->second;
  NodeIndex x = nearest_known(node_of(leaf));
  NodeSecret secret = std::move(nodes_.at(x));
  nodes_.erase(x);
  while (x != node_of(leaf)) {
    const bool goes_left = is_below(node_of(leaf), left(x));
    const NodeIndex child = goes_left ? left(x) : right(x);
    const NodeIndex other = goes_left ? right(x) : left(x);
    nodes_.emplace(other, derive_child(secret, x, other));
    secret = derive_child(secret, x, child);
    x = child;
  }
  Leaf& out = leaves_[leaf];
  if (!handshake_dropped_) out[RatchetKind::handshake].secret = first_secret(secret, RatchetKind::handshake);
  out[RatchetKind::application].secret = first_secret(secret, RatchetKind::application);
  return out;
}

// RFC 9420 s.15.2: a key encrypts one message, so that no bound of an AEAD comes near.
Result<SecretTree::Outgoing> SecretTree::next_key(LeafIndex leaf, RatchetKind kind) {
  CHECK(size_.contains(leaf) && !(handshake_dropped_ && kind == RatchetKind::handshake) && !is_dropped());
  Ratchet& ratchet = expand(leaf)[kind];
  REQUIRE(ratchet.generation < ~std::uint32_t{0}, ErrorCode::over_limit, "generations of a ratchet");
  Outgoing out{ratchet.generation, derive_key(ratchet.secret, ratchet.generation)};
  ratchet.secret = derive_next(ratchet.secret, ratchet.generation);
  ++ratchet.generation;
  return out;
}

// RFC 9420 s.15.3.
Result<SecretTree::Incoming> SecretTree::find_key(LeafIndex leaf, RatchetKind kind, std::uint32_t generation) const {
  REQUIRE(size_.contains(leaf), ErrorCode::malformed, "sender's leaf");
  REQUIRE(!is_dropped(), ErrorCode::stale, "message of an epoch that was forgotten");
  REQUIRE(!(handshake_dropped_ && kind == RatchetKind::handshake), ErrorCode::stale, "handshake of a former epoch");
  const auto found = leaves_.find(leaf);
  const Ratchet* ratchet = found == leaves_.end() ? nullptr : &found->second[kind];
  const std::uint32_t head = ratchet == nullptr ? 0 : ratchet->generation;

  Incoming out;
  out.leaf_ = leaf;
  out.kind_ = kind;
  out.generation_ = generation;
  if (generation < head) {
    const auto kept = ratchet->kept.find(generation);
    REQUIRE(kept != ratchet->kept.end(), ErrorCode::duplicate, "key of a generation was used");
    out.key_ = kept->second.clone();
    return out;
  }
  REQUIRE(generation - head <= kMaxForwardJump && generation != ~std::uint32_t{0}, ErrorCode::over_limit,
          "generation too far ahead");
  out.from_head_ = true;
  RatchetSecret secret = ratchet == nullptr ? derive_first(leaf, kind) : ratchet->secret.clone();
  for (std::uint32_t i = head; i < generation; ++i) {
    if (generation - i <= kOutOfOrderWindow) out.skipped_.push_back({i, derive_key(secret, i)});
    secret = derive_next(secret, i);
  }
  out.key_ = derive_key(secret, generation);
  out.next_secret_ = derive_next(secret, generation);
  return out;
}

// RFC 9420 s.9.2: a key goes when it was used, and the secret that gave it too.
void SecretTree::accept(Incoming&& incoming) {
  Incoming consumed = std::move(incoming);
  Ratchet& ratchet = expand(consumed.leaf_)[consumed.kind_];
  if (!consumed.from_head_) {
    ratchet.kept.erase(consumed.generation_);
    return;
  }
  CHECK(consumed.generation_ >= ratchet.generation);
  for (Incoming::Skipped& skipped : consumed.skipped_) ratchet.kept.emplace(skipped.generation, std::move(skipped.key));
  ratchet.secret = std::move(consumed.next_secret_);
  ratchet.generation = consumed.generation_ + 1;
  const std::uint32_t oldest = ratchet.generation > kOutOfOrderWindow ? ratchet.generation - kOutOfOrderWindow : 0;
  ratchet.kept.erase(ratchet.kept.begin(), ratchet.kept.lower_bound(oldest));
}

void SecretTree::drop_handshake() {
  handshake_dropped_ = true;
  for (auto& [index, leaf] : leaves_) leaf[RatchetKind::handshake] = Ratchet();
}

void SecretTree::drop() {
  handshake_dropped_ = true;
  nodes_.clear();
  leaves_.clear();
}

void SecretTree::write(wire::Writer& writer) const {
  writer.u32(size_.leaves());
  writer.u8(handshake_dropped_ ? 1 : 0);
  const std::size_t nodes = writer.begin_vector();
  for (const auto& [index, secret] : nodes_) {
    writer.u32(index.value);
    writer.opaque(secret.expose());
  }
  writer.end_vector(nodes);
  const std::size_t leaves = writer.begin_vector();
  for (const auto& [index, leaf] : leaves_) {
    index.write(writer);
    for (const Ratchet& ratchet : leaf.ratchets) {
      writer.opaque(ratchet.secret.expose());
      writer.u32(ratchet.generation);
      const std::size_t kept = writer.begin_vector();
      for (const auto& [generation, key] : ratchet.kept) {
        writer.u32(generation);
        writer.opaque(key.key.expose());
        writer.opaque(key.nonce.expose());
      }
      writer.end_vector(kept);
    }
  }
  writer.end_vector(leaves);
}

namespace {

template <class SecretType>
Result<SecretType> read_secret(wire::Reader& reader, std::size_t size) {
  const ByteView bytes = TRY(reader.opaque(SecretType::kMaxSize));
  REQUIRE(bytes.size() == size, ErrorCode::malformed, "size of a stored secret");
  return SecretType(bytes);
}

}  // namespace

Result<SecretTree> SecretTree::read(const CipherSuite& suite, wire::Reader& reader) {
  const std::uint32_t width = TRY(reader.u32());
  REQUIRE(std::has_single_bit(width) && width <= kMaxLeaves, ErrorCode::malformed, "stored secret tree");
  SecretTree out(suite, TreeSize::holding({width - 1}));
  out.handshake_dropped_ = TRY(reader.presence());
  wire::Reader nodes = TRY(reader.nested(wire::kMaxVectorSize));
  while (!nodes.done()) {
    const NodeIndex index { TRY(nodes.u32()) };
    REQUIRE(out.size_.contains(index), ErrorCode::malformed, "stored secret tree");
    out.nodes_.emplace(index, TRY(read_secret<NodeSecret>(nodes, suite.hash_size())));
  }
  wire::Reader leaves = TRY(reader.nested(wire::kMaxVectorSize));
  while (!leaves.done()) {
    const LeafIndex index = TRY(LeafIndex::read(leaves));
    REQUIRE(out.size_.contains(index), ErrorCode::malformed, "stored secret tree");
    Leaf& leaf = out.leaves_[index];
    for (RatchetKind kind : {RatchetKind::handshake, RatchetKind::application}) {
      const bool dropped = kind == RatchetKind::handshake && out.handshake_dropped_;
      leaf[kind].secret = TRY(read_secret<RatchetSecret>(leaves, dropped ? 0 : suite.hash_size()));
      leaf[kind].generation = TRY(leaves.u32());
      wire::Reader kept = TRY(leaves.nested(wire::kMaxVectorSize));
      while (!kept.done()) {
        const std::uint32_t generation = TRY(kept.u32());
        MessageKey key;
        key.key = TRY(read_secret<decltype(key.key)>(kept, suite.key_size()));
        key.nonce = TRY(read_secret<decltype(key.nonce)>(kept, suite.nonce_size()));
        leaf[kind].kept.emplace(generation, std::move(key));
      }
    }
  }
  TRY(out.check_cover());
  return out;
}

// Every leaf must be reached by exactly one of the secrets, for then one is always found; or all were dropped.
Status SecretTree::check_cover() const {
  if (is_dropped()) return ok();
  std::vector<std::uint8_t> reached(size_.leaves());
  for (const auto& [index, secret] : nodes_) {
    for (std::uint32_t i = first_below(index).value / 2; i <= last_below(index).value / 2; ++i) {
      REQUIRE(++reached[i] == 1, ErrorCode::malformed, "stored secret tree");
    }
  }
  for (const auto& [index, leaf] : leaves_) {
    REQUIRE(++reached[index.value] == 1, ErrorCode::malformed, "stored secret tree");
  }
  for (const std::uint8_t count : reached) REQUIRE(count == 1, ErrorCode::malformed, "stored secret tree");
  return ok();
}

}  // namespace cairn::mls::internal
