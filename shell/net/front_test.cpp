// Frames over HTTP, over real sockets: what a front lets through, and what connections cannot do to it.
#include "tests/support/network_house.h"

namespace cairn::testing {
namespace {

/// Lets POST /ask and GET /stream through.
class PlainFront final : public net::HttpFront {
 public:
  std::variant<Asked, Refusal> judge(const net::HttpRequest& request) override {
    if (request.target == "/ask") return Asked{request.body, Kind::answer};
    if (request.target == "/stream") return Asked{to_bytes("begin"), Kind::stream};
    return refused(404);
  }
  proto::Respond answered(Bytes frame) override {
    proto::Respond out;
    out.content_type = "text/plain";
    out.body = std::move(frame);
    return out;
  }
  Told told(ByteView frame) override {
    if (as_text(frame) == "quiet") return {};
    return {to_bytes("<" + as_text(frame) + ">"), as_text(frame) == "last"};
  }
  Bytes head() override { return to_bytes("HTTP/1.1 200 OK\r\n\r\n"); }
  Bytes keep_alive() override { return to_bytes("(alive)"); }
  Refusal refused(int status) override {
    Refusal out;
    out.respond.status = status;
    return out;
  }
};

class FrontTest : public NetworkHouse {
 protected:
  static net::FrontLimits quick_front() {
    net::FrontLimits limits;
    limits.max_connections = 4;
    limits.max_body = 1000;
    limits.request_ms = 150;
    limits.answer_ms = 150;
    limits.write_ms = 300;
    limits.keep_alive_ms = 60;
    limits.max_queue = 256 * 1024;
    return limits;
  }
  void serve(net::FrontLimits limits = quick_front()) {
    open();
    const auto port = network_->serve_front(0, "/front", front_, limits);
    ASSERT_TRUE(port) << port.error().where;
    front_port_ = *port;
  }
  static std::string post(const std::string& body, const std::string& target = "/ask") {
    return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }
  bool answers(RawClient& client, const std::string& text) {
    return turn_until([&] { return client.read().find(text) != std::string::npos; });
  }
  proto::SocketId newest_socket() { return last<proto::SocketOpened>(mind_.seen)->id; }

  PlainFront front_;
  std::uint16_t front_port_ = 0;
};

TEST_F(FrontTest, APostIsAFrameAndItsAnswerOneToo) {
  serve();
  RawClient client(front_port_);
  client.send(post("hello"));
  ASSERT_TRUE(answers(client, "hello"));
  EXPECT_TRUE(client.read().starts_with("HTTP/1.1 200 OK\r\n")) << client.read();
  EXPECT_NE(client.read().find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(turn_until([&] { return client.has_ended(); }));
  EXPECT_EQ(last<proto::SocketOpened>(mind_.seen)->target, "/front");
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(mind_.seen) == 1; })) << "the mind lets go of it";
}

TEST_F(FrontTest, WhatIsRefusedNeverReachesTheMind) {
  serve();
  for (const std::string& request :
       {post("x", "/other"), post(std::string(1001, 'x')), std::string("NONSENSE\r\n\r\n"),
        std::string("GET /ask HTTP/1.1\r\n\r\n"), std::string("BREW /ask HTTP/1.1\r\nHost: x\r\n\r\n")}) {
    RawClient client(front_port_);
    client.send(request);
    ASSERT_TRUE(answers(client, "HTTP/1.1 4")) << request.substr(0, 30);
    client.close();
    turn_for(20);
  }
  EXPECT_EQ(count<proto::SocketOpened>(mind_.seen), 0u);
  RawClient client(front_port_);
  client.send(post(std::string(1001, 'x')));
  EXPECT_TRUE(answers(client, "HTTP/1.1 413 "));
}

TEST_F(FrontTest, AStreamTellsWhatComesAndThatItIsThere) {
  serve();
  RawClient client(front_port_);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(answers(client, "<begin>"));
  network_->perform(proto::SocketSend{newest_socket(), to_bytes("quiet")});
  network_->perform(proto::SocketSend{newest_socket(), to_bytes("news")});
  ASSERT_TRUE(answers(client, "<news>"));
  ASSERT_TRUE(answers(client, "(alive)"));
  EXPECT_EQ(client.read().find("quiet"), std::string::npos);
  network_->perform(proto::SocketSend{newest_socket(), to_bytes("last")});
  EXPECT_TRUE(turn_until([&] { return client.has_ended(); }));
  EXPECT_TRUE(client.read().ends_with("<last>"));
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(mind_.seen) == 1; }));
}

TEST_F(FrontTest, WhoseClientGoesIsLetGo) {
  serve();
  RawClient client(front_port_);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(answers(client, "<begin>"));
  client.close();
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(mind_.seen) == 1; }));
}

TEST_F(FrontTest, HalfARequestEndsWithItsTime) {
  serve();
  RawClient silent(front_port_);
  RawClient half(front_port_);
  half.send("POST /ask HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab");
  EXPECT_TRUE(answers(half, "HTTP/1.1 408 "));
  EXPECT_TRUE(answers(silent, "HTTP/1.1 408 "));
  EXPECT_TRUE(turn_until([&] { return half.has_ended(); }));
}

TEST_F(FrontTest, WhoReadsTooSlowlyIsClosed) {
  serve();
  RawClient client(front_port_);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketOpened>(mind_.seen) == 1; }));
  const auto socket = newest_socket();
  // More than the kernel keeps for it, and what may wait here.
  const auto closed = [&] { return count<proto::SocketClosed>(mind_.seen) == 1; };
  for (int i = 0; i < 2000 && !closed(); ++i) {
    network_->perform(proto::SocketSend{socket, Bytes(64 * 1024, 'x')});
    loop_->step(0);
  }
  EXPECT_TRUE(turn_until(closed));
}

TEST_F(FrontTest, MoreThanSoManyConnectionsAreTurnedAway) {
  serve();
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::make_unique<RawClient>(front_port_));
    waiting.back()->send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(answers(*waiting.back(), "<begin>"));
  }
  RawClient one_more(front_port_);
  EXPECT_TRUE(turn_until([&] { return one_more.has_ended(); }));
  EXPECT_TRUE(one_more.read().empty());
  waiting.pop_back();
  turn_for(50);
  RawClient again(front_port_);
  again.send(post("room"));
  EXPECT_TRUE(answers(again, "room"));
}

TEST_F(FrontTest, AMindThatForgetsEverythingAnswersNobodyWithNothing) {
  serve();
  RawClient client(front_port_);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(answers(client, "<begin>"));
  network_->reset({});
  EXPECT_TRUE(turn_until([&] { return client.has_ended(); }));
}

TEST_F(FrontTest, OnlyThisMachineIsListenedTo) {
  serve();
  // Bound to 127.0.0.1: another address of this machine (127.0.0.2 is one) finds nobody.
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(front_port_);
  address.sin_addr.s_addr = htonl(0x7f000002);
  EXPECT_NE(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
}

}  // namespace
}  // namespace cairn::testing
