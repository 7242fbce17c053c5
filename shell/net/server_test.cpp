#include "shell/net/server.h"

#include <fcntl.h>

#include "core/proto/api.h"
#include "tests/support/network_house.h"

namespace cairn::testing {
namespace {

using proto::Method;

class HttpServer : public NetworkHouse {
 protected:
  static std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  }
  /// What the server says to `request` before it closes.
  std::string answer_and_end(std::string_view request) {
    RawClient client(port_);
    client.send(request);
    EXPECT_TRUE(turn_until([&] { return client.has_ended(); }));
    return client.read();
  }
  static constexpr std::string_view kPost = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
};

TEST_F(HttpServer, AnswersARequestWithTheMindsAnswer) {
  open();
  RawClient client(port_);
  client.send("POST /echo?x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nContent-Length: 5\r\n\r\nhello");
  ASSERT_TRUE(turn_until([&] { return client.read().ends_with("hello"); }));
  EXPECT_TRUE(client.read().starts_with("HTTP/1.1 200 OK\r\n"));
  const auto* request = last<proto::RequestArrived>(mind_.seen);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->method, Method::post);
  EXPECT_EQ(request->target, "/echo?x");
  EXPECT_EQ(request->bearer, "t");
  EXPECT_EQ(request->peer, "127.0.0.1");
  EXPECT_EQ(request->body, to_bytes("hello"));
}

TEST_F(HttpServer, KeepsAConnectionForFurtherRequests) {
  open();
  RawClient client(port_);
  for (std::size_t i = 1; i <= 3; ++i) {
    client.send(kPost);
    ASSERT_TRUE(turn_until([&] { return occurrences(client.read(), "hello") == i; }));
  }
  EXPECT_EQ(network_->connections(), 1u);
  EXPECT_FALSE(client.has_ended());
}

TEST_F(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
  open();
  RawClient client(port_);
  std::string all;
  for (char digit = '0'; digit <= '9'; ++digit) {
    all += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n#" + std::string(1, digit);
  }
  client.send(all);
  ASSERT_TRUE(turn_until([&] { return client.read().ends_with("#9"); }));
  std::size_t at = 0;
  for (char digit = '0'; digit <= '9'; ++digit) {
    const std::size_t found = client.read().find("#" + std::string(1, digit), at);
    ASSERT_NE(found, std::string::npos);
    at = found;
  }
}

constexpr std::size_t kLargeBody = 1'000'000;
const std::string kLargePost =
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(kLargeBody, 'x');

/// Asks for large answers, up to `requests` of them, until the server takes no more.
template <class Turn>
void ask_and_do_not_read(RawClient& client, std::size_t requests, const Turn& turn_until) {
  std::size_t sent = 0;
  std::uint64_t last_ms = os::monotonic_ms();
  turn_until([&] {
    const std::size_t more = client.send(std::string_view(kLargePost).substr(sent % kLargePost.size()));
    if (more != 0) last_ms = os::monotonic_ms();
    sent += more;
    return sent >= requests * kLargePost.size() || os::monotonic_ms() - last_ms > 500;
  });
}

// Else one connection could make the server keep as many answers as it likes to ask for.
TEST_F(HttpServer, TakesNoFurtherRequestFromWhoDoesNotReadItsAnswers) {
  open();
  RawClient client(port_);
  ask_and_do_not_read(client, 64, [&](const auto& done) { return turn_until(done); });
  EXPECT_LT(mind_.seen.size(), 32u);  // what the kernel holds on both sides
  EXPECT_FALSE(mind_.seen.empty());
  EXPECT_TRUE(turn_until([&] { return client.read().size() > 2 * kLargeBody; }));  // whoever reads goes on
}

TEST_F(HttpServer, RefusesLargeAnswersWhileTooMuchIsUnread) {
  net::NetworkLimits limits = quick();
  limits.server.max_unsent = 0;
  open(limits);
  RawClient deaf(port_), other(port_);
  ask_and_do_not_read(deaf, 64, [&](const auto& done) { return turn_until(done); });
  other.send(kPost);
  ASSERT_TRUE(turn_until([&] { return other.read().ends_with("hello"); }));
  std::size_t sent = 0;
  EXPECT_TRUE(turn_until([&] {
    sent += other.send(std::string_view(kLargePost).substr(sent));
    return other.read().find("HTTP/1.1 503 ") != std::string::npos;
  }));
}

TEST_F(HttpServer, ClosesWhenAskedTo) {
  open();
  const std::string answer = answer_and_end("GET /count HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n1"));
  EXPECT_TRUE(turn_until([&] { return network_->connections() == 0; }));
}

TEST_F(HttpServer, AnswersWhoHasFinishedSending) {
  open();
  RawClient client(port_);
  client.send(kPost);
  client.finish_sending();
  ASSERT_TRUE(turn_until([&] { return client.has_ended(); }));
  EXPECT_TRUE(client.read().ends_with("hello"));
}

TEST_F(HttpServer, RefusesWhatIsTooLargeBeforeItComes) {
  open();
  const std::string body = answer_and_end("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\nxxx");
  EXPECT_TRUE(body.starts_with("HTTP/1.1 413 ")) << body;
  wire::Reader reader(as_bytes(std::string_view(body).substr(body.find("\r\n\r\n") + 4)));
  const auto error = proto::ErrorAnswer::read(reader);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::over_limit);
  const std::string header = answer_and_end("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(10'000, 'x'));
  EXPECT_TRUE(header.starts_with("HTTP/1.1 431 ")) << header;
  EXPECT_TRUE(mind_.seen.empty());
}

TEST_F(HttpServer, TellsWhoStillSendsThatItIsTooMuch) {
  open();
  RawClient client(port_);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  const Bytes part(100'000);
  ASSERT_TRUE(turn_until([&] {
    client.send(part);  // the answer must not be lost to a reset
    return client.read().find("413") != std::string::npos;
  }));
}

TEST_F(HttpServer, TakesABodyOfTheLargestSize) {
  open();
  const auto reply = call(Method::post, url("/echo"), Bytes(proto::kMaxRequestSize, 7));
  ASSERT_TRUE(reply) << reply.error().where;
  EXPECT_EQ(reply->body, Bytes(proto::kMaxRequestSize, 7));
}

TEST_F(HttpServer, AsksForABodyThatWaitsForAContinue) {
  open();
  RawClient client(port_);
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return client.read() == "HTTP/1.1 100 Continue\r\n\r\n"; }));
  client.send("ab");
  ASSERT_TRUE(turn_until([&] { return client.read().ends_with("ab"); }));
}

TEST_F(HttpServer, LetsGoOfWhoIsSlow) {
  net::NetworkLimits limits = quick();
  limits.server.header_ms = limits.server.body_ms = 150;
  open(limits);
  EXPECT_TRUE(answer_and_end("").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(answer_and_end("GET / HTTP/1.1\r\nHost:").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(answer_and_end("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx").starts_with("HTTP/1.1 408 "));
  RawClient drip(port_);  // a byte now and then does not buy time
  const std::uint64_t start_ms = os::monotonic_ms();
  drip.send("GET / HTTP/1.1\r\n");
  ASSERT_TRUE(turn_until([&] {
    drip.send("x");
    return drip.has_ended();
  }));
  EXPECT_LT(os::monotonic_ms() - start_ms, 2000u);
}

TEST_F(HttpServer, LetsGoOfWhoIsIdle) {
  net::NetworkLimits limits = quick();
  limits.server.idle_ms = 100;
  open(limits);
  RawClient client(port_);
  client.send(kPost);
  ASSERT_TRUE(turn_until([&] { return client.has_ended(); }));
  EXPECT_TRUE(client.read().ends_with("hello"));
  client.close();
  EXPECT_TRUE(turn_until([&] { return network_->connections() == 0; }));
}

TEST_F(HttpServer, ForgetsWhoHasGone) {
  open();
  {
    RawClient vanishing(port_);
    vanishing.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Le");
    turn_for(20);
    EXPECT_EQ(network_->connections(), 1u);
  }
  EXPECT_TRUE(turn_until([&] { return network_->connections() == 0; }));
  EXPECT_TRUE(mind_.seen.empty());
}

TEST_F(HttpServer, AnswersForAMindThatDoesNot) {
  net::NetworkLimits limits = quick();
  limits.server.answer_ms = 100;
  open(limits);
  EXPECT_TRUE(answer_and_end("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 503 "));
}

TEST_F(HttpServer, TurnsAwayWhoComesAfterTheLimit) {
  net::NetworkLimits limits = quick();
  limits.server.max_connections = 2;
  open(limits);
  RawClient first(port_), second(port_), third(port_);
  third.send(kPost);
  ASSERT_TRUE(turn_until([&] { return third.has_ended(); }));
  EXPECT_EQ(third.read(), "");
  second.send(kPost);
  ASSERT_TRUE(turn_until([&] { return second.read().ends_with("hello"); }));
}

TEST_F(HttpServer, TurnsAwayWhoComesTooOftenFromOneNetwork) {
  net::NetworkLimits limits = quick();
  limits.server.max_connections_per_network = 2;
  open(limits);
  RawClient first(port_), second(port_), third(port_);
  ASSERT_TRUE(turn_until([&] { return third.has_ended(); }));
  EXPECT_FALSE(first.has_ended());
  EXPECT_FALSE(second.has_ended());
  first.close();  // who leaves makes room
  turn_for(50);
  RawClient fourth(port_);
  fourth.send(kPost);
  EXPECT_TRUE(turn_until([&] { return fourth.read().ends_with("hello"); }));
}

TEST_F(HttpServer, BelievesATrustedProxyAboutAddresses) {
  open();
  const auto port = network_->serve_http("127.0.0.1", 0, net::Proxy::trusted);
  ASSERT_TRUE(port);
  const std::string request = "GET /echo HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 8.8.8.8\r\n\r\n";
  RawClient proxied(*port);
  proxied.send(request);
  ASSERT_TRUE(turn_until([&] { return mind_.seen.size() == 1; }));
  EXPECT_EQ(last<proto::RequestArrived>(mind_.seen)->peer, "8.8.8.8");
  RawClient direct(port_);
  direct.send(request);
  ASSERT_TRUE(turn_until([&] { return mind_.seen.size() == 2; }));
  EXPECT_EQ(last<proto::RequestArrived>(mind_.seen)->peer, "127.0.0.1");
}

TEST_F(HttpServer, SaysThatAPortIsTaken) {
  open();
  const auto second = caller_->serve_http("127.0.0.1", port_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_FALSE(caller_->serve_http("localhost", 0));
  EXPECT_FALSE(caller_->serve_http("192.0.2.1", 0));
}

TEST_F(HttpServer, AnswersNothingOfABatchWhoseCommitFailsButRefusals) {
  open(quick(), {1}, ErrorCode::storage_full);
  ASSERT_EQ(call(Method::put, url("/put/a"))->status, 201);
  RawClient writing(port_), reading(port_), waiting(port_);
  waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return mind_.seen.size() == 2; }));
  caller_->perform(proto::Connect{{proto::kFirstMindSocket}, url("/socket"), ""});
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketConnected>(heard_) == 1; }));
  writing.send("PUT /put/b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  reading.send(kPost);
  ASSERT_TRUE(turn_until([&] { return writing.read().ends_with("try again later."); })) << writing.read();
  EXPECT_TRUE(writing.read().starts_with("HTTP/1.1 507 "));
  EXPECT_TRUE(turn_until([&] { return waiting.read().starts_with("HTTP/1.1 507 "); }));
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(heard_) == 1; }));
  EXPECT_EQ(mind_.rebuilds, 2);
  EXPECT_EQ(call(Method::get, url("/get/a"))->status, 200);
  EXPECT_EQ(call(Method::get, url("/get/b"))->status, 404);
  EXPECT_EQ(call(Method::put, url("/put/b"))->status, 201);
}

TEST_F(HttpServer, StopsCleanlyWithItsLastAnswer) {
  open();
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  network_->watch(pipe[0], [this] { loop_->stop(); });
  RawClient client(port_), idle(port_);
  client.send(kPost);
  ASSERT_EQ(::write(pipe[1], "x", 1), 1);
  while (mind_.seen.empty()) loop_->step(1);
  EXPECT_TRUE(loop_->run());
  EXPECT_TRUE(client.read().ends_with("hello"));
  network_.reset();
  EXPECT_TRUE(client.has_ended());
  EXPECT_TRUE(idle.has_ended());
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace cairn::testing
