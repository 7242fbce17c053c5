#include "core/tlog/note.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/seeded_key.h"
#include "tests/support/vectors.h"

namespace cairn::tlog {
namespace {

// signed-note, "Example".
constexpr const char* kSpecKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr const char* kSpecNote =
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

KeyName name(std::string_view text) { return *KeyName::from(text); }

TEST(Note, OfTheSpecificationVerifies) {
  const auto key = VerifierKey::parse(kSpecKey);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name().text(), "example.com/foo");
  EXPECT_EQ(key->type(), SignatureType::ed25519);
  EXPECT_EQ(key->id(), 0x530d903au);
  EXPECT_EQ(key->to_text(), kSpecKey);
  const auto note = Note::parse(kSpecNote);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, "This is an example message.\n");
  EXPECT_EQ(note->encode(), kSpecNote);
  EXPECT_TRUE(verify_note(*note, *key));
}

TEST(Note, OfTheVectorsIsTheSpecifications) {
  CAIRN_VECTORS_OR_SKIP(vectors, "c2sp/litewitness-0.9.0-add-checkpoint.json");
  EXPECT_EQ(vectors["spec_note_example"]["note"], kSpecNote);
  EXPECT_EQ(vectors["spec_note_example"]["vkey"], kSpecKey);
}

TEST(Note, WithAnyByteOfTheTextChangedDoesNotVerify) {
  const auto key = VerifierKey::parse(kSpecKey);
  const Note note = *Note::parse(kSpecNote);
  for (std::size_t i = 0; i < note.text.size(); ++i) {
    Note bad = note;
    bad.text[i] = static_cast<char>(bad.text[i] ^ 1);
    EXPECT_EQ(verify_note(bad, *key).error().code, ErrorCode::invalid_signature);
  }
}

TEST(Note, WithAnyBitOfTheSignatureFlippedDoesNotVerify) {
  const auto key = VerifierKey::parse(kSpecKey);
  const Note note = *Note::parse(kSpecNote);
  for (std::size_t bit = 0; bit < note.signatures[0].signature.size() * 8; ++bit) {
    Note bad = note;
    bad.signatures[0].signature[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_EQ(verify_note(bad, *key).error().code, ErrorCode::invalid_signature);
  }
  for (std::size_t size : {std::size_t{1}, std::size_t{63}, std::size_t{65}}) {
    Note bad = note;
    bad.signatures[0].signature.resize(size);
    EXPECT_EQ(verify_note(bad, *key).error().code, ErrorCode::invalid_signature);
  }
}

TEST(Note, IgnoresOtherKeysButNotABadLineOfItsOwn) {
  const crypto::SigningKey ours = testing::seeded_key(1);
  const crypto::SigningKey theirs = testing::seeded_key(2);
  const VerifierKey key(name("a.example/log"), SignatureType::ed25519, ours.public_key());
  Note note{"text\n", {sign_note(name("a.example/log"), theirs, "text\n")}};
  EXPECT_EQ(verify_note(note, key).error().code, ErrorCode::not_found);  // the name, but another id
  note.signatures.push_back(sign_note(name("b.example/log"), ours, "text\n"));
  EXPECT_EQ(verify_note(note, key).error().code, ErrorCode::not_found);  // the key, but another name
  note.signatures.push_back(sign_note(name("a.example/log"), ours, "text\n"));
  EXPECT_TRUE(verify_note(note, key));
  note.signatures.push_back(note.signatures.back());
  note.signatures.back().signature[9] ^= 1;
  EXPECT_EQ(verify_note(note, key).error().code, ErrorCode::invalid_signature);
  EXPECT_EQ(*Note::parse(note.encode()), note);
}

TEST(Note, KnowsItsSizeWithoutBeingEncoded) {
  Note note{"text\n", {}};
  for (std::size_t size = 1; size < 80; ++size) {
    note.signatures.push_back({*KeyName::from("name" + std::string(size, 'x')), 7, Bytes(size, 9)});
    EXPECT_EQ(note.signatures.back().line_size(), note.signatures.back().line().size());
    EXPECT_EQ(note.encoded_size(), note.encode().size());
  }
}

TEST(Note, MayHaveEmptyLinesInItsText) {
  const auto note = Note::parse("one\n\ntwo\n\n— x AAAAAAA=\n");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, "one\n\ntwo\n");
  EXPECT_EQ(Note::parse("\n\n— x AAAAAAA=\n")->text, "\n");
}

TEST(Note, RefusesWhatIsNotExactlyANote) {
  const std::string good = "text\n\n— x AAAAAAA=\n";
  ASSERT_TRUE(Note::parse(good));
  const std::string cases[] = {
      "",
      "\n",
      "text\n",
      "text\n\n",
      "text\n— x AAAAAAA=\n",
      "text\n\n— x AAAAAAA=",
      "text\n\n— x AAAAAAA=\n\n",
      "text\n\n- x AAAAAAA=\n",
      "text\n\n—x AAAAAAA=\n",
      "text\n\n—  x AAAAAAA=\n",
      "text\n\n— x  AAAAAAA=\n",
      "text\n\n— x AAAAAAA= \n",
      "text\n\n— x\n",
      "text\n\n— x \n",
      "text\n\n—  AAAAAAA=\n",
      "text\n\n— x+y AAAAAAA=\n",
      "text\n\n— x\xc2\xa0y AAAAAAA=\n",
      "text\n\n— x AAAAAA==\n",
      "text\n\n— x AAAAAA\n",
      "text\n\n— x AAAAAAB=\n",
      "text\n\n— x AAAAAAA\n",
      "text\n\n— x AAAA\n",
      "te\tt\n\n— x AAAAAAA=\n",
      "te\rt\n\n— x AAAAAAA=\n",
      std::string("te\0t\n\n— x AAAAAAA=\n", 20),
      "te\xfft\n\n— x AAAAAAA=\n",
      "te\xc0\x80t\n\n— x AAAAAAA=\n",
      "te\xed\xa0\x80t\n\n— x AAAAAAA=\n",
      "te\xf4\x90\x80\x80t\n\n— x AAAAAAA=\n",
      "te\xe0\x9f\xbft\n\n— x AAAAAAA=\n",
      "text\n\n— x AAAAAAA=\ntext\n",
  };
  for (const std::string& text : cases) EXPECT_EQ(Note::parse(text).error().code, ErrorCode::malformed) << text;
}

TEST(Note, AcceptsEveryShapeOfUtf8) {
  for (const char* text : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "è subito sera"}) {
    EXPECT_TRUE(Note::parse(std::string(text) + "\n\n— x AAAAAAA=\n")) << text;
  }
}

// signed-note, "Format": verifiers accept at least 16 signatures; post-quantum ones have nearly 5 kB.
TEST(Note, IsBoundedButHoldsSixteenPostQuantumSignatures) {
  Note note{"text\n", {}};
  for (int i = 0; i < 16; ++i) note.signatures.push_back({name("x"), 7, Bytes(5000)});
  EXPECT_TRUE(Note::parse(note.encode()));
  note.signatures.assign(kMaxNoteSignatures, {name("x"), 7, Bytes(64)});
  EXPECT_TRUE(Note::parse(note.encode()));
  note.signatures.push_back(note.signatures[0]);
  EXPECT_EQ(Note::parse(note.encode()).error().code, ErrorCode::over_limit);
  const std::string long_note = std::string(kMaxNoteBytes, 'x') + "\n\n— x AAAAAAA=\n";
  EXPECT_EQ(Note::parse(long_note).error().code, ErrorCode::over_limit);
}

TEST(VerifierKey, ReadsBackWhatItWroteInBothTypes) {
  for (SignatureType type : {SignatureType::ed25519, SignatureType::cosignature_v1}) {
    const VerifierKey key(name("w.example/w1"), type, testing::seeded_key(3).public_key());
    EXPECT_EQ(*VerifierKey::parse(key.to_text()), key);
  }
}

TEST(VerifierKey, HasAnIdThatDependsOnNameTypeAndKey) {
  const VerifierKey key(name("a"), SignatureType::ed25519, testing::seeded_key(3).public_key());
  EXPECT_NE(key.id(), VerifierKey(name("b"), SignatureType::ed25519, testing::seeded_key(3).public_key()).id());
  EXPECT_NE(key.id(), VerifierKey(name("a"), SignatureType::cosignature_v1, testing::seeded_key(3).public_key()).id());
  EXPECT_NE(key.id(), VerifierKey(name("a"), SignatureType::ed25519, testing::seeded_key(4).public_key()).id());
}

TEST(VerifierKey, RefusesEveryOtherSpelling) {
  const std::string good = kSpecKey;
  const std::string cases[] = {
      "",
      "x",
      "x+y",
      good + "A",
      good + "=",
      " " + good,
      good + "\n",
      good.substr(1),
      good.substr(0, good.size() - 4),
      "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",   // upper case
      "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",   // not the key's id
      "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",   // nor another name's
      "example.com/foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",  // too long
      "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "example.com/foo+530d903a+",
  };
  for (const std::string& text : cases) EXPECT_EQ(VerifierKey::parse(text).error().code, ErrorCode::malformed) << text;
  EXPECT_EQ(VerifierKey::parse("x+00000000+" + to_base64(Bytes{0x06, 1, 2})).error().code, ErrorCode::unsupported);
  EXPECT_EQ(VerifierKey::parse(std::string(kMaxVerifierKeyBytes + 1, 'x')).error().code, ErrorCode::over_limit);
}

TEST(KeyName, HasNoSpacesPlusSignsOrControlCharacters) {
  for (const char* text :
       {"", " ", "a b", "a+b", "a\tb", "a\nb", "a\xc2\x85", "\xe2\x80\x83x", "\xe3\x80\x80", "a\xff"}) {
    EXPECT_EQ(KeyName::from(text).error().code, ErrorCode::malformed) << text;
  }
  EXPECT_TRUE(KeyName::from("quasimodo.example/salvatorè"));
  EXPECT_TRUE(KeyName::from(std::string(kMaxKeyNameBytes, 'a')));
  EXPECT_EQ(KeyName::from(std::string(kMaxKeyNameBytes + 1, 'a')).error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace cairn::tlog
