#include "core/tlog/cosignature.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_entropy.h"

namespace cairn::tlog {
namespace {

constexpr const char* kBody = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

struct Witness {
  explicit Witness(std::uint64_t seed)
      : signing(make(seed)), key(name, SignatureType::cosignature_v1, signing.public_key()) {}
  static crypto::SigningKey make(std::uint64_t seed) {
    testing::SeededEntropy entropy(seed);
    return crypto::SigningKey::generate(entropy);
  }
  NoteSignature sign(std::uint64_t time_s) const { return cosign(name, signing, time_s, kBody); }

  KeyName name = *KeyName::from("witness.example.com/w1");
  crypto::SigningKey signing;
  VerifierKey key;
};

// tlog-cosignature, "Ed25519 signed message": the bytes of its example.
TEST(Cosignature, SignsTheMessageOfTheSpecification) {
  const Witness witness(1);
  const NoteSignature line = witness.sign(1679315147);
  const std::string message = "cosignature/v1\ntime 1679315147\n" + std::string(kBody);
  const Bytes expected = concat({Bytes{0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb}, witness.signing.sign(as_bytes(message))});
  EXPECT_EQ(line.signature, expected);
}

TEST(Cosignature, VerifiesAndTellsItsTime) {
  const Witness witness(1);
  for (std::uint64_t time_s : {std::uint64_t{1}, std::uint64_t{1679315147}, kMaxCosignatureTime}) {
    const auto verified = verify_cosignature(witness.sign(time_s), witness.key, kBody);
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->time_s, time_s);
    EXPECT_EQ(verified->cosigner, witness.signing.public_key());
  }
}

TEST(Cosignature, WithAnyBitFlippedIsRefused) {
  const Witness witness(1);
  const NoteSignature line = witness.sign(1679315147);
  for (std::size_t bit = 0; bit < line.signature.size() * 8; ++bit) {
    NoteSignature bad = line;
    bad.signature[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(verify_cosignature(bad, witness.key, kBody));
  }
  EXPECT_FALSE(verify_cosignature(line, witness.key, std::string(kBody) + "x\n"));
}

TEST(Cosignature, OfTimeZeroOrBeyondTheRangeIsRefused) {
  const Witness witness(1);
  for (std::uint64_t time_s : {std::uint64_t{0}, kMaxCosignatureTime + 1}) {
    const std::string message = "cosignature/v1\ntime " + std::to_string(time_s) + "\n" + kBody;
    wire::Writer writer;
    writer.u64(time_s);
    writer.raw(witness.signing.sign(as_bytes(message)));
    const auto bad = verify_cosignature({witness.name, witness.key.id(), writer.take()}, witness.key, kBody);
    EXPECT_EQ(bad.error().code, ErrorCode::malformed);
  }
}

TEST(Cosignature, OfAnotherSizeIsRefused) {
  const Witness witness(1);
  for (std::size_t size : {std::size_t{1}, std::size_t{71}, std::size_t{73}}) {
    NoteSignature line = witness.sign(5);
    line.signature.resize(size);
    EXPECT_EQ(verify_cosignature(line, witness.key, kBody).error().code, ErrorCode::malformed);
  }
}

TEST(Cosignature, IsNoNoteSignatureAndTheOtherWayRound) {
  const Witness witness(1);
  const VerifierKey as_note(witness.name, SignatureType::ed25519, witness.signing.public_key());
  EXPECT_NE(as_note.id(), witness.key.id());
  Note note{kBody, {witness.sign(5)}};
  EXPECT_EQ(verify_note(note, as_note).error().code, ErrorCode::not_found);
  note.signatures[0].key_id = as_note.id();
  EXPECT_EQ(verify_note(note, as_note).error().code, ErrorCode::invalid_signature);
}

TEST(Cosignatures, OfKnownKeysAreAllReadAndOthersIgnored) {
  const Witness a(1);
  const Witness b(2);
  const Witness stranger(3);
  const Note note{kBody, {stranger.sign(9), b.sign(5), a.sign(6), a.sign(7)}};
  const std::vector<VerifierKey> keys = {a.key, b.key};
  const auto found = verify_cosignatures(note, keys);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].time_s, 6u);
  EXPECT_EQ((*found)[1].time_s, 7u);
  EXPECT_EQ((*found)[2].cosigner, b.signing.public_key());
  EXPECT_TRUE(verify_cosignatures({kBody, {stranger.sign(9)}}, keys)->empty());
}

// signed-note, "Signatures": if a signature from a known key fails to verify, the whole note is rejected.
TEST(Cosignatures, WithABadLineOfAKnownKeySpoilTheNote) {
  const Witness a(1);
  const Witness b(2);
  NoteSignature bad = b.sign(5);
  bad.signature[20] ^= 1;
  const std::vector<VerifierKey> keys = {a.key, b.key};
  EXPECT_EQ(verify_cosignatures({kBody, {a.sign(6), bad}}, keys).error().code, ErrorCode::invalid_signature);
}

}  // namespace
}  // namespace cairn::tlog
