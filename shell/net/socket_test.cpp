// Sockets of both kinds, over real ones: WebSocket and lines.
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>

#include "shell/net/http.h"
#include "shell/net/line_socket.h"
#include "shell/net/websocket.h"
#include "tests/support/network_house.h"
#include "tests/support/scratch_folder.h"

namespace cairn::testing {
namespace {

class WebSocketNetwork : public NetworkHouse {
 protected:
  static constexpr proto::SocketId kSocket{proto::kFirstMindSocket + 7};

  void connect() {
    caller_->perform(proto::Connect{kSocket, url("/v1/mailbox"), "token"});
    ASSERT_TRUE(turn_until([&] { return count<proto::SocketConnected>(heard_) == 1; }));
    ASSERT_TRUE(turn_until([&] { return count<proto::SocketOpened>(mind_.seen) == 1; }));
  }
  void send(ByteView frame) { caller_->perform(proto::SocketSend{kSocket, to_bytes(frame)}); }
  bool has_echo(ByteView frame) {
    return turn_until([&] {
      const auto* echo = last<proto::SocketFrame>(heard_);
      return echo != nullptr && equal(echo->data, frame);
    });
  }
  /// A handshake by hand.
  void open_raw(RawClient& client) {
    client.send(net::encode_websocket_request("/x", "a", "", "dGhlIHNhbXBsZSBub25jZQ=="));
    ASSERT_TRUE(turn_until([&] { return client.read().ends_with("\r\n\r\n"); }));
    EXPECT_TRUE(client.read().starts_with("HTTP/1.1 101 "));
  }
};

TEST_F(WebSocketNetwork, CarriesFramesBothWays) {
  open();
  connect();
  const auto* opened = last<proto::SocketOpened>(mind_.seen);
  EXPECT_EQ(opened->target, "/v1/mailbox");
  EXPECT_EQ(opened->bearer, "token");
  EXPECT_EQ(opened->peer, "127.0.0.1");
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 1u << 20}) {
    const Bytes frame(size, static_cast<std::uint8_t>(size % 251));
    send(frame);
    EXPECT_TRUE(has_echo(frame)) << size;
  }
}

TEST_F(WebSocketNetwork, KeepsTheOrderOfManyFrames) {
  open();
  connect();
  for (int i = 0; i < 2000; ++i) send(to_bytes(std::to_string(i)));
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketFrame>(heard_) == 2000; }));
  int expected = 0;
  for (const proto::Input& input : heard_) {
    if (const auto* frame = std::get_if<proto::SocketFrame>(&input)) {
      ASSERT_EQ(as_text(frame->data), std::to_string(expected++));
    }
  }
}

TEST_F(WebSocketNetwork, TellsBothMindsWhenTheServersCloses) {
  open();
  connect();
  send(to_bytes("close"));
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketClosed>(heard_) == 1; }));
  EXPECT_TRUE(turn_until([&] { return network_->connections() == 0 && caller_->connections() == 0; }));
  EXPECT_EQ(count<proto::SocketClosed>(mind_.seen), 0u);  // who closes hears no more
  send(to_bytes("into nothing"));
}

TEST_F(WebSocketNetwork, TellsTheServersMindWhenTheClientCloses) {
  open();
  connect();
  send(to_bytes("last words"));
  caller_->perform(proto::SocketClose{kSocket});
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketClosed>(mind_.seen) == 1; }));
  EXPECT_EQ(as_text(last<proto::SocketFrame>(mind_.seen)->data), "last words");
  EXPECT_TRUE(turn_until([&] { return network_->connections() == 0 && caller_->connections() == 0; }));
  EXPECT_EQ(count<proto::SocketClosed>(heard_), 0u);
}

TEST_F(WebSocketNetwork, SaysWhenAConnectFails) {
  open();
  caller_->perform(proto::Connect{kSocket, "http://192.0.2.1/", ""});
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(heard_) == 1; }));
  caller_->perform(proto::Connect{kSocket, "https://127.0.0.1/", ""});
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(heard_) == 2; }));
  EXPECT_EQ(count<proto::SocketConnected>(heard_), 0u);
}

TEST_F(WebSocketNetwork, HearsNothingOfAConnectThatItClosed) {
  open();
  caller_->perform(proto::Connect{kSocket, url("/x"), ""});
  caller_->perform(proto::SocketClose{kSocket});
  turn_for(50);
  EXPECT_TRUE(heard_.empty());
}

TEST_F(WebSocketNetwork, AnswersPings) {
  open();
  RawClient client(port_);
  open_raw(client);
  client.send(net::websocket_frame(net::Opcode::ping, as_bytes("are you there"), net::Mask{1, 2, 3, 4}));
  EXPECT_TRUE(turn_until([&] {
    return client.read().ends_with(
        as_text(net::websocket_frame(net::Opcode::pong, as_bytes("are you there"), std::nullopt)));
  }));
}

TEST_F(WebSocketNetwork, PingsWhoIsSilentAndLetsGoOfWhoStaysSo) {
  net::NetworkLimits limits = quick();
  limits.socket.ping_after_ms = 50;
  limits.socket.dead_after_ms = 300;
  open(limits);
  connect();  // this one answers pings
  RawClient client(port_);
  open_raw(client);
  EXPECT_TRUE(turn_until([&] { return client.has_ended(); }));
  EXPECT_TRUE(client.read().ends_with(std::string("\x89\x00", 2)));
  EXPECT_EQ(count<proto::SocketClosed>(mind_.seen), 1u);
  turn_for(400);
  EXPECT_EQ(count<proto::SocketClosed>(mind_.seen), 1u);
  EXPECT_EQ(network_->connections(), 1u);
}

TEST_F(WebSocketNetwork, ClosesOnABrokenFrameWithTheReason) {
  open();
  RawClient client(port_);
  open_raw(client);
  client.send(net::websocket_frame(net::Opcode::binary, as_bytes("unmasked"), std::nullopt));
  ASSERT_TRUE(turn_until([&] { return client.has_ended(); }));
  EXPECT_TRUE(client.read().ends_with(
      as_text(net::websocket_frame(net::Opcode::close, net::close_payload(1002), std::nullopt))));
  EXPECT_EQ(count<proto::SocketClosed>(mind_.seen), 1u);
  EXPECT_EQ(count<proto::SocketFrame>(mind_.seen), 0u);
}

TEST_F(WebSocketNetwork, RefusesAFrameAboveTheLimit) {
  open();
  connect();
  send(Bytes(proto::kMaxFrameSize + 1));
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(heard_) == 1; }));
  EXPECT_EQ(count<proto::SocketFrame>(mind_.seen), 0u);
}

TEST_F(WebSocketNetwork, ClosesWhoDoesNotRead) {
  net::NetworkLimits limits = quick();
  limits.socket.max_queue = 256 * 1024;
  open(limits);
  RawClient client(port_);
  open_raw(client);
  const Bytes frame = net::websocket_frame(net::Opcode::binary, Bytes(50'000), net::Mask{1, 2, 3, 4});
  ByteView rest;
  ASSERT_TRUE(turn_until([&] {
    if (rest.empty()) rest = frame;
    rest = rest.subspan(client.send(rest));
    return count<proto::SocketClosed>(mind_.seen) == 1;
  }));
  EXPECT_TRUE(turn_until([&] { return network_->connections() == 0; }));
}

TEST_F(WebSocketNetwork, ClosesSlowReadersSoonerWhileAllTogetherHaveTooMuchWaiting) {
  net::NetworkLimits limits = quick();
  limits.socket.max_queue = std::size_t{16} << 20;
  limits.socket.max_queue_of_all = 0;
  open(limits);
  RawClient client(port_);
  open_raw(client);
  const Bytes frame = net::websocket_frame(net::Opcode::binary, Bytes(500'000), net::Mask{1, 2, 3, 4});
  ByteView rest;
  ASSERT_TRUE(turn_until([&] {
    if (rest.empty()) rest = frame;
    rest = rest.subspan(client.send(rest));
    return count<proto::SocketClosed>(mind_.seen) == 1;
  }));
  EXPECT_LT(count<proto::SocketFrame>(mind_.seen), 30u);  // a mebibyte, and what the kernel holds
}

TEST_F(WebSocketNetwork, KeepsNothingForWhoDoesNotReadAndIsClosed) {
  net::NetworkLimits limits = quick();
  limits.socket.linger_ms = 60'000;
  open(limits);
  RawClient client(port_);
  open_raw(client);
  const Bytes frame = net::websocket_frame(net::Opcode::binary, Bytes(500'000), net::Mask{1, 2, 3, 4});
  for (int i = 0; i < 24; ++i) {
    ByteView rest = frame;
    ASSERT_TRUE(turn_until([&] {
      rest = rest.subspan(client.send(rest));
      return rest.empty();
    }));
  }
  client.send(net::websocket_frame(net::Opcode::binary, as_bytes("close"), net::Mask{1, 2, 3, 4}));
  EXPECT_TRUE(turn_until([&] { return network_->connections() == 0; }));
}

TEST_F(WebSocketNetwork, IsClosedByWhoSpeaksBeforeTheHandshakeIsDone) {
  open();
  RawClient client(port_);
  client.send(concat({net::encode_websocket_request("/x", "a", "", "dGhlIHNhbXBsZSBub25jZQ=="), as_bytes("GET /")}));
  ASSERT_TRUE(turn_until([&] { return client.has_ended(); }));
  EXPECT_TRUE(client.read().starts_with("HTTP/1.1 400 "));
}

class LocalNetwork : public NetworkHouse {
 protected:
  std::string path() const { return folder_.file("socket"); }
  void serve() {
    open();
    const Status served = network_->serve_local(path(), "/rpc");
    ASSERT_TRUE(served) << served.error().where;
  }
  ScratchFolder folder_;
};

TEST_F(LocalNetwork, CarriesLinesBothWays) {
  serve();
  auto client = net::LocalClient::open(path());
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->send(as_bytes("one")));
  ASSERT_TRUE(client->send(as_bytes("")));
  ASSERT_TRUE(client->send(as_bytes("three")));
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketFrame>(mind_.seen) == 3; }));
  EXPECT_EQ(last<proto::SocketOpened>(mind_.seen)->target, "/rpc");
  turn_for(5);
  EXPECT_EQ(*client->receive(1000), to_bytes("one"));
  EXPECT_EQ(*client->receive(1000), Bytes{});
  EXPECT_EQ(*client->receive(1000), to_bytes("three"));
  EXPECT_EQ(client->receive(10).error().code, ErrorCode::unavailable);
}

TEST_F(LocalNetwork, PutsLinesTogetherAndKeepsThemBounded) {
  serve();
  auto client = net::LocalClient::open(path());
  ASSERT_TRUE(client);
  const Bytes line(100'000, 'x');
  ASSERT_TRUE(client->send(line));
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketFrame>(mind_.seen) == 1; }));
  EXPECT_EQ(last<proto::SocketFrame>(mind_.seen)->data, line);
  const int sender = ::fork();  // a line above the limit does not fit the kernel's buffer
  if (sender == 0) ::_exit(client->send(Bytes(proto::kMaxFrameSize + 1, 'x')) ? 0 : 1);
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketClosed>(mind_.seen) == 1; }));
  EXPECT_EQ(count<proto::SocketFrame>(mind_.seen), 1u);
}

TEST_F(LocalNetwork, TellsEachSideThatTheOtherHasGone) {
  serve();
  {
    auto client = net::LocalClient::open(path());
    ASSERT_TRUE(turn_until([&] { return count<proto::SocketOpened>(mind_.seen) == 1; }));
  }
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketClosed>(mind_.seen) == 1; }));
  auto client = net::LocalClient::open(path());
  ASSERT_TRUE(client->send(as_bytes("close")));
  turn_for(30);
  EXPECT_EQ(client->receive(1000).error().code, ErrorCode::unavailable);
}

TEST_F(LocalNetwork, IsPrivateAndLeavesNoFileBehind) {
  serve();
  struct stat found = {};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  network_.reset();
  EXPECT_NE(::stat(path().c_str(), &found), 0);
}

TEST_F(LocalNetwork, ReplacesTheSocketOfADeadProcess) {
  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  EXPECT_EQ(net::LocalClient::open(path()).error().code, ErrorCode::unavailable);
  serve();
  EXPECT_TRUE(net::LocalClient::open(path()));
}

TEST_F(LocalNetwork, RefusesAPlaceThatIsTaken) {
  serve();
  EXPECT_EQ(caller_->serve_local(path(), "/rpc").error().code, ErrorCode::conflict);
  EXPECT_TRUE(net::LocalClient::open(path()));
  std::ofstream(folder_.file("file")) << "x";
  EXPECT_EQ(caller_->serve_local(folder_.file("file"), "/rpc").error().code, ErrorCode::conflict);
  EXPECT_EQ(caller_->serve_local(folder_.file(std::string(200, 'x')), "/rpc").error().code, ErrorCode::over_limit);
  EXPECT_EQ(caller_->serve_local(folder_.file("nowhere/x"), "/rpc").error().code, ErrorCode::storage_failed);
}

}  // namespace
}  // namespace cairn::testing
