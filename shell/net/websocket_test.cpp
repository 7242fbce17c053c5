#include "shell/net/websocket.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::net {
namespace {

constexpr std::size_t kMost = 100'000;
constexpr Mask kMask = {0x37, 0xfa, 0x21, 0x3d};

Bytes hex(std::string_view text) { return *from_hex(text); }

ErrorCode refusal(Side side, ByteView bytes, std::size_t most = kMost) {
  const auto events = WebSocketReader(side, most).feed(bytes);
  EXPECT_FALSE(events) << to_hex(bytes);
  return events ? ErrorCode::internal : events.error().code;
}

// RFC 6455 s.5.7, with binary in place of text where the example is a text.
TEST(WebSocket, WritesTheExamplesOfTheStandard) {
  EXPECT_EQ(to_hex(websocket_frame(Opcode::binary, as_bytes("Hello"), std::nullopt)), "820548656c6c6f");
  EXPECT_EQ(to_hex(websocket_frame(Opcode::binary, as_bytes("Hello"), kMask)), "828537fa213d7f9f4d5158");
  EXPECT_EQ(to_hex(websocket_frame(Opcode::ping, as_bytes("Hello"), std::nullopt)), "890548656c6c6f");
  EXPECT_EQ(to_hex(websocket_frame(Opcode::pong, as_bytes("Hello"), kMask)), "8a8537fa213d7f9f4d5158");
  EXPECT_EQ(to_hex(ByteView(websocket_frame(Opcode::binary, Bytes(256), std::nullopt)).first(4)), "827e0100");
  EXPECT_EQ(to_hex(ByteView(websocket_frame(Opcode::binary, Bytes(65536), std::nullopt)).first(10)),
            "827f0000000000010000");
}

TEST(WebSocket, ReadsTheExamplesOfTheStandard) {
  auto events = WebSocketReader(Side::server, kMost).feed(hex("828537fa213d7f9f4d5158"));
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(as_text(events->at(0).data), "Hello");
  // Fragments "Hel" and "lo", with a ping between them.
  events = WebSocketReader(Side::client, kMost).feed(hex("020348656c890080026c6f"));
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->at(0).kind, Opcode::ping);
  EXPECT_EQ(as_text(events->at(1).data), "Hello");
}

TEST(WebSocket, PutsRandomMessagesTogetherWhateverWayTheyArrive) {
  testing::SeededEntropy random(7);
  for (int round = 0; round < 200; ++round) {
    const Side side = random.below(2) == 0 ? Side::server : Side::client;
    std::vector<Bytes> sent(1 + random.below(5));
    Bytes stream;
    for (Bytes& message : sent) {
      constexpr std::size_t kSizes[] = {0, 1, 125, 126, 127, 65535, 65536, 70'000};
      message.resize(kSizes[random.below(8)]);
      random.fill(message);
      std::optional<Mask> mask;
      if (side == Side::server) random.fill(mask.emplace());
      append(stream, websocket_frame(Opcode::binary, message, mask));
    }
    WebSocketReader reader(side, kMost);
    std::vector<Bytes> received;
    for (ByteView rest = stream; !rest.empty();) {
      const std::size_t size = std::min<std::size_t>(rest.size(), 1 + random.below(random.below(2) == 0 ? 20 : 50'000));
      auto events = reader.feed(rest.first(size));
      ASSERT_TRUE(events);
      for (WebSocketEvent& event : *events) received.push_back(std::move(event.data));
      rest = rest.subspan(size);
    }
    ASSERT_EQ(received, sent);
  }
}

TEST(WebSocket, RefusesWhatTheStandardForbids) {
  EXPECT_EQ(refusal(Side::server, hex("820548656c6c6f")), ErrorCode::malformed);          // a client without a mask
  EXPECT_EQ(refusal(Side::client, hex("828537fa213d7f9f4d5158")), ErrorCode::malformed);  // a server with one
  EXPECT_EQ(refusal(Side::client, hex("c200")), ErrorCode::malformed);                    // a reserved bit
  EXPECT_EQ(refusal(Side::client, hex("8300")), ErrorCode::malformed);                    // unknown opcodes
  EXPECT_EQ(refusal(Side::client, hex("8b00")), ErrorCode::malformed);
  EXPECT_EQ(refusal(Side::client, hex("0900")), ErrorCode::malformed);      // a fragmented ping
  EXPECT_EQ(refusal(Side::client, hex("897e0080")), ErrorCode::malformed);  // a long one
  EXPECT_EQ(refusal(Side::client, hex("827e007d")), ErrorCode::malformed);  // longer lengths than needed
  EXPECT_EQ(refusal(Side::client, hex("827f000000000000ffff")), ErrorCode::malformed);
  EXPECT_EQ(refusal(Side::client, hex("8000")), ErrorCode::malformed);              // a continuation of nothing
  EXPECT_EQ(refusal(Side::client, hex("02008200")), ErrorCode::malformed);          // a message within a message
  EXPECT_EQ(refusal(Side::client, hex("810548656c6c6f")), ErrorCode::unsupported);  // a text
}

TEST(WebSocket, RefusesALongMessageBeforeItComes) {
  EXPECT_EQ(refusal(Side::client, hex("827e0401"), 1024), ErrorCode::over_limit);
  EXPECT_EQ(refusal(Side::client, hex("827fffffffffffffffff"), 1024), ErrorCode::over_limit);
  Bytes fragments = concat({hex("027e0400"), Bytes(1024), hex("800101")});
  EXPECT_EQ(refusal(Side::client, fragments, 1024), ErrorCode::over_limit);
  fragments = concat({hex("027e0400"), Bytes(1024), hex("8000")});
  EXPECT_TRUE(WebSocketReader(Side::client, 1024).feed(fragments));
}

// Were it copied with every piece, this would take minutes.
TEST(WebSocket, ReadsALongFrameThatComesByteByByte) {
  constexpr std::size_t kLong = std::size_t{1} << 20;
  const Bytes frame = websocket_frame(Opcode::binary, Bytes(kLong, 7), Mask{});
  WebSocketReader reader(Side::server, kLong);
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) ASSERT_TRUE(reader.feed({&frame[i], 1})->empty());
  ASSERT_EQ(reader.feed({&frame.back(), 1})->size(), 1u);
}

TEST(WebSocket, ReadsNothingBehindAClose) {
  WebSocketReader reader(Side::client, kMost);
  auto events = reader.feed(concat({websocket_frame(Opcode::close, close_payload(1000), std::nullopt), hex("ffff")}));
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(events->at(0).kind, Opcode::close);
  EXPECT_EQ(events->at(0).data, hex("03e8"));
  EXPECT_TRUE(reader.feed(hex("ffff"))->empty());
}

}  // namespace
}  // namespace cairn::net
