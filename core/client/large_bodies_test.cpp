// What lies at a server in the place of an envelope's body: put in parts, fetched in parts, and believed only when it
// is what its reference says (docs/spec/client.md s.19).
#include "core/client/large_bodies.h"

#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/client/rejoin.h"
#include "core/client/settings.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "tests/support/fake_blobs.h"
#include "tests/support/refused.h"

namespace cairn::client {
namespace {

using State = LargeBodies::State;

/// One device and a server; calls are answered when the test says so.
class LargeParts : public ::testing::Test {
 protected:
  LargeParts()
      : account(Account::create(*directory::Name::from("alice@example.org"), "https://example.org", "", entropy)) {}

  bool put(ByteView body, std::uint64_t epoch = 7) {
    return large.put(context, account, {channel, "example.org", epoch}, write_key, body,
                     [this](Context&, const Answer& answer) { answers.push_back(answer); });
  }
  LargeBodies::Fetched get(const proto::BlobRef& ref, const ChannelId& in) {
    return large.get(context, account, {in, "example.org", 7}, ref,
                     [this](Context&, const Answer& answer) { answers.push_back(answer); });
  }
  LargeBodies::Fetched get(const proto::BlobRef& ref) { return get(ref, channel); }
  /// Answers the oldest call; the request.
  proto::Call answer_one(std::optional<proto::CallReply> instead = {}) {
    CHECK(!sends.empty());
    const auto call = std::get<proto::Call>(sends.front());
    sends.erase(sends.begin());
    auto reply = instead ? Result<proto::CallReply>(*instead) : *server.answer(call.url.substr(19), call, ok());
    calls.done(context, {call.id, std::move(reply)});
    return call;
  }
  proto::BlobRef put_whole(ByteView body) {
    while (!put(body)) answer_one();
    return LargeBodies::place_of(account, channel, body);
  }
  Bytes random(std::size_t size) {
    Bytes out(size);
    entropy.fill(out);
    return out;
  }
  std::size_t rows(Table table) { return store.scan(table, {}, {}, ~std::size_t{0}).size(); }
  static proto::CallReply refusal(ErrorCode code) { return testing::FakePost::refusal(code, "No."); }

  testing::SeededEntropy entropy{7};
  MemoryView below;
  Overlay store{below};
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{store, Time{1'000'000}, entropy, sends, events};
  Calls calls;
  LargeBodies large{calls};
  Account account;
  testing::FakeBlobs server;
  ChannelId channel = random_value<ChannelId>(entropy);
  ChannelId elsewhere = random_value<ChannelId>(entropy);
  crypto::SigningKey write_key = crypto::SigningKey::generate(entropy);
  std::vector<Answer> answers;
};

TEST_F(LargeParts, ComeWholeAndTheirPlaceIsTheSameEachTime) {
  const Bytes body = random(2 * proto::kBlobPart + 17);
  EXPECT_FALSE(put(body));
  EXPECT_FALSE(put(body));
  ASSERT_EQ(sends.size(), 1u) << "one part at a time";
  const auto first = wire::decode<proto::BlobPut>(answer_one().body);
  ASSERT_TRUE(first && first->writer);
  EXPECT_EQ(first->data.size(), proto::kBlobPart);
  EXPECT_EQ(first->writer->epoch, 7u);
  EXPECT_TRUE(crypto::verify_labelled(write_key.public_key(), crypto::kSignBlobOfChannel,
                                      first->content_of_channel(crypto::sha256(first->data)),
                                      first->writer->signature));
  large.forget_all();  // as a crash does: the server says how far it was
  EXPECT_FALSE(put(body));
  answer_one();
  EXPECT_EQ(server.parts_again, 1u);
  const proto::BlobRef ref = put_whole(body);
  EXPECT_EQ(ref.size, body.size());
  EXPECT_EQ(ref.digest, crypto::sha256(body));
  EXPECT_EQ(server.blobs.size(), 1u);
  EXPECT_EQ(server.blobs.at(ref.blob).bytes, body);
  EXPECT_TRUE(put(body));

  for (int part = 0; part < 3; ++part) {
    EXPECT_EQ(get(ref).state, State::waits);
    EXPECT_EQ(get(ref).state, State::waits);
    ASSERT_EQ(sends.size(), 1u);
    answer_one();
  }
  const LargeBodies::Fetched fetched = get(ref);
  EXPECT_EQ(fetched.state, State::whole);
  EXPECT_EQ(fetched.body, body);
  EXPECT_EQ(rows(tables::kLargeParts), 3u);
  large.forget(context, channel, ref);
  EXPECT_EQ(rows(tables::kLargeParts) + rows(tables::kLargeBodies), 0u);
}

TEST_F(LargeParts, LieForEachBodyAndChannelAndDeviceElsewhere) {
  const Bytes one = random(100'000);
  const auto here = LargeBodies::place_of(account, channel, one);
  const Account other =
      Account::create(*directory::Name::from("alice@example.org"), "https://example.org", "", entropy);
  EXPECT_NE(here.blob, LargeBodies::place_of(account, channel, random(100'000)).blob);
  EXPECT_NE(here.blob, LargeBodies::place_of(account, elsewhere, one).blob);
  EXPECT_NE(here.blob, LargeBodies::place_of(other, channel, one).blob);
}

TEST_F(LargeParts, AServerThatTakesNothingIsNotAskedForEver) {
  const Bytes body = random(100'000);
  EXPECT_FALSE(put(body));
  answer_one(proto::CallReply{200, wire::encode(proto::BlobPutAnswer{0, 0}), {}});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0].body.has_value()) << "it did not go on";
  EXPECT_FALSE(put(body));
  answer_one(proto::CallReply{200, wire::encode(proto::BlobPutAnswer{100'001, 0}), {}});
  EXPECT_FALSE(answers[1].body.has_value()) << "no part begins there";
  EXPECT_FALSE(put(body));
  answer_one(proto::CallReply{200, to_bytes("what?"), {}});
  EXPECT_FALSE(answers[2].body.has_value());
  EXPECT_EQ(put_whole(body).size, body.size());
}

TEST_F(LargeParts, OfAFormerEpochSayNothingOfWhoWon) {
  const Answer told{fail(ErrorCode::wrong_epoch, "no"), 409, to_bytes("a sentence"), "a sentence"};
  EXPECT_TRUE(without_winner(told).error_body.empty());
  const Answer refused{fail(ErrorCode::over_limit, "no"), 413, to_bytes("a sentence"), "a sentence"};
  EXPECT_FALSE(without_winner(refused).error_body.empty());
}

TEST_F(LargeParts, WhatTheServerDoesNotHaveIsGoneAndWhatItHasOtherwiseIsBad) {
  const Bytes body = random(100'000);
  proto::BlobRef ref = put_whole(body);
  const auto ends_as = [&](const proto::BlobRef& asked, std::optional<proto::CallReply> instead) {
    EXPECT_EQ(get(asked).state, State::waits);
    answer_one(std::move(instead));
    const State state = get(asked).state;
    large.forget(context, channel, asked);
    EXPECT_EQ(rows(tables::kLargeParts) + rows(tables::kLargeBodies), 0u);
    sends.clear();
    calls.forget_all();
    return state;
  };
  EXPECT_EQ(ends_as(ref, refusal(ErrorCode::not_found)), State::gone);
  EXPECT_EQ(ends_as(ref, refusal(ErrorCode::over_limit)), State::gone);
  EXPECT_EQ(ends_as(ref, refusal(ErrorCode::rate_limited)), State::waits);
  EXPECT_EQ(ends_as(ref, refusal(ErrorCode::internal)), State::waits);
  EXPECT_EQ(ends_as(ref, proto::CallReply{200, to_bytes("what?"), {}}), State::gone);
  const Bytes less(body.begin(), body.end() - 1);
  EXPECT_EQ(ends_as(ref, proto::CallReply{200, wire::encode(proto::BlobPart{body.size(), less}), {}}), State::gone);
  EXPECT_EQ(ends_as(ref, proto::CallReply{200, wire::encode(proto::BlobPart{body.size() + 1, body}), {}}), State::bad);
  Bytes other = body;
  other.front() ^= 1;
  EXPECT_EQ(ends_as(ref, proto::CallReply{200, wire::encode(proto::BlobPart{body.size(), other}), {}}), State::bad);
  EXPECT_EQ(ends_as(ref, {}), State::whole);
  ref.size -= 1;
  EXPECT_EQ(ends_as(ref, {}), State::bad);
}

TEST_F(LargeParts, OfOneChannelAreNotThoseOfAnotherOneThatNamesThemWrongly) {
  const Bytes body = random(100'000);
  const proto::BlobRef ref = put_whole(body);
  proto::BlobRef wrong = ref;
  wrong.size += 1;
  EXPECT_EQ(get(ref).state, State::waits);
  EXPECT_EQ(get(wrong, elsewhere).state, State::waits);
  answer_one();
  answer_one();
  EXPECT_EQ(get(wrong, elsewhere).state, State::bad);
  EXPECT_EQ(get(ref).state, State::whole);
}

TEST_F(LargeParts, WhatWaitsForLongYieldsToWhatIsNewAndStrangersYieldToStrangers) {
  const Bytes body = random(100'000);
  const proto::BlobRef ref = put_whole(body);
  enum class Who : std::uint8_t { members, strangers, asking };  // the last: in a request that was not accepted
  const auto fill = [&](std::size_t count, Who who) {
    std::vector<ChannelId> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(random_value<ChannelId>(entropy));
      if (who != Who::strangers) store.put(tables::kConversations, to_bytes(out.back().view()), {});
      ConversationSettings request;
      request.is_request = true;
      if (who == Who::asking) put_settings(context, out.back(), request);
      context.now = after(context.now, 1);
      EXPECT_EQ(get(ref, out.back()).state, State::waits);
    }
    return out;
  };
  const auto known = fill(kMostLargeBodies, Who::members);
  auto strangers = fill(kMostLargeOfStrangers / 2, Who::asking);
  const auto others = fill(kMostLargeOfStrangers - strangers.size(), Who::strangers);
  strangers.insert(strangers.end(), others.begin(), others.end());
  EXPECT_EQ(get(ref).state, State::later) << "all are on their way";
  EXPECT_EQ(sends.size(), kMostLargeBodies + kMostLargeOfStrangers);
  while (!sends.empty()) answer_one();
  EXPECT_EQ(get(ref).state, State::waits);
  EXPECT_EQ(get(ref, strangers[0]).state, State::waits) << "it began first among strangers";
  while (!sends.empty()) answer_one();
  for (const ChannelId& one : known) EXPECT_EQ(get(ref, one).state, State::whole);
  store.put(tables::kConversations, to_bytes(elsewhere.view()), {});
  EXPECT_EQ(get(ref, elsewhere).state, State::waits);
  EXPECT_EQ(rows(tables::kLargeBodies), kMostLargeBodies + kMostLargeOfStrangers);
  while (!sends.empty()) answer_one();
  EXPECT_EQ(get(ref).state, State::whole);
  EXPECT_EQ(get(ref, elsewhere).state, State::whole);
  EXPECT_EQ(get(ref, known[1]).state, State::whole);
  EXPECT_EQ(get(ref, known[0]).state, State::waits) << "it is fetched again";
}

TEST_F(LargeParts, OfStrangersThatWaitAndYieldAreNotFetchedForEver) {
  const Bytes body = random(100'000);
  const proto::BlobRef ref = put_whole(body);
  std::vector<ChannelId> strangers;
  for (std::size_t i = 0; i < 4 * kMostLargeOfStrangers; ++i) strangers.push_back(random_value<ChannelId>(entropy));
  std::size_t fetched = 0, gone = 0;
  for (int round = 0; round < 20; ++round) {
    gone = 0;
    for (const ChannelId& one : strangers) {
      context.now = after(context.now, 1);
      gone += get(ref, one).state == State::gone ? 1 : 0;
      for (; !sends.empty(); ++fetched) answer_one();
    }
  }
  EXPECT_EQ(gone, strangers.size() - kMostLargeOfStrangers) << "the last ones are here";
  EXPECT_EQ(fetched, strangers.size() * kMostFetchesOfStrangers);
  // What came to be a conversation is.
  store.put(tables::kConversations, to_bytes(strangers[0].view()), {});
  EXPECT_EQ(get(ref, strangers[0]).state, State::waits);
}

/// Their server gives all but the last part, and is busy then: what pauses yields its place.
TEST_F(LargeParts, OfStrangersThatNeverEndAreNotBegunForEver) {
  const Bytes body = random(proto::kBlobPart + 1);
  const proto::BlobRef ref = put_whole(body);
  std::vector<ChannelId> strangers;
  for (std::size_t i = 0; i <= kMostLargeOfStrangers; ++i) strangers.push_back(random_value<ChannelId>(entropy));
  std::size_t begun = 0, gone = 0;
  for (int round = 0; round < 20; ++round) {
    gone = 0;
    for (const ChannelId& one : strangers) {
      context.now = after(context.now, 1);
      gone += get(ref, one).state == State::gone ? 1 : 0;
      while (!sends.empty()) {
        const auto part = wire::decode<proto::BlobGet>(std::get<proto::Call>(sends.front()).body);
        ASSERT_TRUE(part.has_value());
        if (part->offset != 0) {
          answer_one(refusal(ErrorCode::unavailable));
          continue;
        }
        ++begun;
        answer_one();
        EXPECT_EQ(get(ref, one).state, State::waits);
      }
    }
  }
  EXPECT_EQ(begun, strangers.size() * kMostFetchesOfStrangers);
  EXPECT_EQ(gone, strangers.size() - kMostLargeOfStrangers);
}

TEST_F(LargeParts, OfManyStrangersTheCountIsNotForgottenWhileTheyWait) {
  const Bytes body = random(100);
  const proto::BlobRef ref = put_whole(body);
  std::vector<ChannelId> strangers;
  for (std::size_t i = 0; i < kMostStrangersCounted; ++i) {
    strangers.push_back(random_value<ChannelId>(entropy));
    store.put(tables::kInboxByChannel, concat({strangers.back(), Bytes(8, 0)}), {});
  }
  for (unsigned round = 0; round < kMostFetchesOfStrangers; ++round) {
    for (const ChannelId& one : strangers) {
      context.now = after(context.now, 1);
      EXPECT_EQ(get(ref, one).state, State::waits);
      answer_one();
    }
  }
  EXPECT_EQ(get(ref, elsewhere).state, State::later) << "nobody's count makes room for it";
  EXPECT_EQ(get(ref, strangers[0]).state, State::gone);
  store.put(tables::kConversations, to_bytes(channel.view()), {});
  EXPECT_EQ(get(ref, channel).state, State::waits) << "a conversation waits for no stranger";
  answer_one();
  // What waits no more is counted no more.
  large.forget(context, strangers[0], ref);
  EXPECT_EQ(get(ref, elsewhere).state, State::waits);
  answer_one();
  large.forget(context, elsewhere, ref);
  EXPECT_EQ(get(ref, strangers[0]).state, State::waits);
  answer_one();
  store.erase(tables::kInboxByChannel, concat({strangers[1], Bytes(8, 0)}));
  EXPECT_EQ(get(ref, elsewhere).state, State::waits);
}

TEST_F(LargeParts, AreTakenBackByWhoPutThem) {
  const Bytes body = random(100'000);
  const proto::BlobRef ref = put_whole(body);
  large.take_back(context, account, elsewhere, "example.org", body);
  answer_one();
  EXPECT_EQ(server.blobs.size(), 1u) << "that of another channel is another one";
  large.take_back(context, account, channel, "example.org", body);
  answer_one();
  EXPECT_TRUE(server.blobs.empty());
  EXPECT_FALSE(put(body)) << "it is put again when it is wanted again";
  answer_one();
  EXPECT_TRUE(put(body));
  EXPECT_EQ(server.blobs.count(ref.blob), 1u);
}

// ---- an answer that lets in ----

TEST(LargeAnswer, SaysWhereItsCiphertextLiesAndNothingElse) {
  RejoinAnswer answer{to_bytes("reference"), to_bytes("kem output"), {}, proto::BlobRef{{}, 100'000, {}}};
  const Bytes bytes = wire::encode(answer);
  const auto read = wire::decode<RejoinAnswer>(bytes);
  ASSERT_TRUE(read && read->large);
  EXPECT_EQ(wire::encode(*read), bytes);
  const auto refuses = [](Bytes changed) { return !wire::decode<RejoinAnswer>(changed); };
  EXPECT_TRUE(refuses(Bytes(bytes.begin(), bytes.end() - 1)));
  EXPECT_TRUE(refuses(concat({bytes, to_bytes("x")})));
  answer.large->size = 0;
  EXPECT_TRUE(refuses(wire::encode(answer)));
  answer.large->size = proto::kMaxHandshakeBlob + 1;
  EXPECT_TRUE(refuses(wire::encode(answer)));
  const RejoinAnswer small{to_bytes("reference"), to_bytes("kem output"), to_bytes("ciphertext"), {}};
  const Bytes inside = wire::encode(small);
  EXPECT_EQ(wire::encode(wire::decode<RejoinAnswer>(inside).value()), inside);
  EXPECT_TRUE(refuses(concat({inside, ByteView(bytes).last(72)}))) << "both";
}

}  // namespace
}  // namespace cairn::client
