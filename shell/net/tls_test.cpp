#include "shell/net/tls.h"

#include <openssl/ssl.h>

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
    good.issue("nameless", "", Life::now, "localhost");
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

TEST_F(TlsNetwork, ANameInTheSubjectAloneIsNone) {
  serve("nameless", files().good.certificate());
  const auto reply = get("localhost");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::not_authorised);
  EXPECT_NE(std::string(reply.error().where).find("for another name"), std::string::npos) << reply.error().where;
}

/// A server that answers every request with these bytes and closes, with or without TLS's goodbye.
class CuttingServer {
 public:
  enum class Goodbye : std::uint8_t { said, left_out };
  CuttingServer(std::string answer, Goodbye goodbye)
      : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
        session_(*files().server("here")),
        answer_(std::move(answer)),
        goodbye_(goodbye) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listening_, 1) == 0);
    CHECK(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~CuttingServer() {
    ::close(listening_);
    if (socket_ >= 0) ::close(socket_);
  }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }
  /// Does what can be done now.
  void turn() {
    if (socket_ < 0) socket_ = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    std::uint8_t part[16 * 1024];
    const ssize_t got = socket_ < 0 || done_ ? -1 : ::recv(socket_, part, sizeof part, 0);
    if (got <= 0) return;
    const auto heard = session_.receive(ByteView(part, static_cast<std::size_t>(got)));
    CHECK(heard.has_value());
    done_ = !heard->plain.empty();
    if (done_) session_.send(as_bytes(answer_));
    if (done_ && goodbye_ == Goodbye::said) session_.finish();
    const Bytes out = session_.take_output();
    CHECK(::send(socket_, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size()));
    if (done_) ::shutdown(socket_, SHUT_WR);
  }

 private:
  int listening_;
  int socket_ = -1;
  TlsSession session_;
  std::string answer_;
  Goodbye goodbye_;
  std::uint16_t port_ = 0;
  bool done_ = false;
};

TEST_F(TlsNetwork, WhatIsCutOffIsNoAnswer) {
  using Goodbye = CuttingServer::Goodbye;
  const std::string open_end = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonly half";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
  const std::string whole = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nwhole";
  struct Case {
    std::string answer;
    Goodbye goodbye;
    bool counts;
  };
  for (const Case& one : {Case{open_end, Goodbye::said, true}, Case{open_end, Goodbye::left_out, false},
                          Case{chunked, Goodbye::said, false}, Case{whole, Goodbye::left_out, true},
                          Case{whole.substr(0, whole.size() - 1), Goodbye::said, false}}) {
    SCOPED_TRACE(one.answer);
    open();
    caller_->trust(Files::client(files().good.certificate()));
    CuttingServer server(one.answer, one.goodbye);
    heard_.clear();
    caller_->perform(proto::Call{{1}, proto::Method::get, server.url(), "", {}, 4000});
    ASSERT_TRUE(turn_until([&] {
      server.turn();
      return !heard_.empty();
    }));
    EXPECT_EQ(std::get<proto::CallDone>(heard_[0]).reply.has_value(), one.counts);
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

/// A peer that says of TLS itself whatever it likes.
class RawPeer {
 public:
  RawPeer() : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_connect_state(ssl_);
  }
  ~RawPeer() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  void shake_hands(TlsSession& server) {
    for (int i = 0; i < 10; ++i) {
      SSL_do_handshake(ssl_);
      CHECK(server.receive(take()).has_value());
      give(server.take_output());
    }
    CHECK(SSL_is_init_finished(ssl_) == 1);
  }
  void give(ByteView bytes) { CHECK(BIO_write(in_, bytes.data(), static_cast<int>(bytes.size())) >= -1); }
  Bytes take() {
    Bytes out(BIO_ctrl_pending(out_));
    if (!out.empty()) CHECK(BIO_read(out_, out.data(), static_cast<int>(out.size())) > 0);
    return out;
  }
  Bytes key_update() {
    CHECK(SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(ssl_) == 1);
    return take();
  }
  Bytes say(ByteView text) {
    CHECK(SSL_write(ssl_, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()));
    return take();
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
};

TEST(Tls, AFloodOfKeyUpdatesEndsTheConnection) {
  // One at a time, and as many as a read brings at once.
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{1000}}) {
    SCOPED_TRACE(at_once);
    TlsSession server(*files().server("here"));
    RawPeer peer;
    peer.shake_hands(server);
    std::size_t taken = 0;
    std::size_t answered = 0;
    bool refused = false;
    for (int round = 0; round < 1000 && !refused; ++round) {
      Bytes flood;
      for (std::size_t i = 0; i < at_once; ++i) append(flood, peer.key_update());
      const auto heard = server.receive(flood);
      answered += server.take_output().size();
      refused = !heard.has_value();
      if (!refused) taken += at_once;
      if (refused) {
        EXPECT_EQ(heard.error().code, ErrorCode::unavailable);
      }
    }
    EXPECT_TRUE(refused);
    EXPECT_LE(taken, kFreeTlsMessages + 1);
    EXPECT_LT(answered, 64u * 1024);
  }
}

TEST(Tls, WhoSaysSomethingMayChangeKeys) {
  TlsSession server(*files().server("here"));
  RawPeer peer;
  peer.shake_hands(server);
  const Bytes text(16 * 1024, 7);
  for (std::uint64_t i = 0; i < 2 * kFreeTlsMessages; ++i) {
    for (std::uint64_t said = 0; said < kBytesATlsMessage; said += text.size()) {
      const auto heard = server.receive(peer.say(text));
      ASSERT_TRUE(heard);
      ASSERT_EQ(heard->plain.size(), text.size());
    }
    ASSERT_TRUE(server.receive(peer.key_update())) << i;
    peer.give(server.take_output());
  }
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

TEST_F(TlsNetwork, LetsOthersSteerItToPublicAddressesAlone) {
  serve("here", files().good.certificate());
  ASSERT_TRUE(get());
  const std::size_t before = network_->connections();
  for (const char* host : {"127.0.0.1", "localhost"}) {
    proto::Call call{{7777}, proto::Method::get, secure(host, "/echo"), "", {}, 4000};
    call.reach = proto::CallReach::public_only;
    caller_->perform(call);
    ASSERT_TRUE(turn_until([&] { return count<proto::CallDone>(heard_) == 1; }));
    const auto& reply = last<proto::CallDone>(heard_)->reply;
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::not_authorised) << host;
    heard_.clear();
  }
  EXPECT_EQ(network_->connections(), before);  // not even the connection that stands is used
}

}  // namespace
}  // namespace cairn::net
