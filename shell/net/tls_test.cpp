#include "shell/net/tls.h"

#include "tests/support/certificates.h"
#include "tests/support/network_house.h"
#include "tests/support/scratch_folder.h"

namespace cairn::net {
namespace {

using testing::TestAuthority;
using Life = TestAuthority::Life;

/// Files of an authority, made once for all tests.
struct Files {
  testing::ScratchFolder folder;
  TestAuthority good{folder.path(), "good"};
  TestAuthority other{folder.path(), "other"};
  Files() {
    good.issue("here", "DNS:localhost,IP:127.0.0.1");
    good.issue("elsewhere", "DNS:example.org");
    good.issue("old", "DNS:localhost,IP:127.0.0.1", Life::expired);
  }
  std::shared_ptr<const TlsContext> server(const std::string& name) const {
    const auto context = TlsContext::server(folder.file(name + ".pem"), folder.file(name + ".key"));
    CHECK(context.has_value());
    return *context;
  }
  static std::shared_ptr<const TlsContext> client(const std::string& ca) {
    const auto context = TlsContext::client(ca);
    CHECK(context.has_value());
    return *context;
  }
};
const Files& files() {
  static const Files made;
  return made;
}

class TlsNetwork : public testing::NetworkHouse {
 protected:
  void serve(const std::string& certificate, const std::string& authority) {
    open();
    current_ = files().server(certificate);
    const auto port = network_->serve_http("127.0.0.1", 0, Proxy::none, [this] { return current_; });
    ASSERT_TRUE(port);
    secure_port_ = *port;
    caller_->trust(Files::client(authority));
  }
  std::string secure(const std::string& host, const std::string& target) const {
    return "https://" + host + ":" + std::to_string(secure_port_) + target;
  }
  Result<proto::CallReply> get(const std::string& host = "127.0.0.1") {
    return call(proto::Method::get, secure(host, "/echo"));
  }

  std::shared_ptr<const TlsContext> current_;
  std::uint16_t secure_port_ = 0;
};

TEST_F(TlsNetwork, CarriesRequestsSmallAndLarge) {
  serve("here", files().good.certificate());
  const auto small = call(proto::Method::post, secure("127.0.0.1", "/echo"), to_bytes("hello"));
  ASSERT_TRUE(small) << small.error().where;
  EXPECT_EQ(small->status, 200);
  const auto plain = call(proto::Method::post, url("/echo"), to_bytes("hello"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(small->body, plain->body);
  Bytes large(1'000'000);
  entropy_.fill(large);
  const auto answer = call(proto::Method::post, secure("localhost", "/echo"), large);
  ASSERT_TRUE(answer) << answer.error().where;
  EXPECT_EQ(answer->body, call(proto::Method::post, url("/echo"), large)->body);
}

TEST_F(TlsNetwork, RefusesInOneSentence) {
  struct Case {
    const char* certificate;
    std::string authority;
    const char* words;
  };
  const Case cases[] = {{"elsewhere", files().good.certificate(), "for another name"},
                        {"old", files().good.certificate(), "has run out"},
                        {"here", files().other.certificate(), "nobody whom this machine trusts"},
                        {"here", "", "nobody whom this machine trusts"}};
  for (const Case& one : cases) {
    serve(one.certificate, one.authority);
    const auto reply = get();
    ASSERT_FALSE(reply) << one.words;
    EXPECT_EQ(reply.error().code, ErrorCode::not_authorised) << one.words;
    EXPECT_NE(std::string(reply.error().where).find(one.words), std::string::npos) << reply.error().where;
  }
}

TEST_F(TlsNetwork, PlainAndSecureDoNotMix) {
  serve("here", files().good.certificate());
  EXPECT_FALSE(call(proto::Method::get, "http://127.0.0.1:" + std::to_string(secure_port_) + "/echo"));
  const auto to_plain = call(proto::Method::get, "https://127.0.0.1:" + std::to_string(port_) + "/echo");
  ASSERT_FALSE(to_plain);
  EXPECT_EQ(to_plain.error().code, ErrorCode::unavailable);
}

TEST_F(TlsNetwork, ANewCertificateIsForNewConnectionsAndOldOnesGoOn) {
  serve("here", files().good.certificate());
  ASSERT_TRUE(get());
  current_ = files().server("old");
  EXPECT_TRUE(get()) << "the connection that stands";
  caller_ = std::make_unique<Network>(entropy_, quick());
  caller_->trust(Files::client(files().good.certificate()));
  EXPECT_FALSE(get());
  current_ = files().server("here");
  EXPECT_TRUE(get());
}

TEST_F(TlsNetwork, CarriesSockets) {
  serve("here", files().good.certificate());
  const proto::SocketId socket{proto::kFirstMindSocket};
  caller_->perform(proto::Connect{socket, secure("127.0.0.1", "/socket"), ""});
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketConnected>(heard_) == 1; }));
  caller_->perform(proto::SocketSend{socket, Bytes(100'000, 7)});
  ASSERT_TRUE(turn_until([&] { return count<proto::SocketFrame>(heard_) == 1; }));
  EXPECT_EQ(last<proto::SocketFrame>(heard_)->data, Bytes(100'000, 7));
  caller_->perform(proto::SocketSend{socket, to_bytes("close")});
  EXPECT_TRUE(turn_until([&] { return count<proto::SocketClosed>(heard_) == 1; }));
}

TEST(Tls, FilesThatAreNoCertificateAreRefused) {
  const auto file = [](const char* name) { return files().folder.file(name); };
  EXPECT_EQ(TlsContext::server(file("nothing"), file("here.key")).error().code, ErrorCode::not_found);
  EXPECT_EQ(TlsContext::server(file("here.pem"), file("nothing")).error().code, ErrorCode::not_found);
  EXPECT_EQ(TlsContext::server(file("here.key"), file("here.key")).error().code, ErrorCode::malformed);
  EXPECT_EQ(TlsContext::server(file("here.pem"), file("old.key")).error().code, ErrorCode::malformed);
  EXPECT_EQ(TlsContext::client(file("here.key")).error().code, ErrorCode::malformed);
  EXPECT_EQ(TlsContext::client(file("nothing")).error().code, ErrorCode::malformed);
}

/// Lets both say what they have to until neither has anything more.
void pump(TlsSession& client, TlsSession& server, Bytes& to_client, Bytes& to_server) {
  for (int i = 0; i < 10; ++i) {
    if (const auto heard = server.receive(client.take_output())) append(to_server, heard->plain);
    if (const auto heard = client.receive(server.take_output())) append(to_client, heard->plain);
  }
}

TEST(Tls, WhatIsSaidBeforeTheHandshakeIsDoneWaitsForIt) {
  TlsSession server(*files().server("here"));
  const auto trusted = Files::client(files().good.certificate());
  TlsSession client(*trusted, "localhost");
  client.send(as_bytes("early"));
  client.finish();
  Bytes to_client, to_server;
  pump(client, server, to_client, to_server);
  EXPECT_EQ(as_text(to_server), "early");
  server.send(as_bytes("late"));
  pump(client, server, to_client, to_server);
  EXPECT_EQ(as_text(to_client), "late");
}

TEST(Tls, NoBitOfWhatIsSaidMayTurn) {
  const auto trusted = Files::client(files().good.certificate());
  TlsSession server(*files().server("here"));
  TlsSession client(*trusted, "localhost");
  Bytes to_client, to_server;
  pump(client, server, to_client, to_server);
  client.send(as_bytes("pay 10"));
  Bytes wire = client.take_output();
  ASSERT_FALSE(wire.empty());
  wire[wire.size() / 2] ^= 1;
  EXPECT_FALSE(server.receive(wire));
}

TEST(Tls, RubbishEndsTheConnection) {
  TlsSession server(*files().server("here"));
  EXPECT_FALSE(server.receive(as_bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")));
}

}  // namespace
}  // namespace cairn::net
