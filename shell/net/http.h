// HTTP/1.1 messages (RFC 9112), without any input or output: bytes in, requests and responses out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/proto/transport.h"

namespace cairn::net {

struct HttpRequest {
  proto::Method method = proto::Method::get;
  std::string target;
  std::string bearer;                 ///< of "Authorization: Bearer"
  std::string forwarded_for;          ///< the last address of X-Forwarded-For: what the nearest proxy saw
  std::string host;                   ///< as it was sent; empty in HTTP/1.0 without one
  std::optional<std::string> origin;  ///< who a browser says it asks for
  std::string content_type;
  std::string last_event_id;  ///< of a client of server-sent events that comes again
  /// One of these, or Authorization, came more than once: which one counts nobody can say.
  bool ambiguous = false;
  std::string websocket_key;  ///< not empty when the client asks for a WebSocket (RFC 6455 s.4.1)
  bool keep_alive = true;
  Bytes body;
};

/// Reads the requests of one connection, one after the other; pipelined ones wait.
class RequestReader {
 public:
  /// Bodies of at most `max_body` bytes; headers, and what stands between chunks, of at most kMaxHeaderSize.
  explicit RequestReader(std::size_t max_body);
  ~RequestReader();

  enum class State : std::uint8_t {
    idle,     ///< no byte of a request has come
    header,   ///< waiting for the rest of the header
    body,     ///< waiting for the rest of the body
    whole,    ///< take() gives the request
    refused,  ///< refusal() is the status to answer with; the connection cannot be used further
  };

  State state() const { return state_; }
  /// Adds bytes and reads on, unless a request is whole or refused: then they wait.
  State feed(ByteView bytes);
  /// The request that is whole; reads on with what waits.
  HttpRequest take();
  int refusal() const { return refusal_; }
  /// True once for a request whose client waits for "100 Continue" before it sends the body.
  bool take_expectation();

 private:
  struct Parser;
  void advance();
  void refuse(int status);
  void check_header();

  std::size_t max_body_;
  State state_ = State::idle;
  int refusal_ = 0;
  bool expectation_ = false;
  Bytes pending_;
  std::unique_ptr<Parser> parser_;  // while a request is being read: an idle connection holds nothing
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string websocket_accept;  ///< RFC 6455 s.4.2.2
  std::optional<std::uint32_t> retry_after_s;
  bool keep_alive = true;
  Bytes body;
};

/// Reads one response.
class ResponseReader {
 public:
  explicit ResponseReader(std::size_t max_body);
  ~ResponseReader();

  /// The response once it is whole, nothing before. over_limit for a body above the limit, malformed for what is no
  /// HTTP.
  Result<std::optional<HttpResponse>> feed(ByteView bytes);
  /// The other side sends no more: that ends a body of unknown length, and is malformed anywhere else.
  Result<HttpResponse> finish();
  /// What came behind the response: the first frames of a WebSocket.
  const Bytes& rest() const { return pending_; }

 private:
  struct Parser;
  Result<HttpResponse> take();

  std::size_t max_body_;
  Bytes pending_;
  std::unique_ptr<Parser> parser_;
};

constexpr std::size_t kMaxHeaderSize = 8 * 1024;

/// The bytes of an answer; `keep_alive` says whether the connection can be used further.
/// `allow` goes with 405; by default the methods that anything here has.
Bytes encode_response(const proto::Respond& respond, bool keep_alive, std::string_view allow = {});
Bytes encode_continue();
/// 101 Switching Protocols for a request's websocket_key.
Bytes encode_websocket_response(std::string_view websocket_key);

/// `authority` is the Host; `bearer` may be empty.
Bytes encode_request(proto::Method method, std::string_view target, std::string_view authority, std::string_view bearer,
                     ByteView body);
/// `key` is 16 fresh random bytes in base64.
Bytes encode_websocket_request(std::string_view target, std::string_view authority, std::string_view bearer,
                               std::string_view key);
/// The Sec-WebSocket-Accept that answers `key` (RFC 6455 s.4.2.2).
std::string websocket_accept(std::string_view key);

}  // namespace cairn::net
