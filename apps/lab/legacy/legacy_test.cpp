// The model of 2014: round trips, refusals, and the project's own fixed vectors (tests/vectors/lab).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/lab/legacy/account.h"
#include "apps/lab/legacy/envelope_2016.h"
#include "apps/lab/legacy/escrow.h"
#include "apps/lab/legacy/person.h"
#include "apps/lab/legacy/symmetric.h"
#include "core/base/encoding.h"
#include "tests/support/source_dir.h"

namespace cairn::lab::legacy {
namespace {

/// A message whose body is longer than what stands inside of the RSA block.
Message long_message() {
  Message message{{"alice@example.org", "bob@example.org"}, "", {}};
  for (int i = 0; i < 40; ++i) message.text += "line " + std::to_string(i * i) + " of a long message. ";
  return message;
}

class EnvelopeTest : public ::testing::Test {
 protected:
  const Device alice{"alice"}, bob{"bob"}, mallory{"mallory"};
  const Parties parties{alice.identity(), bob.identity()};
  Result<Bytes> open(ByteView wire) const { return open_2014(wire, bob.encryption_key(), alice.signing_key().point()); }
};

TEST_F(EnvelopeTest, Of2014OpensForWhomItIsSealed) {
  for (const Message& message : {long_message(), Message{{"a", "b"}, "hi", {}}}) {
    const Bytes body = encode_body(message);
    const auto wire = seal_2014(body, bob.identity().rsa_modulus, alice.signing_key());
    ASSERT_TRUE(wire.has_value());
    EXPECT_EQ((*wire)[0], 0x02);
    const std::size_t ct = (*wire)[1] * 256U + (*wire)[2];
    EXPECT_EQ(ct, kRsaBytes + (body.size() > kInsideBlock ? body.size() - kInsideBlock : 0));
    EXPECT_EQ(wire->size(), 4 + ct + (*wire)[3 + ct]);
    const auto opened = open(*wire);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(*opened, body);
    EXPECT_EQ(*decode_body(*opened), message);
  }
}

TEST_F(EnvelopeTest, Of2014RefusesWhatIsTruncatedExtendedOrOfAnother) {
  const Bytes wire = *seal_2014(encode_body(long_message()), bob.identity().rsa_modulus, alice.signing_key());
  Bytes longer = wire, shorter = wire, flipped = wire, version = wire;
  longer.push_back(0);
  shorter.pop_back();
  flipped[200] ^= 1;
  version[0] = 3;
  EXPECT_EQ(open(longer).error().code, ErrorCode::malformed);
  EXPECT_EQ(open(shorter).error().code, ErrorCode::malformed);
  EXPECT_EQ(open(version).error().code, ErrorCode::malformed);
  EXPECT_EQ(open(flipped).error().code, ErrorCode::invalid_signature);
  EXPECT_EQ(open_2014(wire, bob.encryption_key(), mallory.signing_key().point()).error().code,
            ErrorCode::invalid_signature);
  EXPECT_EQ(open_2014(wire, mallory.encryption_key(), alice.signing_key().point()).error().code,
            ErrorCode::crypto_failed);
}

TEST_F(EnvelopeTest, Of2014SignsNeitherSenderNorRecipient) {
  const Bytes wire = *seal_2014(encode_body(long_message()), bob.identity().rsa_modulus, alice.signing_key());
  const Bytes again = sign_envelope(Envelope::parse(wire)->ct, mallory.signing_key()).encode();
  EXPECT_TRUE(open_2014(again, bob.encryption_key(), mallory.signing_key().point()).has_value());
}

TEST_F(EnvelopeTest, Of2016BindsSenderRecipientAndBodyAndKnowsWhatItHasSeen) {
  const Bytes body = encode_body(long_message());
  const Bytes wire = *seal_2016(body, parties, alice.signing_key());
  Receiver2016 receiver;
  EXPECT_EQ(*receiver.open(wire, bob.encryption_key(), parties), body);
  EXPECT_EQ(receiver.open(wire, bob.encryption_key(), parties).error().code, ErrorCode::duplicate);
  Bytes ct = Envelope::parse(wire)->ct;
  const Parties other{mallory.identity(), bob.identity()};
  const Bytes renamed = sign_envelope(ct, mallory.signing_key()).encode();
  EXPECT_EQ(Receiver2016().open(renamed, bob.encryption_key(), other).error().code, ErrorCode::crypto_failed);
  ct.back() ^= 1;
  const Bytes altered = sign_envelope(ct, alice.signing_key()).encode();
  EXPECT_EQ(Receiver2016().open(altered, bob.encryption_key(), parties).error().code, ErrorCode::crypto_failed);
}

TEST_F(EnvelopeTest, AReducedTagChecksThatManyBits) {
  EXPECT_EQ(message_key_2016(Bytes(11), Bytes(9), parties, 0), Bytes(16));
  const Bytes eight = message_key_2016(Bytes(11), Bytes(9), parties, 8);
  const Bytes all = message_key_2016(Bytes(11), Bytes(9), parties);
  EXPECT_EQ(eight[11], all[11]);
  EXPECT_EQ(eight[12], 0);
}

TEST(PublicIdentity, Is249BytesAndHasOneEncoding) {
  const Device device("phone");
  const Bytes der = device.identity().encode();
  EXPECT_EQ(der.size(), 249u);
  EXPECT_EQ(to_hex(ByteView(der).first(8)), "3081f68143004104");
  EXPECT_EQ(*PublicIdentity::parse(der), device.identity());
  for (const std::size_t at : {0U, 2U, 7U, 72U, 83U, 84U, 248U}) {
    Bytes wrong = der;
    wrong[at] = static_cast<std::uint8_t>(wrong[at] ^ 0x80);
    EXPECT_FALSE(PublicIdentity::parse(wrong).has_value()) << at;
  }
  EXPECT_FALSE(PublicIdentity::parse(ByteView(der).first(248)).has_value());
}

TEST(Body, IsGzippedWhenThatIsSmaller) {
  const Message small{{"a", "b"}, "hi", {}};
  EXPECT_EQ(encode_body(small), encode_plist(small));
  const Bytes large = encode_body(long_message());
  EXPECT_EQ(large[0], 0x1f);
  EXPECT_LT(large.size(), encode_plist(long_message()).size());
  EXPECT_EQ(*decode_body(large), long_message());
  Bytes broken = large;
  broken[broken.size() - 6] ^= 1;  // the checksum
  EXPECT_FALSE(decode_body(broken).has_value());
}

TEST(Body, CarriesAnAttachment) {
  const Message message{{"a"}, "x", AttachmentReference{"n.jpg", "https://h/u", "o", "aa", "bb", 7}};
  EXPECT_EQ(*decode_body(encode_body(message)), message);
}

TEST(Apns, LimitsPayloadsAndForgetsWhatItDeliveredOrKeptForAMonth) {
  Apns apns(kSmallPayload);
  const Bytes token(kTokenBytes, 1);
  EXPECT_EQ(apns.send({"a", token, Bytes(kSmallPayload + 1), Time{}}).error().code, ErrorCode::over_limit);
  ASSERT_TRUE(apns.send({"a", token, Bytes(3), Time{}}).has_value());
  EXPECT_EQ(apns.drain(token, Time{kKeepMs}).size(), 1u);
  EXPECT_EQ(apns.drain(token, Time{kKeepMs}).size(), 0u);
  ASSERT_TRUE(apns.send({"a", token, Bytes(3), Time{}}).has_value());
  EXPECT_EQ(apns.drain(token, Time{kKeepMs + 1}).size(), 0u);
}

TEST(Person, SendsToAllDevicesAndIsToldOfANewOne) {
  Service service;
  Person alice(service, "alice"), bob(service, "bob");
  alice.add_device("a");
  bob.add_device("b1");
  EXPECT_TRUE(bob.device(0).alerts.empty());
  bob.add_device("b2");
  EXPECT_EQ(bob.device(0).alerts.size(), 1u);
  ASSERT_TRUE(alice.send("bob", "hello").has_value());
  EXPECT_EQ(bob.receive(), 2u);
  EXPECT_EQ(bob.device(1).conversation.back().text, "hello");
}

/// Two on a service with one of the envelopes, and somebody who can carry messages again.
class SwitchTest : public ::testing::TestWithParam<EnvelopeOf> {
 protected:
  SwitchTest() {
    service.envelope = GetParam();
    for (Person* one : {&alice, &bob, &mallory}) one->add_device("phone");
  }
  /// How many messages Bob is shown of it.
  std::size_t deliver(const Push& push) {
    CHECK(service.apns.send(push).has_value());
    return bob.receive();
  }
  Service service;
  Person alice{service, "alice"}, bob{service, "bob"}, mallory{service, "mallory"};
};

TEST_P(SwitchTest, MessagesOfEachLengthArriveOnAllDevices) {
  bob.add_device("tablet");
  ASSERT_TRUE(alice.send("bob", "hi").has_value());
  ASSERT_TRUE(alice.send("bob", long_message()).has_value());
  EXPECT_EQ(bob.receive(), 4u);
  ASSERT_TRUE(bob.send("alice", "hello").has_value());
  EXPECT_EQ(alice.receive(), 1u);
  EXPECT_EQ(bob.device(1).conversation.back().text, long_message().text);
}

TEST_P(SwitchTest, OfTheTwoThatOf2014AloneIsReadUnderAnotherNameAndTwice) {
  ASSERT_TRUE(alice.send("bob", "hello").has_value());
  const Push push = service.apns.drain(bob.device().token(), service.now).at(0);
  Push renamed = push;
  renamed.sender = mallory.name();
  renamed.payload = sign_envelope(Envelope::parse(push.payload)->ct, mallory.device().signing_key()).encode();
  const std::size_t shown_in_2014 = GetParam() == EnvelopeOf::year_2014 ? 1 : 0;
  EXPECT_EQ(deliver(renamed), shown_in_2014);
  EXPECT_EQ(deliver(push), 1u);
  EXPECT_EQ(deliver(push), shown_in_2014);
}

INSTANTIATE_TEST_SUITE_P(Envelopes, SwitchTest, ::testing::Values(EnvelopeOf::year_2014, EnvelopeOf::year_2016));

TEST(Person, Of2016TakesNoEnvelopeOf2014) {
  Service service;
  Person alice(service, "alice"), bob(service, "bob");
  alice.add_device("a");
  bob.add_device("b");
  ASSERT_TRUE(alice.send("bob", "hello").has_value());
  service.envelope = EnvelopeOf::year_2016;
  EXPECT_EQ(bob.receive(), 0u);
  ASSERT_TRUE(alice.send("bob", "hello again").has_value());
  EXPECT_EQ(bob.receive(), 1u);
  EXPECT_EQ(bob.device().conversation.back().text, "hello again");
}

TEST(Attachment, OpensUnderItsOwnKeyAlone) {
  const Bytes file = random_bytes(5000);
  const SealedAttachment sealed = seal_attachment(file);
  EXPECT_EQ(sealed.sha1, sha1(sealed.ciphertext));
  EXPECT_EQ(open_attachment(sealed.key, sealed.ciphertext), file);
  EXPECT_NE(open_attachment(seal_attachment(file).key, sealed.ciphertext), file);
}

/// Alice, who sends Bob a file.
class AttachmentTest : public ::testing::Test {
 protected:
  AttachmentTest() {
    alice.add_device("a");
    bob.add_device("b");
    CHECK(alice.send_file(bob.name(), "look", "n.jpg", file).has_value());
    CHECK(service.attachments.size() == 1);
  }
  const Bytes file = random_bytes(5000);
  Service service;
  Person alice{service, "alice"}, bob{service, "bob"};
};

TEST_F(AttachmentTest, IsUploadedFetchedAndOpened) {
  const std::string url = service.attachments.begin()->first;
  EXPECT_EQ(service.attachments.at(url).size(), file.size());
  EXPECT_NE(service.attachments.at(url), file);
  EXPECT_EQ(bob.receive(), 1u);
  EXPECT_EQ(service.fetches, std::vector<std::string>{url});
  ASSERT_EQ(bob.device().files.size(), 1u);
  EXPECT_EQ(bob.device().files.at(url), file);
}

TEST_F(AttachmentTest, IsNotKeptWhenItIsAnotherThanTheMessageNames) {
  service.attachments.begin()->second[0] ^= 1;
  EXPECT_EQ(bob.receive(), 1u);
  EXPECT_EQ(service.fetches.size(), 1u);
  EXPECT_TRUE(bob.device().files.empty());
}

TEST_F(AttachmentTest, IsNotKeptWhenItIsMissing) {
  service.attachments.clear();
  EXPECT_EQ(bob.receive(), 1u);
  EXPECT_EQ(service.fetches.size(), 1u);
  EXPECT_TRUE(bob.device().files.empty());
}

TEST_F(AttachmentTest, OpensForItsOwnReferenceAlone) {
  const AttachmentReference reference = upload_attachment(service, "n.jpg", file);
  EXPECT_EQ(*fetch_attachment(service, reference), file);
  AttachmentReference hash = reference, missing = reference, shorter = reference, no_key = reference;
  hash.signature_hex = to_hex(sha1(file));  // of the file, not of what lies there
  missing.url += "0";
  shorter.key_hex.resize(32);
  no_key.key_hex[0] = 'x';
  EXPECT_EQ(fetch_attachment(service, hash).error().code, ErrorCode::crypto_failed);
  EXPECT_EQ(fetch_attachment(service, missing).error().code, ErrorCode::not_found);
  EXPECT_EQ(fetch_attachment(service, shorter).error().code, ErrorCode::malformed);
  EXPECT_EQ(fetch_attachment(service, no_key).error().code, ErrorCode::malformed);
}

TEST(Backup, RestoresMessagesOnAnyDeviceAndKeysOnTheSameAlone) {
  Device phone("phone");
  phone.conversation = {{"bob", "one"}, {"alice", "two"}};
  const BackupSet set = back_up(phone);
  const auto same = restore(set, phone);
  const auto other = restore(set, Device("another"));
  ASSERT_TRUE(same && other);
  EXPECT_EQ(same->keychain, phone.keychain);
  EXPECT_TRUE(other->keychain.empty());
  ASSERT_EQ(other->conversation.size(), 2u);
  EXPECT_EQ(other->conversation[1].text, "two");
  BackupSet without_key = set;
  without_key.keybag_key[0] ^= 1;
  EXPECT_EQ(restore(without_key, phone).error().code, ErrorCode::crypto_failed);
}

TEST(Backup, OpensWithEachClassKeyTheFilesOfItsClassAlone) {
  Device phone("phone");
  phone.conversation = {{"bob", "one"}};
  phone.files["https://h/u"] = to_bytes("a photo");
  const BackupSet set = back_up(phone);
  const auto restored = restore(set, Device("another"));
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(restored->files, phone.files);
  struct Case {
    std::string name;
    ProtectionClass own, other;
  };
  const Case messages{"messages", ProtectionClass::until_first_authentication, ProtectionClass::unless_open};
  const Case photo{"attachments/https://h/u", messages.other, messages.own};
  ASSERT_EQ(set.files.size(), 2u);
  for (const Case& one : {messages, photo}) {
    BackupSet own_key = set, other_key = set, exchanged = set;
    own_key.keybag.erase(one.other);
    other_key.keybag.erase(one.own);
    exchanged.files.at(one.name).protection = one.other;
    EXPECT_EQ(*open_file(own_key, one.name), *open_file(set, one.name)) << one.name;
    EXPECT_EQ(open_file(other_key, one.name).error().code, ErrorCode::not_found) << one.name;
    EXPECT_EQ(open_file(exchanged, one.name).error().code, ErrorCode::crypto_failed) << one.name;
  }
}

TEST(Account, GivesABackupForItsPasswordAndTakesANewOneForTheAnswers) {
  Accounts accounts;
  accounts.open("alice", "secret", "a@b", {{"pet", "rex"}});
  EXPECT_EQ(accounts.download("alice", "secret").error().code, ErrorCode::not_found);
  EXPECT_EQ(accounts.download("alice", "wrong").error().code, ErrorCode::not_authorised);
  EXPECT_EQ(accounts.reset_by_questions("alice", {{"pet", "tom"}}, "new").error().code, ErrorCode::not_authorised);
  ASSERT_TRUE(accounts.reset_by_questions("alice", {{"pet", "rex"}}, "new").has_value());
  EXPECT_EQ(accounts.download("alice", "secret").error().code, ErrorCode::not_authorised);
  accounts.reset_by_provider("alice", "theirs");
  EXPECT_EQ(accounts.download("alice", "theirs").error().code, ErrorCode::not_found);
}

TEST(Account, TakesANewPasswordOnceFromWhoeverReadsTheMailOfItsRecoveryAddress) {
  Accounts accounts;
  accounts.open("alice", "secret", "alice@mail", {});
  accounts.open("bob", "secret", "bob@mail", {});
  const auto reset = [&](const std::string& name, const std::string& link) {
    return accounts.reset_by_link(name, link, "new");
  };
  EXPECT_EQ(reset("alice", "").error().code, ErrorCode::not_authorised);  // none was sent
  EXPECT_EQ(accounts.send_link("carol").error().code, ErrorCode::not_found);
  ASSERT_TRUE(accounts.send_link("alice").has_value());
  ASSERT_TRUE(accounts.send_link("alice").has_value());
  const auto links = accounts.mail_at("alice@mail");
  ASSERT_EQ(links.size(), 2u);
  EXPECT_TRUE(accounts.mail_at("bob@mail").empty());
  EXPECT_EQ(reset("alice", links[0]).error().code, ErrorCode::not_authorised);  // the second took its place
  EXPECT_EQ(reset("bob", links[1]).error().code, ErrorCode::not_authorised);
  EXPECT_EQ(accounts.download("alice", "secret").error().code, ErrorCode::not_found);  // the old password still holds
  EXPECT_TRUE(reset("alice", links[1]).has_value());
  EXPECT_EQ(accounts.download("alice", "secret").error().code, ErrorCode::not_authorised);
  EXPECT_EQ(accounts.download("alice", "new").error().code, ErrorCode::not_found);
  EXPECT_EQ(reset("alice", links[1]).error().code, ErrorCode::not_authorised);  // good once
}

TEST(Escrow, OpensForTheCodeAndIsDestroyedAfterTenWrongOnes) {
  HsmCluster cluster;
  cluster.escrow("4711", as_bytes("keychain"));
  EXPECT_EQ(as_text(*cluster.recover("4711")), "keychain");
  for (unsigned i = 0; i < kMaxTries; ++i) EXPECT_EQ(cluster.recover("0815").error().code, ErrorCode::not_authorised);
  EXPECT_EQ(cluster.recover("4711").error().code, ErrorCode::not_found);
}

/// A cluster with `count` modules of that fault, and the code 4711.
HsmCluster cluster_with(std::size_t count, Module::Fault fault) {
  HsmCluster cluster;
  cluster.escrow("4711", as_bytes("keychain"));
  for (std::size_t i = 0; i < count; ++i) cluster.module_at(i).fault = fault;
  return cluster;
}

TEST(Escrow, OpensCountsAndIsDestroyedByThreeModulesOfFive) {
  for (const Module::Fault fault : {Module::Fault::silent, Module::Fault::contrary}) {
    HsmCluster cluster = cluster_with(2, fault);
    EXPECT_EQ(as_text(*cluster.recover("4711")), "keychain");
    // A right code puts the counters of the three back to nothing.
    for (unsigned i = 1; i < kMaxTries; ++i) EXPECT_EQ(cluster.recover("0815").error().code, ErrorCode::not_authorised);
    EXPECT_EQ(as_text(*cluster.recover("4711")), "keychain");
    for (unsigned i = 0; i < kMaxTries; ++i) EXPECT_EQ(cluster.recover("0815").error().code, ErrorCode::not_authorised);
    EXPECT_EQ(cluster.recover("4711").error().code, ErrorCode::not_found);
  }
}

TEST(Escrow, NeitherOpensNorIsDestroyedByTwoModulesOfFive) {
  HsmCluster cluster = cluster_with(3, Module::Fault::silent);
  EXPECT_EQ(cluster.recover("4711").error().code, ErrorCode::no_quorum);
  for (unsigned i = 0; i < 2 * kMaxTries; ++i) EXPECT_EQ(cluster.recover("0815").error().code, ErrorCode::no_quorum);
  for (std::size_t i = 0; i < 3; ++i) cluster.module_at(i).fault = Module::Fault::none;
  EXPECT_EQ(as_text(*cluster.recover("4711")), "keychain");
}

TEST(Escrow, FollowsItsMajorityAlsoWhereThatIsWrong) {
  HsmCluster cluster = cluster_with(3, Module::Fault::contrary);
  EXPECT_EQ(cluster.recover("4711").error().code, ErrorCode::not_authorised);
  // Whom it lets in without the code still has no key: the code wraps it, too.
  for (unsigned i = 0; i < 2 * kMaxTries; ++i)
    EXPECT_EQ(cluster.recover("0815").error().code, ErrorCode::crypto_failed) << i;
}

TEST(Escrow, AgreesOnNothingWithTwoAgainstTwo) {
  HsmCluster cluster = cluster_with(2, Module::Fault::contrary);
  cluster.module_at(4).fault = Module::Fault::silent;
  for (const char* code : {"4711", "0815"}) EXPECT_EQ(cluster.recover(code).error().code, ErrorCode::no_quorum) << code;
}

TEST(Chunks, OfEqualFilesAreEqual) {
  const Bytes file = random_bytes(2 * kChunkBytes + 1);
  const auto chunks = seal_chunks(file);
  EXPECT_EQ(chunks.size(), 3u);
  EXPECT_EQ(seal_chunks(file)[2].id, chunks[2].id);
  ChunkStore store;
  store.put("a", chunks);
  store.put("b", chunks);
  EXPECT_EQ(store.stored(), 3u);
  EXPECT_EQ(store.held_by("a", chunks), 3u);
  EXPECT_EQ(store.held_by("c", chunks), 0u);
}

TEST(Symmetric, UnwrapsUnderTheSameKeyAlone) {
  const Bytes key = random_bytes(32), data = random_bytes(32);
  EXPECT_EQ(*aes_unwrap(key, aes_wrap(key, data)), data);
  EXPECT_EQ(aes_unwrap(random_bytes(32), aes_wrap(key, data)).error().code, ErrorCode::crypto_failed);
}

// ---- fixed vectors ----

std::string vector_file() { return std::string(testing::source_dir()) + "/tests/vectors/lab/envelopes.json"; }

nlohmann::json make_vectors() {
  const Device alice("alice"), bob("bob");
  const Parties parties{alice.identity(), bob.identity()};
  const auto envelope = [&](const Message& message) {
    const Bytes body = encode_body(message);
    return nlohmann::json{{"text", message.text},
                          {"body", to_hex(body)},
                          {"wire_2014", to_hex(*seal_2014(body, bob.identity().rsa_modulus, alice.signing_key()))},
                          {"wire_2016", to_hex(*seal_2016(body, parties, alice.signing_key()))}};
  };
  return {{"about", "Envelopes of the model of 2014 and 2016, made by apps_lab_test with CAIRN_MAKE_LAB_VECTORS set."},
          {"sender_signing_key", to_hex(alice.signing_key().to_der())},
          {"sender_identity", to_hex(parties.sender.encode())},
          {"recipient_rsa_key", to_hex(bob.encryption_key().to_der())},
          {"recipient_identity", to_hex(parties.recipient.encode())},
          {"envelopes", {envelope({{"alice@example.org", "bob@example.org"}, "hi", {}}), envelope(long_message())}}};
}

TEST(Vectors, OfThisProjectStillOpen) {
  if (std::getenv("CAIRN_MAKE_LAB_VECTORS") != nullptr) std::ofstream(vector_file()) << make_vectors().dump(1) << "\n";
  std::ifstream file(vector_file());
  ASSERT_TRUE(file) << vector_file();
  const auto vectors = nlohmann::json::parse(file);
  const auto bytes = [](const nlohmann::json& value) { return *from_hex(value.get<std::string>()); };
  const auto signing = EcdsaKey::from_der(bytes(vectors["sender_signing_key"]));
  const auto rsa = RsaKey::from_der(bytes(vectors["recipient_rsa_key"]));
  ASSERT_TRUE(signing && rsa);
  const Parties parties{*PublicIdentity::parse(bytes(vectors["sender_identity"])),
                        *PublicIdentity::parse(bytes(vectors["recipient_identity"]))};
  EXPECT_EQ(parties.sender.signing_point, signing->point());
  EXPECT_EQ(parties.recipient.rsa_modulus, rsa->modulus());
  ASSERT_EQ(vectors["envelopes"].size(), 2u);
  for (const auto& one : vectors["envelopes"]) {
    const auto old = open_2014(bytes(one["wire_2014"]), *rsa, parties.sender.signing_point);
    const auto newer = Receiver2016().open(bytes(one["wire_2016"]), *rsa, parties);
    ASSERT_TRUE(old && newer);
    EXPECT_EQ(*old, bytes(one["body"]));
    EXPECT_EQ(*newer, bytes(one["body"]));
    EXPECT_EQ(decode_body(*old)->text, one["text"].get<std::string>());
  }
}

}  // namespace
}  // namespace cairn::lab::legacy
