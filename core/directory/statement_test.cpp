#include "core/directory/statement.h"

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "tests/support/refused.h"
#include "tests/support/test_person.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;
using cairn::testing::refused;
using cairn::testing::TestDevice;
using cairn::testing::TestPerson;

/// One statement of each type, each valid in itself.
std::vector<Statement> one_of_each() {
  TestPerson alice("alice@example.org");
  const TestDevice first = alice.new_device();
  const TestDevice second = alice.new_device();
  return {alice.genesis(first),
          alice.add(second, first),
          alice.add_by_recovery(second),
          alice.by_device(RemoveDevice{first.device.id()}, second),
          alice.by_recovery(RemoveDevice{first.device.id()}),
          alice.by_recovery(ReplaceRecovery{}),
          alice.request(second, 3),
          alice.by_device(VetoReset{}, first),
          alice.by_recovery(VetoReset{}),
          alice.by_new_device(CompleteReset{7}, second),
          alice.by_recovery(SetResetDelay{0})};
}

TEST(Statement, ReadsWhatItWrote) {
  for (const Statement& statement : one_of_each()) {
    const Bytes bytes = wire::encode(statement);
    const auto again = Statement::decode(bytes);
    ASSERT_TRUE(accepted(again));
    EXPECT_EQ(*again, statement);
    EXPECT_TRUE(accepted(again->verify_signatures()));
    EXPECT_LT(bytes.size(), 600u);
  }
}

TEST(Statement, IsRefusedWithAnyBitFlipped) {
  for (const Statement& statement : one_of_each()) {
    const Bytes bytes = wire::encode(statement);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      const auto read = Statement::decode(flipped);
      EXPECT_FALSE(read && read->verify_signatures()) << bit;
      if (!read) continue;
      EXPECT_NE(read->commitment(), statement.commitment());
    }
  }
}

TEST(Statement, IsRefusedTruncatedOrExtended) {
  for (const Statement& statement : one_of_each()) {
    Bytes bytes = wire::encode(statement);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(Statement::decode(ByteView(bytes).first(size)));
    }
    bytes.push_back(0);
    EXPECT_FALSE(Statement::decode(bytes));
  }
  EXPECT_TRUE(refused(Statement::decode(Bytes(kMaxStatementBytes + 1)), "statement: size"));
}

TEST(Statement, WantsTheSignersOfItsType) {
  for (const Statement& statement : one_of_each()) {
    Statement none = statement;
    none.signatures.clear();
    EXPECT_TRUE(refused(none.check_form(), "statement: kinds of signers"));
    Statement twice = statement;
    twice.signatures.push_back(twice.signatures.back());
    EXPECT_TRUE(refused(twice.check_form(), "statement: kinds of signers"));
    if (statement.signatures.size() == 2) {
      Statement swapped = statement;
      std::swap(swapped.signatures[0], swapped.signatures[1]);
      EXPECT_TRUE(refused(swapped.check_form(), "statement: kinds of signers"));
    }
    EXPECT_FALSE(Statement::decode(wire::encode(none)));
    EXPECT_FALSE(Statement::decode(wire::encode(twice)));
  }
}

TEST(Statement, NamesTheNextRecoveryKeyIffARecoveryKeySigns) {
  for (Statement statement : one_of_each()) {
    if (statement.content.next_recovery) {
      statement.content.next_recovery.reset();
    } else {
      statement.content.next_recovery = Hash{};
    }
    EXPECT_TRUE(refused(statement.check_form(), "statement: next recovery key"));
    EXPECT_FALSE(Statement::decode(wire::encode(statement)));
  }
}

// A signature is of one role: what a new device signs must not pass for what an old one decides.
TEST(Statement, SignatureOfOneRoleIsNotOneOfAnother) {
  TestPerson alice("alice@example.org");
  const TestDevice first = alice.new_device();
  const TestDevice second = alice.new_device();
  Statement statement = alice.add(second, first);
  statement.signatures[0] = sign_as_new_device(statement.content, first.key);
  statement.signatures[0].kind = SignerKind::device;
  EXPECT_TRUE(accepted(statement.check_form()));
  EXPECT_EQ(statement.verify_signatures().error().code, ErrorCode::invalid_signature);

  Statement removal = alice.by_recovery(RemoveDevice{first.device.id()});
  removal.signatures[0].kem_hash = Hash{};
  EXPECT_EQ(removal.verify_signatures().error().code, ErrorCode::invalid_signature);
}

TEST(Statement, SignatureUnderAnotherLabelIsNone) {
  TestPerson alice("alice@example.org");
  const TestDevice first = alice.new_device();
  Statement statement = alice.genesis(first);
  wire::Writer writer;
  statement.content.write(writer);
  writer.u8(3);
  writer.raw(first.key.public_key());
  writer.opaque(ByteView{});
  statement.signatures[0].signature = crypto::sign_labelled(first.key, crypto::kSignStatement, writer.view());
  EXPECT_TRUE(accepted(statement.verify_signatures()));  // these are the bytes of the specification
  statement.signatures[0].signature = crypto::sign_labelled(first.key, crypto::kSignLogin, writer.view());
  EXPECT_FALSE(statement.verify_signatures());
}

TEST(Statement, RefusesOtherVersionsTypesAndSigners) {
  const Statement statement = one_of_each().front();
  Bytes bytes = wire::encode(statement);
  bytes[0] = 2;
  EXPECT_EQ(Statement::decode(bytes).error().code, ErrorCode::unsupported);
  bytes[0] = 1;
  const std::size_t type_at = 1 + 1 + statement.content.name.text().size() + 4 + 32 + 8 + 16 + 1;
  ASSERT_EQ(bytes[type_at], 1);
  for (std::uint8_t type : Bytes{0, 9, 255}) {
    bytes[type_at] = type;
    EXPECT_EQ(Statement::decode(bytes).error().code, ErrorCode::unsupported);
  }
}

TEST(Device, RefusesBadListsOfSuites) {
  TestPerson alice("alice@example.org");
  Device device = alice.new_device().device;
  const auto read = [&] { return wire::decode<Device>(wire::encode(device)); };
  EXPECT_TRUE(accepted(read()));
  device.suites = {};
  EXPECT_FALSE(read());
  device.suites = {1, 2, 1};
  EXPECT_FALSE(read());
  device.suites.clear();
  for (std::uint16_t i = 0; i <= kMaxSuites; ++i) device.suites.push_back(i);
  EXPECT_FALSE(read());
}

TEST(Recovery, GenerationsDifferAndAreFoundAgain) {
  TestPerson alice("alice@example.org");
  TestPerson other("alicf@example.org");
  const RecoveryKey third = alice.recovery(3);
  EXPECT_EQ(third.commitment(),
            recovery_commitment(third.signing_key().public_key(), crypto::sha256(third.kem_public_key())));
  const auto found = find_recovery_key(alice.secret, alice.name(), third.commitment(), 5);
  ASSERT_TRUE(accepted(found));
  EXPECT_EQ(found->generation(), 3u);
  EXPECT_FALSE(find_recovery_key(alice.secret, alice.name(), third.commitment(), 3));
  EXPECT_FALSE(find_recovery_key(alice.secret, other.name(), third.commitment(), 5));
  EXPECT_NE(alice.recovery(0).commitment(), alice.recovery(1).commitment());
}

}  // namespace
}  // namespace cairn::directory
