#include "shell/net/client.h"

#include "tests/support/network_house.h"

namespace cairn::testing {
namespace {

using proto::Method;

class HttpClient : public NetworkHouse {};

TEST_F(HttpClient, GetsAnAnswer) {
  open();
  const auto reply = call(Method::post, url("/echo"), to_bytes("hello"));
  ASSERT_TRUE(reply) << reply.error().where;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, to_bytes("hello"));
  EXPECT_EQ(call(Method::get, url("/get/nothing"))->status, 404);
}

TEST_F(HttpClient, UsesAConnectionAgain) {
  open();
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(call(Method::get, url("/count"))->body, to_bytes(std::to_string(i)));
  EXPECT_EQ(network_->connections(), 1u);
}

TEST_F(HttpClient, LetsCallsWaitForTheirTurn) {
  net::NetworkLimits limits = quick();
  limits.client.connections_per_host = 3;
  open(limits);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    caller_->perform(proto::Call{{i}, Method::post, url("/echo"), "", to_bytes(std::to_string(i)), 4000});
  }
  ASSERT_TRUE(turn_until([&] { return heard_.size() == 50; }));
  EXPECT_LE(network_->connections(), 3u);
  for (const proto::Input& input : heard_) {
    const auto& done = std::get<proto::CallDone>(input);
    ASSERT_TRUE(done.reply);
    EXPECT_EQ(done.reply->body, to_bytes(std::to_string(done.id.value)));
  }
}

TEST_F(HttpClient, GivesUpInTime) {
  open();
  const std::uint64_t start_ms = os::monotonic_ms();
  const auto reply = call(Method::get, url("/wait"), {}, 100);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
  EXPECT_LT(os::monotonic_ms() - start_ms, 2000u);
  EXPECT_EQ(call(Method::get, url("/count"))->status, 200);
}

TEST_F(HttpClient, GivesUpWaitingForATurnInTime) {
  net::NetworkLimits limits = quick();
  limits.client.connections_per_host = 1;
  open(limits);
  caller_->perform(proto::Call{{1000}, Method::get, url("/wait"), "", {}, 600});
  EXPECT_FALSE(call(Method::get, url("/count"), {}, 100));
  ASSERT_TRUE(turn_until([&] { return heard_.size() == 1; }));
  EXPECT_TRUE(call(Method::get, url("/count")));
}

TEST_F(HttpClient, SaysWhenNobodyIsThere) {
  open();
  std::uint16_t free_port = 0;
  {
    net::Network passing(entropy_);
    free_port = *passing.serve_http("127.0.0.1", 0);
  }
  const auto reply = call(Method::get, "http://127.0.0.1:" + std::to_string(free_port) + "/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
}

TEST_F(HttpClient, CallsNobodyButThisMachineWithoutEncryption) {
  open();
  EXPECT_EQ(call(Method::get, "http://192.0.2.1/").error().code, ErrorCode::not_authorised);
  EXPECT_EQ(call(Method::get, "http://[2001:db8::1]/").error().code, ErrorCode::not_authorised);
  EXPECT_EQ(call(Method::get, "https://127.0.0.1/").error().code, ErrorCode::unsupported);
  EXPECT_EQ(call(Method::get, "nonsense").error().code, ErrorCode::malformed);
  EXPECT_TRUE(call(Method::get, "http://localhost:" + std::to_string(port_) + "/count"));
}

TEST_F(HttpClient, RefusesAReplyAboveTheLimit) {
  net::NetworkLimits limits = quick();
  limits.client.max_reply = 1000;
  open(limits);
  EXPECT_TRUE(call(Method::post, url("/echo"), Bytes(1000)));
  const auto reply = call(Method::post, url("/echo"), Bytes(1001));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::over_limit);
}

TEST_F(HttpClient, TakesNoMoreThanACallAskedFor) {
  open();
  for (const std::size_t size : {1000u, 1001u}) {
    proto::Call call{{5555 + size}, Method::post, url("/echo"), "", Bytes(size), 4000};
    call.max_reply = 1000;
    caller_->perform(call);
    ASSERT_TRUE(turn_until([&] { return count<proto::CallDone>(heard_) == 1; }));
    EXPECT_EQ(last<proto::CallDone>(heard_)->reply.has_value(), size == 1000) << size;
    heard_.clear();
  }
}

TEST_F(HttpClient, CallsNobodyInThePlainWhereOthersSayWhom) {
  open();
  proto::Call call{{1}, Method::get, url("/count"), "", {}, 4000};
  call.reach = proto::CallReach::public_only;
  caller_->perform(call);
  ASSERT_TRUE(turn_until([&] { return count<proto::CallDone>(heard_) == 1; }));
  EXPECT_EQ(last<proto::CallDone>(heard_)->reply.error().code, ErrorCode::not_authorised);
}

TEST_F(HttpClient, SurvivesAServerThatIsNone) {
  open();
  for (const std::string answer : {"", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"}) {
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listening, 1), 0);
    ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size), 0);
    caller_->perform(
        proto::Call{{1}, Method::get, "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)), "", {}, 3000});
    turn_for(20);
    const int accepted = ::accept(listening, nullptr, nullptr);
    ASSERT_GE(accepted, 0);
    ASSERT_EQ(::send(accepted, answer.data(), answer.size(), 0), static_cast<ssize_t>(answer.size()));
    ::close(accepted);
    ::close(listening);
    heard_.clear();
    ASSERT_TRUE(turn_until([&] { return !heard_.empty(); })) << answer;
    EXPECT_FALSE(std::get<proto::CallDone>(heard_[0]).reply) << answer;
  }
}

TEST_F(HttpClient, ForgetsEverythingOnReset) {
  open();
  caller_->perform(proto::Call{{1}, Method::get, url("/wait"), "", {}, 50});
  caller_->perform(proto::Connect{{proto::kFirstMindSocket}, url("/socket"), ""});
  caller_->reset({});
  turn_for(200);
  EXPECT_TRUE(heard_.empty());
  EXPECT_TRUE(call(Method::get, url("/count")));
}

}  // namespace
}  // namespace cairn::testing
