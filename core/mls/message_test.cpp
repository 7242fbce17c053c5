// The structs of the protocol: what is written is read back, and nothing else is.
#include "core/mls/message.h"

#include <gtest/gtest.h>

#include "core/mls/group_fixture.h"

namespace cairn::mls {
namespace {

using namespace fixture;

// One message of each kind.
std::vector<Bytes> samples() {
  World world(SuiteId::x25519_aes128, 21);
  std::vector<Group> groups = world.group_of(3);
  const PrivateKeyPackage newcomer = world.key_package("newcomer");
  std::vector<Bytes> out;
  out.push_back(encode_message(newcomer.package()));
  out.push_back(world.protect(groups[0], "text"));
  out.push_back(must(groups[0].group_info(TreePlacement::inside)));
  out.push_back(must(groups[1].propose_update(std::nullopt, world.entropy, HandshakeFormat::public_message)));
  CommitRequest request;
  request.adds = {newcomer.package()};
  request.removes = {{2}};
  request.format = HandshakeFormat::public_message;
  request.group_context_extensions = ExtensionList();
  const PendingCommit& pending = world.stage(groups[0], request);
  out.push_back(pending.commit());
  out.push_back(pending.welcomes()[0].message);
  return out;
}

TEST(Message, IsReadBackAsItWasWritten) {
  for (const Bytes& sample : samples()) {
    const auto message = MlsMessage::decode(sample);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(wire::encode(*message), sample);
  }
}

TEST(Message, IsRefusedWhenAnythingIsMissingOrLeftOver) {
  for (const Bytes& sample : samples()) {
    for (std::size_t size = 0; size < sample.size(); ++size) {
      ASSERT_FALSE(MlsMessage::decode(ByteView(sample).first(size)).has_value());
    }
    Bytes longer = sample;
    longer.push_back(0);
    EXPECT_FALSE(MlsMessage::decode(longer).has_value());
  }
}

TEST(Message, IsWrittenBackTheSameWheneverItIsAccepted) {
  testing::SeededEntropy entropy(22);
  for (const Bytes& sample : samples()) {
    for (int i = 0; i < 2000; ++i) {
      Bytes other = sample;
      other[entropy.below(other.size())] = static_cast<std::uint8_t>(entropy.next());
      const auto message = MlsMessage::decode(other);
      if (message) {
        ASSERT_EQ(wire::encode(*message), other);
      }
    }
  }
}

TEST(Message, RefusesUnknownVersionsFormatsAndTypes) {
  Bytes sample = samples()[0];
  sample[1] = 2;
  EXPECT_EQ(MlsMessage::decode(sample).error().code, ErrorCode::unsupported);
  sample[1] = 1;
  for (const std::uint8_t format : Bytes{0, 6, 255}) {
    sample[3] = format;
    EXPECT_EQ(MlsMessage::decode(sample).error().code, ErrorCode::unsupported);
  }
  const Bytes unknown_proposal = {0, 8, 0};
  EXPECT_EQ(wire::decode<Proposal>(unknown_proposal).error().code, ErrorCode::unsupported);
  const Bytes grease_proposal = {0x0A, 0x0A, 0};
  EXPECT_EQ(wire::decode<Proposal>(grease_proposal).error().code, ErrorCode::unsupported);
  for (const std::uint8_t type : Bytes{0, 5}) EXPECT_FALSE(wire::decode<Sender>(Bytes{type, 0, 0, 0, 0}).has_value());
}

TEST(Message, IsRefusedAboveItsLimit) {
  EXPECT_EQ(MlsMessage::decode(Bytes(kMaxMessageSize + 1)).error().code, ErrorCode::over_limit);
  wire::Writer writer;
  const std::size_t mark = writer.begin_vector();
  for (std::size_t i = 0; i <= kMaxProposals; ++i) ProposalOrRef{Proposal{Remove{{0}}}}.write(writer);
  writer.end_vector(mark);
  writer.u8(0);
  EXPECT_EQ(wire::decode<Commit>(writer.view()).error().code, ErrorCode::over_limit);
}

TEST(Extensions, RefuseATypeThatStandsTwiceAndCarryUnknownOnesAlong) {
  wire::Writer writer;
  writer.vector(std::vector<Extension>{{0x0A0A, {1}}, {0xFF01, {}}});
  const auto list = wire::decode<ExtensionList>(writer.view());
  ASSERT_TRUE(list.has_value());
  EXPECT_TRUE(list->has(0x0A0A));
  EXPECT_TRUE(is_grease(0x0A0A));
  EXPECT_EQ(wire::encode(*list), to_bytes(writer.view()));
  wire::Writer doubled;
  doubled.vector(std::vector<Extension>{{1, {1}}, {1, {2}}});
  EXPECT_EQ(wire::decode<ExtensionList>(doubled.view()).error().code, ErrorCode::malformed);
  wire::Writer many;
  const std::size_t mark = many.begin_vector();
  for (std::uint16_t i = 0; i <= kMaxExtensions; ++i) Extension{i, {}}.write(many);
  many.end_vector(mark);
  EXPECT_EQ(wire::decode<ExtensionList>(many.view()).error().code, ErrorCode::over_limit);
}

TEST(Suites, AreKnownByNumberAndNameAndOthersAreRefused) {
  for (const CipherSuite& suite : cipher_suites()) {
    EXPECT_EQ(*find_suite(suite.number()), suite.id);
    EXPECT_EQ(*find_suite(suite.name), suite.id);
    EXPECT_EQ(&cipher_suite(suite.id), &suite);
  }
  for (const std::uint16_t number : std::vector<std::uint16_t>{0, 4, 5, 6, 7, 0xF001}) {
    EXPECT_EQ(find_suite(number).error().code, ErrorCode::unsupported);
  }
  EXPECT_EQ(find_suite("MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448").error().code, ErrorCode::unsupported);
  EXPECT_STREQ(find_suite(4).error().where, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448");
  EXPECT_STREQ(find_suite(7).error().where, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384");
}

}  // namespace
}  // namespace cairn::mls
