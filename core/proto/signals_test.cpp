#include "core/proto/signals.h"

#include <gtest/gtest.h>

namespace cairn::proto {
namespace {

TEST(Signals, HaveOneEncodingAndABound) {
  ChannelSignal signal{{}, 7, Bytes(kMaxSignalBody, 4), {}};
  const Bytes bytes = wire::encode(signal);
  const auto read = wire::decode<ChannelSignal>(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(wire::encode(*read), bytes);
  signal.ciphertext.push_back(0);
  EXPECT_EQ(wire::decode<ChannelSignal>(wire::encode(signal)).error().code, ErrorCode::over_limit);
  EXPECT_FALSE(wire::decode<ChannelSignal>(ByteView(bytes).first(bytes.size() - 1)).has_value());
}

TEST(Signals, APushIsNoOtherPush) {
  const Bytes bytes = wire::encode(SignalPush{"example.org", {}, 3, Bytes(40, 1)});
  ASSERT_TRUE(wire::decode<SignalPush>(bytes).has_value());
  EXPECT_FALSE(wire::decode<MailboxPush>(bytes).has_value());
  EXPECT_FALSE(wire::decode<SignalPush>(wire::encode(MailboxPush{MailboxPush::Kind::caught_up, {}, 0})).has_value());
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(wire::decode<SignalPush>(longer).has_value());
}

}  // namespace
}  // namespace cairn::proto
