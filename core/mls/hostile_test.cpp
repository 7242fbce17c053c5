// What a hostile member or carrier puts in the place of messages: well encrypted, and not what they seem (RFC 9420 s.6,
// 9).
#include <gtest/gtest.h>

#include "core/mls/forge_fixture.h"
#include "core/mls/own_message.h"

namespace cairn::mls {
namespace {

using namespace fixture;

class Hostile : public ::testing::Test {
 protected:
  // Encrypts with the ratchet of `sender`, for every member has them all; signs with the key of member 0.
  Bytes encrypted(std::variant<SecretBytes, Proposal, Commit> content, LeafIndex sender) {
    Forger forger(groups[0]);
    internal::GroupState& state = forger.state();
    FramedContent framed = forger.frame(std::move(content));
    framed.sender = Sender::member(sender);
    AuthenticatedContent authenticated = must(internal::sign_content(
        WireFormat::private_message, std::move(framed), state.identity.key(), state.current.encoded_context));
    if (authenticated.content.content_type() == ContentType::commit) {
      authenticated.auth.confirmation_tag = ConfirmationTag{Digest(state.suite->hash_size())};
    }
    return encode_message(must(internal::protect_private(*state.suite, authenticated, state.current.secret_tree,
                                                         state.current.secrets.sender_data, world.entropy)));
  }
  void expect_refused(ByteView message, ErrorCode code, const std::string& where) {
    const Bytes before = state_of(groups[1]);
    const auto received = world.process(groups[1], message);
    ASSERT_FALSE(received.has_value());
    EXPECT_EQ(received.error().code, code);
    EXPECT_EQ(received.error().where, where);
    EXPECT_EQ(state_of(groups[1]), before);
  }

  World world{SuiteId::x25519_aes128, 71};
  std::vector<Group> groups = world.group_of(4);
};

TEST_F(Hostile, WritingInTheNameOfAnotherSpendsNoKeyOfThatOne) {
  const LeafIndex victim{2};
  expect_refused(encrypted(SecretBytes(to_bytes("a lie")), victim), ErrorCode::invalid_signature, "signature");
  expect_refused(encrypted(Proposal{Remove{{3}}}, victim), ErrorCode::invalid_signature, "signature");
  expect_refused(encrypted(Commit{}, victim), ErrorCode::invalid_signature, "signature");
  EXPECT_EQ(world.read(groups[1], world.protect(groups[2], "the truth")), "the truth");
  must(world.process(groups[1], must(groups[2].propose_remove({3}, world.entropy))));
}

TEST_F(Hostile, WritingInTheNameOfTheReaderOrOfNobodyIsRefused) {
  expect_refused(encrypted(SecretBytes(to_bytes("a lie")), {1}), ErrorCode::invalid_signature, "signature");
  expect_refused(encrypted(Proposal{Remove{{3}}}, {1}), ErrorCode::invalid_signature, "signature");
  CommitRequest request;
  request.removes = {{2}};
  world.commit(groups, 0, request);
  expect_refused(encrypted(SecretBytes(to_bytes("a lie")), {2}), ErrorCode::malformed, "sender's leaf is blank");
  expect_refused(encrypted(Proposal{Remove{{3}}}, {2}), ErrorCode::malformed, "sender's leaf is blank");
}

// What a malicious creator can do to make members of one group read what was said in another.
TEST_F(Hostile, AGroupOfTheSameIdAndEpochIsAnotherGroup) {
  std::vector<Group> twins = world.group_of(4);
  ASSERT_EQ(twins[0].group_id(), groups[0].group_id());
  ASSERT_EQ(twins[0].epoch(), groups[0].epoch());
  expect_refused(world.protect(twins[0], "text"), ErrorCode::crypto_failed, "sender data");
  expect_refused(world.stage(twins[0]).commit(), ErrorCode::crypto_failed, "sender data");
  twins[0].discard_pending();
  expect_refused(world.stage(twins[0], {.format = HandshakeFormat::public_message}).commit(), ErrorCode::crypto_failed,
                 "membership tag");
}

// s.6.3.1: a device that was restored from a copy of its state uses a key again, and the guard sees to the nonce.
TEST_F(Hostile, AStateThatWasRestoredTwiceUsesNoNonceTwice) {
  Group first = reopened(groups[0]);
  Group second = reopened(groups[0]);
  const auto ciphertext = [&](Group& group) {
    const Bytes message = world.protect(group, "the same text");
    return std::pair(std::get<PrivateMessage>(must(MlsMessage::decode(message)).body).ciphertext, message);
  };
  const auto [one, one_message] = ciphertext(first);
  const auto [other, other_message] = ciphertext(second);
  EXPECT_EQ(one.size(), other.size());
  EXPECT_FALSE(equal(ByteView(one).first(16), ByteView(other).first(16)));
  EXPECT_EQ(world.read(groups[1], one_message), "the same text");
  expect_refused(other_message, ErrorCode::duplicate, "key of a generation was used");
}

// Only our own signature shows that there is a later state than this one: whoever is in the group could feign the rest.
TEST_F(Hostile, AStateThatIsOlderThanItsDeviceIsToldByWhatThatHasSigned) {
  Group later = reopened(groups[1]);
  expect_refused(world.protect(later, "said later"), ErrorCode::inconsistent, kMessageNeverSent);
  expect_refused(world.stage(later).commit(), ErrorCode::duplicate, kMessageOfOurOwn);
  later.discard_pending();
  expect_refused(world.stage(later, {.format = HandshakeFormat::public_message}).commit(), ErrorCode::duplicate,
                 kMessageOfOurOwn);
}

// A handshake that was carried once more, or late, moves nobody.
TEST_F(Hostile, AReplayedCommitOrProposalMovesNobody) {
  const Bytes proposal = must(groups[2].propose_remove({3}, world.entropy));
  for (const std::size_t i : {0u, 1u, 3u}) must(world.process(groups[i], proposal));
  expect_refused(proposal, ErrorCode::duplicate, "key of a generation was used");
  const Bytes commit = world.stage(groups[0]).commit();
  world.follow(groups[1], commit);
  expect_refused(commit, ErrorCode::stale, "handshake of a former epoch");
  expect_refused(proposal, ErrorCode::stale, "handshake of a former epoch");
}

}  // namespace
}  // namespace cairn::mls
