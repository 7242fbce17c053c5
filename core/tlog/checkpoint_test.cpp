#include "core/tlog/checkpoint.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_key.h"

namespace cairn::tlog {
namespace {

constexpr const char* kRoot = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

std::string body(std::string_view size, std::string_view more = "") {
  return "example.com/behind-the-sofa\n" + std::string(size) + "\n" + kRoot + "\n" + std::string(more);
}

Result<Checkpoint> strict(const std::string& text) { return Checkpoint::parse_body(text, ExtensionLines::refuse); }
Result<Checkpoint> lenient(const std::string& text) { return Checkpoint::parse_body(text, ExtensionLines::tolerate); }

// The example of tlog-checkpoint.
TEST(Checkpoint, OfTheSpecificationIsRead) {
  const auto checkpoint = strict(body("20852163"));
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->tree.size, 20852163u);
  EXPECT_EQ(checkpoint->body(), body("20852163"));
}

TEST(Checkpoint, RejectsATreeSizeWithALeadingZero) {
  EXPECT_TRUE(strict(body("0")));
  for (const char* size : {"00", "01", "007"}) EXPECT_EQ(strict(body(size)).error().code, ErrorCode::malformed);
}

TEST(Checkpoint, RejectsATreeSizeThatIsNoDecimalNumber) {
  for (const char* size : {"", "+1", "-1", " 1", "1 ", "1a", "0x1", "1.0", "１"}) {
    EXPECT_EQ(strict(body(size)).error().code, ErrorCode::malformed) << size;
  }
}

TEST(Checkpoint, RejectsATreeSizeBeyondTheLargest) {
  EXPECT_EQ(strict(body("9223372036854775807"))->tree.size, kMaxTreeSize);
  for (const char* size : {"9223372036854775808", "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(strict(body(size)).error().code, ErrorCode::over_limit) << size;
  }
}

TEST(Checkpoint, RejectsARootThatIsNoHash) {
  for (const char* root :
       {"", "AAAA", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
        "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= ",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_EQ(strict("o\n1\n" + std::string(root) + "\n").error().code, ErrorCode::malformed) << root;
  }
}

TEST(Checkpoint, RejectsMissingLinesAndAMissingNewline) {
  const std::string text = body("5");
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(lenient(text.substr(0, size)));
  EXPECT_FALSE(strict("\n5\n" + std::string(kRoot) + "\n"));
  EXPECT_FALSE(strict("o\to\n5\n" + std::string(kRoot) + "\n"));
  EXPECT_EQ(strict(std::string(kMaxOriginBytes + 1, 'o') + "\n5\n" + kRoot + "\n").error().code, ErrorCode::over_limit);
}

TEST(Checkpoint, RefusesExtensionLinesUnlessTheyAreTolerated) {
  const std::string text = body("5", "ext 1\next 2\n");
  EXPECT_EQ(strict(text).error().code, ErrorCode::malformed);
  const auto checkpoint = lenient(text);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->extensions, (std::vector<std::string>{"ext 1", "ext 2"}));
  EXPECT_EQ(checkpoint->body(), text);
}

TEST(Checkpoint, RefusesEmptyAndTooManyExtensionLines) {
  EXPECT_EQ(lenient(body("5", "\n")).error().code, ErrorCode::malformed);
  EXPECT_EQ(lenient(body("5", "x\n\ny\n")).error().code, ErrorCode::malformed);
  std::string many;
  for (std::size_t i = 0; i < kMaxCheckpointLines; ++i) many += "x\n";
  EXPECT_TRUE(lenient(body("5", many)));
  EXPECT_EQ(lenient(body("5", many + "x\n")).error().code, ErrorCode::over_limit);
}

TEST(SignedCheckpoint, BecomesVerifiedByTheLogsKeyAlone) {
  const crypto::SigningKey key = testing::seeded_key(1);
  const Checkpoint claim{"example.org/cairn", {7, leaf_hash({})}, {}};
  const SignedCheckpoint made = SignedCheckpoint::sign(claim, key);
  const auto read = SignedCheckpoint::parse(made.encode(), ExtensionLines::refuse);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->claim(), claim);
  const KeyName name = *KeyName::from("example.org/cairn");
  const auto verified = VerifiedCheckpoint::verify(*read, {name, SignatureType::ed25519, key.public_key()});
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->origin(), claim.origin);
  EXPECT_EQ(verified->tree(), claim.tree);
  const auto wrong_key =
      VerifiedCheckpoint::verify(*read, {name, SignatureType::ed25519, testing::seeded_key(2).public_key()});
  EXPECT_EQ(wrong_key.error().code, ErrorCode::not_found);
}

TEST(SignedCheckpoint, DoesNotVerifyWithAnotherClaim) {
  const crypto::SigningKey key = testing::seeded_key(1);
  const SignedCheckpoint made = SignedCheckpoint::sign({"example.org/cairn", {7, leaf_hash({})}, {}}, key);
  std::string text = made.encode();
  text.replace(text.find("\n7\n"), 3, "\n8\n");
  const auto read = SignedCheckpoint::parse(text, ExtensionLines::refuse);
  ASSERT_TRUE(read);
  const VerifierKey log_key(*KeyName::from("example.org/cairn"), SignatureType::ed25519, key.public_key());
  EXPECT_EQ(VerifiedCheckpoint::verify(*read, log_key).error().code, ErrorCode::invalid_signature);
}

TEST(SignedCheckpoint, KeepsOneLineOfEachKeyAndAtMostTheLimit) {
  const KeyName name = *KeyName::from("w");
  SignedCheckpoint checkpoint = SignedCheckpoint::sign({"o", {7, leaf_hash({})}, {}}, testing::seeded_key(1));
  ASSERT_TRUE(checkpoint.add({name, 1, Bytes(72, 1)}));
  ASSERT_TRUE(checkpoint.add({name, 1, Bytes(72, 2)}));
  ASSERT_EQ(checkpoint.note().signatures.size(), 2u);
  EXPECT_EQ(checkpoint.note().signatures[1].signature, Bytes(72, 2));
  for (std::uint32_t id = 2; id < kMaxNoteSignatures; ++id) ASSERT_TRUE(checkpoint.add({name, id, Bytes(72)}));
  const std::string before = checkpoint.encode();
  EXPECT_EQ(checkpoint.add({name, 0, Bytes(72)}).error().code, ErrorCode::over_limit);
  EXPECT_EQ(checkpoint.encode(), before);
}

}  // namespace
}  // namespace cairn::tlog
