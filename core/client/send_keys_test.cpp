#include "core/client/send_keys.h"

#include <gtest/gtest.h>

#include "core/client/tables.h"
#include "core/client/talk_fixture.h"

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

}  // namespace
}  // namespace cairn::client
