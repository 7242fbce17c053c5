// Attachments and files: encrypted under a random key; and the storage below, which cuts files into chunks encrypted
// under a key made from the chunk's own hash.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace cairn::lab::legacy {

constexpr std::size_t kAttachmentKeyBytes = 32;

/// AES-256-CTR under a random key.
struct SealedAttachment {
  Bytes key;  ///< kAttachmentKeyBytes
  Bytes ciphertext;
  Bytes sha1;  ///< of the ciphertext
};
SealedAttachment seal_attachment(ByteView file);
Bytes open_attachment(ByteView key, ByteView ciphertext);

constexpr std::size_t kChunkBytes = 4096;

/// Convergent: the key is the chunk's SHA-256, and so equal chunks give equal ciphertexts, whoever stores them.
struct SealedChunk {
  Bytes id;  ///< SHA-256 of the ciphertext
  Bytes ciphertext;
};
std::vector<SealedChunk> seal_chunks(ByteView file);

/// Whose chunks are where. Stores each once.
class ChunkStore {
 public:
  void put(const std::string& user, const std::vector<SealedChunk>& chunks);
  /// What its operator can answer: how many of these chunks the user has stored.
  std::size_t held_by(const std::string& user, const std::vector<SealedChunk>& chunks) const;
  std::size_t stored() const { return chunks_.size(); }

 private:
  std::map<Bytes, Bytes> chunks_;
  std::map<std::string, std::set<Bytes>> users_;
};

}  // namespace cairn::lab::legacy
