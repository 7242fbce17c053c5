#include "core/client/message_id.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/content.h"
#include "tests/support/mimi_examples.h"

namespace cairn::client {
namespace {

using namespace testing::mimi_examples;

constexpr std::string_view kRoom = "mimi://example.com/r/engineering_team";

std::string id_of(std::string_view example, std::string_view sender) {
  const Bytes bytes = from_hex(example).value();
  const auto content = decode_content(bytes);
  EXPECT_TRUE(content);
  return to_hex(message_id(sender, kRoom, bytes, content->salt));
}

TEST(MessageIds, AreThoseThatTheDraftStates) {
  EXPECT_EQ(id_of(kOriginal, "mimi://example.com/u/alice-smith"),
            "017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4");
  EXPECT_EQ(id_of(kReply, "mimi://example.com/u/bob-jones"),
            "015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27");
  EXPECT_EQ(id_of(kReaction, "mimi://example.com/u/cathy-washington"),
            "0158c4288911e50a8f6be3f47746b6682f10fd91bc8c05557aa589a3157aff68");
  EXPECT_EQ(id_of(kMention, "mimi://example.com/u/cathy-washington"),
            "018d825adf9f6be00dcafc5704c4102f5022e74219d0b603e4ba7622654042af");
  EXPECT_EQ(id_of(kEdit, "mimi://example.com/u/bob-jones"),
            "014028c0deddbdea56bec26172f6ede953d11024cb82b8192b5e2aea62d7fb47");
  EXPECT_EQ(id_of(kDelete, "mimi://example.com/u/bob-jones"),
            "011d9efc78d04d4dcf4d82b07d5199bbef37011c1f0c7e004b6111c6dda504b4");
  EXPECT_EQ(id_of(kUnlike, "mimi://example.com/u/cathy-washington"),
            "013aadbb8f313253c8930f4e93c6ca54b2ed06d258185bdcec3870534c8a4ec4");
  EXPECT_EQ(id_of(kExpiring, "mimi://example.com/u/alice-smith"),
            "01e59db8173939facc2c8a4a0f0ae8d0c7a11a81239626630c9464a8d6717a03");
}

TEST(MessageIds, DependOnWhoSaidWhatWhere) {
  const Bytes content = from_hex(kOriginal).value();
  const std::array<std::uint8_t, 16> salt{};
  const MessageId id = message_id("a", "b", content, salt);
  EXPECT_EQ(id.data()[0], kMessageIdSha256);
  EXPECT_NE(id, message_id("a", "c", content, salt));
  EXPECT_NE(id, message_id("c", "b", content, salt));
  EXPECT_NE(id, message_id("a", "b", ByteView(content).first(10), salt));
  EXPECT_NE(message_id("ab", "", {}, salt), message_id("a", "b", {}, salt));  // lengths keep them apart
}

TEST(MessageIds, NameUsersAndRooms) {
  EXPECT_EQ(user_uri("alice@example.org"), "mimi://example.org/u/alice");
  EXPECT_EQ(room_uri_of_names({"alice@example.org", "bob@other.org"}),
            "mimi://example.org/r/alice@example.org,bob@other.org");
  EXPECT_EQ(room_uri_of_channel("example.org", ChannelId{}), "mimi://example.org/r/00000000000000000000000000000000");
}

}  // namespace
}  // namespace cairn::client
