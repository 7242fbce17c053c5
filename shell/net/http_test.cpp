#include "shell/net/http.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"

namespace cairn::net {
namespace {

using State = RequestReader::State;
constexpr std::size_t kMaxBody = 1000;

/// Feeds a text a byte at a time, or whole; both have to end alike.
HttpRequest read_request(const std::string& text) {
  RequestReader whole(kMaxBody);
  EXPECT_EQ(whole.feed(as_bytes(text)), State::whole) << text;
  RequestReader bytewise(kMaxBody);
  for (const char& byte : text) bytewise.feed(as_bytes({&byte, 1}));
  EXPECT_EQ(bytewise.state(), State::whole) << text;
  const HttpRequest request = whole.take();
  EXPECT_EQ(request.body, bytewise.take().body);
  EXPECT_EQ(whole.state(), State::idle);
  return request;
}

int refusal(const std::string& text) {
  RequestReader reader(kMaxBody);
  EXPECT_EQ(reader.feed(as_bytes(text)), State::refused) << text;
  return reader.refusal();
}

TEST(HttpRequest, IsReadWithWhatWeUseOfIt) {
  const auto request = read_request(
      "POST /v1/channel/send?x=1 HTTP/1.1\r\nhost: a\r\nAUTHORIZATION: bearer  abc.def \r\n"
      "X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(request.method, proto::Method::post);
  EXPECT_EQ(request.target, "/v1/channel/send?x=1");
  EXPECT_EQ(request.bearer, "abc.def");
  EXPECT_EQ(request.forwarded_for, "2.2.2.2");
  EXPECT_EQ(as_text(request.body), "hello");
  EXPECT_TRUE(request.keep_alive);
  EXPECT_EQ(request.websocket_key, "");
}

TEST(HttpRequest, IsReadInChunks) {
  const auto request =
      read_request("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  EXPECT_EQ(request.method, proto::Method::put);
  EXPECT_EQ(as_text(request.body), "hello");
}

TEST(HttpRequest, SaysWhetherTheConnectionStays) {
  EXPECT_FALSE(read_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(read_request("GET / HTTP/1.0\r\n\r\n").keep_alive);
}

TEST(HttpRequest, IgnoresOtherKindsOfAuthorization) {
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eDp5\r\n\r\n").bearer, "");
}

TEST(HttpRequest, ThatArePipelinedComeOneByOne) {
  RequestReader reader(kMaxBody);
  const std::string one = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1";
  const std::string two = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(reader.feed(as_bytes(one + two + "GET /c")), State::whole);
  EXPECT_EQ(reader.take().target, "/a");
  ASSERT_EQ(reader.state(), State::whole);
  EXPECT_EQ(reader.take().target, "/b");
  EXPECT_EQ(reader.state(), State::header);
}

TEST(HttpRequest, ForAWebSocketHasItsKey) {
  const std::string request =
      "GET /v1/mailbox HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  EXPECT_EQ(read_request(request).websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
  const auto without = [&](const std::string& part, const std::string& instead) {
    std::string changed = request;
    changed.replace(changed.find(part), part.size(), instead);
    return changed;
  };
  EXPECT_EQ(refusal(without("Version: 13", "Version: 8")), 400);
  EXPECT_EQ(refusal(without("GET", "POST")), 400);
  EXPECT_EQ(refusal(without("Connection: keep-alive, Upgrade\r\n", "")), 400);
  EXPECT_EQ(refusal(without("25jZQ==", "")), 400);
}

TEST(HttpRequest, IsRefusedWithAStatusThatSaysWhy) {
  const std::string host = " HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET /" + host + "Host: b\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET http://a/" + host + "\r\n"), 400);
  EXPECT_EQ(refusal("nonsense\r\n\r\n"), 400);
  EXPECT_EQ(refusal(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)), 400);  // TLS
  EXPECT_EQ(refusal("DELETE /" + host + "\r\n"), 405);
  EXPECT_EQ(refusal("HEAD /" + host + "\r\n"), 405);
  EXPECT_EQ(refusal("GET /" + std::string(3000, 'x') + host + "\r\n"), 414);
  EXPECT_EQ(refusal("GET /" + host + "X: " + std::string(9000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(refusal("GET /" + host + "X: " + std::string(9000, 'x')), 431);
  EXPECT_EQ(refusal("POST /" + host + "Content-Length: 1001\r\n\r\n"), 413);
  EXPECT_EQ(refusal("POST /" + host + "Content-Length: 99999999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(refusal("POST /" + host + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x')), 413);
  EXPECT_EQ(refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
}

// Two readings of where a body ends are how requests are smuggled past a proxy (RFC 9112 s.6.1).
TEST(HttpRequest, IsRefusedWhenItsLengthIsAmbiguous) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(refusal(head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(refusal(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), 400);
  EXPECT_EQ(refusal(head + "Content-Length: +5\r\n\r\nhello"), 400);
  EXPECT_EQ(refusal(head + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello"), 400);
  EXPECT_EQ(refusal(head + "Transfer-Encoding: gzip\r\n\r\n"), 400);
  EXPECT_EQ(refusal(head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(refusal(head + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

// A chunk's extensions and the trailer are no part of the body, and end when the other side says so.
TEST(HttpRequest, IsRefusedWhenWhatStandsBetweenChunksIsEndless) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string endless(kMaxHeaderSize + 1, 'x');
  EXPECT_EQ(refusal(head + "1;" + endless), 431);
  EXPECT_EQ(refusal(head + "1\r\na\r\n1;" + endless), 431);
  EXPECT_EQ(refusal(head + "0\r\nTrailer: " + endless), 431);
  RequestReader bytewise(kMaxBody);
  bytewise.feed(as_bytes(head + "1;"));
  for (const char& byte : endless) bytewise.feed(as_bytes({&byte, 1}));
  EXPECT_EQ(bytewise.state(), State::refused);
}

TEST(HttpRequest, TellsOnceThatAContinueIsWaitedFor) {
  RequestReader reader(kMaxBody);
  EXPECT_EQ(reader.feed(as_bytes("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")),
            State::body);
  EXPECT_TRUE(reader.take_expectation());
  EXPECT_FALSE(reader.take_expectation());
  EXPECT_EQ(reader.feed(as_bytes("ab")), State::whole);
}

TEST(HttpResponse, SurvivesWritingAndReading) {
  proto::Respond respond;
  respond.status = 429;
  respond.content_type = "text/plain";
  respond.body = to_bytes("later");
  respond.retry_after_s = 30;
  ResponseReader reader(kMaxBody);
  const auto response = reader.feed(encode_response(respond, false));
  ASSERT_TRUE(response);
  ASSERT_TRUE(*response);
  EXPECT_EQ((*response)->status, 429);
  EXPECT_EQ((*response)->content_type, "text/plain");
  EXPECT_EQ((*response)->retry_after_s, 30u);
  EXPECT_EQ((*response)->body, to_bytes("later"));
  EXPECT_FALSE((*response)->keep_alive);
}

TEST(HttpResponse, CannotBeBrokenByItsContentType) {
  proto::Respond respond;
  respond.content_type = "text/plain\r\nSet-Cookie: x";
  respond.body = to_bytes("x");
  EXPECT_EQ(as_text(encode_response(respond, true)).find("Set-Cookie"), std::string::npos);
}

TEST(HttpResponse, OfUnknownLengthEndsWithTheConnection) {
  ResponseReader reader(kMaxBody);
  EXPECT_FALSE(*reader.feed(as_bytes("HTTP/1.1 200 OK\r\n\r\nhel")));
  EXPECT_FALSE(*reader.feed(as_bytes("lo")));
  const auto response = reader.finish();
  ASSERT_TRUE(response);
  EXPECT_EQ(as_text(response->body), "hello");
  EXPECT_FALSE(response->keep_alive);
}

TEST(HttpResponse, IsRefusedWhenCutOffTooLongOrNoHttp) {
  ResponseReader cut(kMaxBody);
  EXPECT_FALSE(*cut.feed(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")));
  EXPECT_FALSE(cut.finish());
  EXPECT_FALSE(ResponseReader(kMaxBody).finish());
  EXPECT_EQ(ResponseReader(kMaxBody).feed(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")).error().code,
            ErrorCode::over_limit);
  EXPECT_EQ(ResponseReader(kMaxBody).feed(as_bytes("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'))).error().code,
            ErrorCode::over_limit);
  EXPECT_EQ(ResponseReader(kMaxBody).feed(as_bytes("SSH-2.0-x\r\n")).error().code, ErrorCode::malformed);
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string endless(kMaxHeaderSize + 1, 'x');
  EXPECT_EQ(ResponseReader(kMaxBody).feed(as_bytes(head + "1;" + endless)).error().code, ErrorCode::over_limit);
  EXPECT_EQ(ResponseReader(kMaxBody).feed(as_bytes(head + "0\r\nTrailer: " + endless)).error().code,
            ErrorCode::over_limit);
}

TEST(HttpResponse, ComesAfterInterimOnes) {
  const auto response = ResponseReader(kMaxBody).feed(
      as_bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
  ASSERT_TRUE(response);
  ASSERT_TRUE(*response);
  EXPECT_EQ((*response)->status, 204);
}

TEST(HttpResponse, ToAWebSocketLeavesTheFirstFrames) {
  // RFC 6455 s.1.3.
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  ResponseReader reader(kMaxBody);
  const auto response =
      reader.feed(concat({encode_websocket_response("dGhlIHNhbXBsZSBub25jZQ=="), as_bytes("frames")}));
  ASSERT_TRUE(response);
  ASSERT_TRUE(*response);
  EXPECT_EQ((*response)->status, 101);
  EXPECT_EQ((*response)->websocket_accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(reader.rest(), to_bytes("frames"));
}

TEST(HttpRequest, SurvivesWritingAndReading) {
  RequestReader reader(kMaxBody);
  ASSERT_EQ(reader.feed(encode_request(proto::Method::post, "/x", "a:80", "tok\r\nen", to_bytes("body"))),
            State::whole);
  const HttpRequest request = reader.take();
  EXPECT_EQ(request.target, "/x");
  EXPECT_EQ(request.bearer, "tok");
  EXPECT_EQ(as_text(request.body), "body");
  ASSERT_EQ(reader.feed(encode_websocket_request("/w", "a", "t", to_base64(Bytes(16)))), State::whole);
  EXPECT_EQ(reader.take().websocket_key, to_base64(Bytes(16)));
}

}  // namespace
}  // namespace cairn::net
