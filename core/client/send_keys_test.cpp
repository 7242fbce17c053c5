#include "core/client/send_keys.h"

#include <gtest/gtest.h>

#include "core/client/messages.h"
#include "core/client/tables.h"
#include "core/client/talk_fixture.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

SaidUnderKey said_at(const TalkRoom& room, std::uint64_t index, std::uint64_t at_ms) {
  return {room.home(), index, {}, at_ms};
}

TEST(SendKeys, AreRememberedForSevenDays) {
  TalkRoom room;
  Context& context = room.context();
  remember_said(context, "k", said_at(room, 7, context.now.ms));
  ASSERT_TRUE(said_under(context, "k"));
  EXPECT_EQ(said_under(context, "k")->index, 7u);
  EXPECT_FALSE(said_under(context, "K"));
  context.now.ms += kSendKeyLifeMs;
  EXPECT_TRUE(said_under(context, "k"));
  context.now.ms += 1;
  EXPECT_FALSE(said_under(context, "k"));
  remember_said(context, "other", said_at(room, 8, context.now.ms));
  EXPECT_FALSE(context.store.get(tables::kSendKeys, as_bytes("k"))) << "what is too old is forgotten";
}

TEST(SendKeys, AreSoManyAndTheOldestMakeRoom) {
  TalkRoom room;
  Context& context = room.context();
  // Later keys sort before earlier ones, so that order of keys is not taken for age.
  const auto key_of = [](std::size_t i) { return std::to_string(900'000 - i); };
  for (std::size_t i = 0; i < kMaxSendKeys; ++i) {
    context.store.put(tables::kSendKeys, to_bytes(as_bytes(key_of(i))),
                      wire::encode(said_at(room, i, context.now.ms + i)));
  }
  context.now.ms += kMaxSendKeys;
  remember_said(context, "new", said_at(room, 1, context.now.ms));
  EXPECT_FALSE(said_under(context, key_of(0)));
  EXPECT_TRUE(said_under(context, key_of(1)));
  EXPECT_TRUE(said_under(context, "new"));
}

TEST(SendKeys, GoWithTheMessage) {
  TalkRoom room;
  Context& context = room.context();
  room.receive(testing::kBob, 1, "soon gone");
  remember_said(context, "k", said_at(room, 0, context.now.ms));
  remember_said(context, "other", said_at(room, 1, context.now.ms));
  wipe_message(context, room.home(), 0, room.at(0));
  EXPECT_FALSE(context.store.get(tables::kSendKeys, as_bytes("k"))) << "its text could be guessed by the hash";
  EXPECT_TRUE(said_under(context, "other"));
}

TEST(SendKeys, AskedTwiceAtOnceItIsSaidOnce) {
  testing::ClientVillage village;
  ASSERT_TRUE(village.register_person("alice-1", testing::kAlice).contains("result"));
  ASSERT_TRUE(village.register_person("bob-1", testing::kBob).contains("result"));
  const testing::Params params = {{"to", testing::kBob}, {"text", "once"}, {"key", "k"}, {"fresh", true}};
  const std::uint64_t first = village.begin("alice-1", "send", params);
  const std::uint64_t second = village.begin("alice-1", "send", params);
  nlohmann::json one;
  nlohmann::json two;
  ASSERT_TRUE(village.until([&] {
    if (one.is_null()) one = village.answer("alice-1", first);
    if (two.is_null()) two = village.answer("alice-1", second);
    return !one.is_null() && !two.is_null();
  }));
  ASSERT_TRUE(one.contains("result") && two.contains("result")) << one << two;
  EXPECT_EQ(one["result"]["index"], two["result"]["index"]);
  std::size_t said = 0;
  const auto read = village.ask("alice-1", "read", {{"conversation", testing::kBob}});
  for (const auto& message : read["result"]["messages"]) said += message["text"] == "once" ? 1 : 0;
  EXPECT_EQ(said, 1u);
}

}  // namespace
}  // namespace cairn::client
