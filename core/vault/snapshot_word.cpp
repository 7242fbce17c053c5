#include "core/vault/snapshot_word.h"

#include <algorithm>

#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "core/vault/token.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::vault {
namespace {

SealKey word_key(const BackupRoot& root) { return crypto::kdf<SealKey>(root.expose(), kDeriveSnapshotWord, {}); }

/// A word beside the shares of one generation at one storage says nothing anywhere else: whoever has other roots of the
/// name could seal it to them, and of a backup that was begun anew the numbers begin anew, too.
Bytes word_content(const SnapshotWord& word, const BackupRoot& root, const StorageIdentity& storage) {
  wire::Writer w;
  w.raw(vault_id(root, storage));
  w.u32(word.generation);
  w.u64(word.counter);
  return w.take();
}

}  // namespace

Bytes seal_snapshot_word(const SnapshotWord& word, const BackupRoot& root, const StorageIdentity& storage,
                         const crypto::SigningKey& signer, Entropy& entropy) {
  wire::Writer w;
  w.u32(word.generation);
  w.u64(word.counter);
  w.raw(signer.public_key());
  w.raw(crypto::sign_labelled(signer, crypto::kSignSnapshotWord, word_content(word, root, storage)));
  return internal::seal(word_key(root), {}, w.view(), entropy);
}

Result<SnapshotWord> open_snapshot_word(ByteView sealed, const BackupRoot& root, const StorageIdentity& storage,
                                        std::span<const PublicKey> signers) {
  REQUIRE(sealed.size() == SnapshotWord::kSealedSize, ErrorCode::malformed, "snapshot word: size");
  const SecretBytes opened = TRY(internal::open(word_key(root), {}, sealed));
  wire::Reader r(opened.expose());
  SnapshotWord out;
  out.generation = TRY(r.u32());
  out.counter = TRY(r.u64());
  const auto signer = TRY(r.fixed<PublicKey>());
  const auto signature = TRY(r.fixed<Signature>());
  TRY(r.finish());
  REQUIRE(std::find(signers.begin(), signers.end(), signer) != signers.end(), ErrorCode::not_authorised,
          "snapshot word: signer");
  TRY(crypto::verify_labelled(signer, crypto::kSignSnapshotWord, word_content(out, root, storage), signature));
  return out;
}

TokenNoteAsk ask_token_note(const BackupRoot& root, const RealmId& realm, ByteView note) {
  TokenNoteAsk out{token_record_id(root, realm), {}};
  out.signature = crypto::sign_labelled(token_release_key(root), crypto::kSignTokenNote,
                                        token_note_content(realm, out.record, note));
  return out;
}

}  // namespace cairn::vault
