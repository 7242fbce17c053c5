#include "apps/lab/legacy/attachment.h"

#include "apps/lab/legacy/openssl.h"
#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab::legacy {

SealedAttachment seal_attachment(ByteView file) {
  SealedAttachment out;
  out.key = random_bytes(kAttachmentKeyBytes);
  out.ciphertext = aes_ctr(out.key, first_counter(), file);
  out.sha1 = sha1(out.ciphertext);
  return out;
}

Bytes open_attachment(ByteView key, ByteView ciphertext) { return aes_ctr(key, first_counter(), ciphertext); }

std::vector<SealedChunk> seal_chunks(ByteView file) {
  std::vector<SealedChunk> out;
  while (!file.empty()) {
    const ByteView chunk = file.first(std::min(file.size(), kChunkBytes));
    SealedChunk sealed;
    sealed.ciphertext = aes_ctr(sha256(chunk), first_counter(), chunk);
    sealed.id = sha256(sealed.ciphertext);
    out.push_back(std::move(sealed));
    file = file.subspan(chunk.size());
  }
  return out;
}

void ChunkStore::put(const std::string& user, const std::vector<SealedChunk>& chunks) {
  for (const SealedChunk& chunk : chunks) {
    chunks_[chunk.id] = chunk.ciphertext;
    users_[user].insert(chunk.id);
  }
}

std::size_t ChunkStore::held_by(const std::string& user, const std::vector<SealedChunk>& chunks) const {
  const auto found = users_.find(user);
  if (found == users_.end()) return 0;
  std::size_t count = 0;
  for (const SealedChunk& chunk : chunks) count += found->second.contains(chunk.id) ? 1 : 0;
  return count;
}

}  // namespace cairn::lab::legacy
