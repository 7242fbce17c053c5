// A device whose owner says that the server of its domain is somewhere else (docs/spec/client-rpc.md s.4).
#include "core/client/rejoin_fixture.h"
#include "core/proto/api.h"

namespace cairn::client {
namespace {

constexpr std::string_view kMovedFrom = "https://example.org";
constexpr std::string_view kMovedTo = "https://cairn.example.net";

class ServerMoved : public RejoinTest {
 protected:
  void SetUp() override {
    RejoinTest::SetUp();
    // The same server stands at both.
    village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (!call.url.starts_with(kMovedTo)) return std::nullopt;
      proto::Call same = call;
      same.url = std::string(kMovedFrom) + call.url.substr(kMovedTo.size());
      return village.server.answer(same);
    };
  }
  json move(const std::string& url) {
    return village.ask("alice-1", "domain.server", url.empty() ? json::object() : json{{"server_url", url}});
  }
  std::string address() { return good(village.ask("alice-1", "status"))["server_url"]; }
};

TEST_F(ServerMoved, IsGoneToAtOnceAndShownNoTokenOfTheFormerAddress) {
  std::set<std::string> former;
  village.server.overhear = [&](const proto::Call& call) { former.insert(call.bearer); };
  say("alice-1", kBob, "before");
  former.erase("");
  ASSERT_FALSE(former.empty());
  bool was_called = false;
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.starts_with(kMovedTo)) return;
    was_called = true;
    EXPECT_FALSE(former.contains(call.bearer)) << call.url;
  };
  village.device("alice-1").cut_off_from(kMovedFrom);
  EXPECT_EQ(good(move(std::string(kMovedTo) + "/"))["server_url"], kMovedTo);
  say("alice-1", kBob, "behind");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "behind"); })) << trouble("alice-1");
  EXPECT_TRUE(was_called);
  say("bob-1", kAlice, "heard");
  EXPECT_TRUE(village.until([&] { return has_text("alice-1", kBob, "heard"); }));
  // Also when it begins again.
  village.device("alice-1").restart();
  EXPECT_EQ(address(), kMovedTo);
  village.device("alice-1").cut_off_from("");
  EXPECT_EQ(good(move(""))["server_url"], kMovedFrom);
}

TEST_F(ServerMoved, TakesNoTokenThatTheFormerAddressGivesLate) {
  std::string late;
  bool is_within = false;
  village.server.elsewhere = [&, moved = village.server.elsewhere](const proto::Call& call) {
    if (is_within || !late.empty() || !call.url.starts_with(kMovedFrom) || !call.url.ends_with(proto::kPathLogin)) {
      return moved(call);
    }
    is_within = true;
    std::optional<Result<proto::CallReply>> reply = village.server.answer(call);
    is_within = false;
    const auto login = *reply ? wire::decode<proto::LoginAnswer>((*reply)->body) : fail(ErrorCode::unavailable, "");
    if (login) late = login->token;
    return reply;
  };
  testing::TestClient& alice = village.device("alice-1");
  alice.hold_answers_to(proto::kPathLogin);
  alice.restart();
  ASSERT_TRUE(village.until([&] { return alice.answers_held() == 1; }));
  ASSERT_FALSE(late.empty());
  EXPECT_EQ(good(move(std::string(kMovedTo)))["server_url"], kMovedTo);
  bool was_called = false;
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.starts_with(kMovedTo)) return;
    was_called = true;
    EXPECT_NE(call.bearer, late) << call.url;
  };
  alice.release_answers();
  say("alice-1", kBob, "behind");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "behind"); })) << trouble("alice-1");
  EXPECT_TRUE(was_called);
}

TEST_F(ServerMoved, IsNoPlaceThatIsNoAddress) {
  for (const char* url : {"cairn.example.net", "ftp://example.net", "https://", "https://example.net/path"}) {
    EXPECT_TRUE(bad(move(url)).starts_with("Write the address as https://")) << url;
  }
  EXPECT_EQ(address(), kMovedFrom);
}

}  // namespace
}  // namespace cairn::client
