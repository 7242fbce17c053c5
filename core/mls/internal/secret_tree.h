// The secret tree (RFC 9420 s.9): keys for every message of every member of one epoch, each used once.
//
//            encryption_secret            A node's secret is gone once its children are derived, a ratchet's once
//             /             \             the next is, a key once its message was read. What is left cannot give
//          "left"        "right"          any of it back.
#pragma once

#include <map>

#include "core/mls/internal/key_schedule.h"
#include "core/mls/internal/tree_math.h"

namespace cairn::mls::internal {

/// A leaf has two ratchets (s.9.1).
enum class RatchetKind : std::uint8_t { handshake = 0, application = 1 };

/// What one message is encrypted with.
struct MessageKey {
  ShortSecret<struct MessageKeyTag> key;
  ShortSecret<struct MessageNonceTag> nonce;

  MessageKey clone() const { return {key.clone(), nonce.clone()}; }
};

class SecretTree {
 public:
  SecretTree(const CipherSuite& suite, EncryptionSecret&& root, TreeSize size);

  /// The next key of a ratchet of our own; it is spent. `over_limit` when the generations have run out.
  struct Outgoing {
    std::uint32_t generation = 0;
    MessageKey key;
  };
  Result<Outgoing> next_key(LeafIndex leaf, RatchetKind kind);

  /// A key found for a message, and what accepting that message will change. Holds for the tree as it was.
  class Incoming {
   public:
    const MessageKey& key() const { return key_; }

   private:
    friend class SecretTree;
    struct Skipped {
      std::uint32_t generation;
      MessageKey key;
    };

    LeafIndex leaf_;
    RatchetKind kind_ = RatchetKind::handshake;
    std::uint32_t generation_ = 0;
    MessageKey key_;
    bool from_head_ = false;  // else from the kept keys
    ShortSecret<struct RatchetSecretTag> next_secret_;
    std::vector<Skipped> skipped_;
  };

  /// The key for a message. `malformed` when there is no such leaf, `duplicate` when the key was used (or given up
  /// because kOutOfOrderWindow later ones came), `over_limit` beyond kMaxForwardJump, `stale` for keys that were
  /// dropped. Changes nothing.
  Result<Incoming> find_key(LeafIndex leaf, RatchetKind kind, std::uint32_t generation) const;
  /// The message was authentic: its key is deleted, those before it are kept for a while.
  void accept(Incoming&& incoming);

  /// Wipes all handshake ratchets: the epoch is over, and only application messages may still come.
  void drop_handshake();
  /// Wipes everything: what still comes cannot be read, and nothing can be sent.
  void drop();

  void write(wire::Writer& writer) const;
  static Result<SecretTree> read(const CipherSuite& suite, wire::Reader& reader);

 private:
  using NodeSecret = ShortSecret<struct TreeNodeSecretTag>;
  using RatchetSecret = ShortSecret<struct RatchetSecretTag>;
  struct Ratchet {
    RatchetSecret secret;  // of `generation`; empty when the ratchet was dropped
    std::uint32_t generation = 0;
    std::map<std::uint32_t, MessageKey> kept;
  };
  struct Leaf {
    std::array<Ratchet, 2> ratchets;
    Ratchet& operator[](RatchetKind kind) { return ratchets[static_cast<std::size_t>(kind)]; }
    const Ratchet& operator[](RatchetKind kind) const { return ratchets[static_cast<std::size_t>(kind)]; }
  };

  explicit SecretTree(const CipherSuite& suite, TreeSize size) : suite_(&suite), size_(size) {}
  NodeSecret derive_child(const NodeSecret& secret, NodeIndex parent, NodeIndex child) const;
  RatchetSecret first_secret(const NodeSecret& leaf_secret, RatchetKind kind) const;
  NodeIndex nearest_known(NodeIndex node) const;
  RatchetSecret derive_first(LeafIndex leaf, RatchetKind kind) const;
  Leaf& expand(LeafIndex leaf);
  MessageKey derive_key(const RatchetSecret& secret, std::uint32_t generation) const;
  RatchetSecret derive_next(const RatchetSecret& secret, std::uint32_t generation) const;
  Status check_cover() const;
  bool is_dropped() const { return handshake_dropped_ && nodes_.empty() && leaves_.empty(); }

  const CipherSuite* suite_;
  TreeSize size_;
  std::map<NodeIndex, NodeSecret> nodes_;  // no node is above another, nor above a leaf of leaves_
  std::map<LeafIndex, Leaf> leaves_;
  bool handshake_dropped_ = false;
};

}  // namespace cairn::mls::internal
