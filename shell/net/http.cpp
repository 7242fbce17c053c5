#include "shell/net/http.h"

#include <boost/beast/core/detail/sha1.hpp>
#include <boost/beast/http.hpp>

#include <charconv>

#include "core/base/encoding.h"
#include "core/base/secret.h"

namespace cairn::net {

namespace http = boost::beast::http;
using Body = http::vector_body<std::uint8_t>;

namespace {

/// A value that goes into a header has nothing that ends a line.
std::string_view header_safe(std::string_view value) {
  return value.substr(0, std::min(value.find_first_of(std::string_view("\r\n\0", 3)), value.size()));
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <class Message>
std::string field(const Message& message, http::field name) {
  const auto value = message[name];
  return {value.data(), value.size()};
}

std::string bearer_of(const std::string& authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!equal_ignoring_case(std::string_view(authorization).substr(0, kScheme.size()), kScheme)) return {};
  return std::string(trimmed(std::string_view(authorization).substr(kScheme.size())));
}

/// Feeds a parser all that `pending` has for it.
template <class Parser>
boost::beast::error_code feed_parser(Parser& parser, Bytes& pending) {
  boost::beast::error_code error;
  std::size_t used = 0;
  while (!parser.is_done() && used < pending.size()) {
    used += parser.put(boost::asio::const_buffer(pending.data() + used, pending.size() - used), error);
    if (error) break;
  }
  // What was in front, and where the rest was, is wiped: shares of keys are among the bodies.
  std::copy(pending.begin() + static_cast<std::ptrdiff_t>(used), pending.end(), pending.begin());
  wipe(MutableByteView(pending).last(used));
  pending.resize(pending.size() - used);
  if (error == http::error::need_more) error = {};
  return error;
}

std::string_view reason_of(int status) {
  const auto text = http::obsolete_reason(static_cast<http::status>(status));
  return {text.data(), text.size()};
}

Bytes with_body(std::string head, ByteView body) {
  Bytes out;
  out.reserve(head.size() + body.size());
  append(out, as_bytes(head));
  append(out, body);
  return out;
}

std::string_view method_name(proto::Method method) {
  switch (method) {
    case proto::Method::get: return "GET";
    case proto::Method::post: return "POST";
    case proto::Method::put: return "PUT";
  }
  return "GET";
}

}  // namespace

// ---- requests ----

struct RequestReader::Parser {
  http::request_parser<Body> beast;
  HttpRequest request;
  bool checked = false;
};

RequestReader::RequestReader(std::size_t max_body) : max_body_(max_body) {}
RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::feed(ByteView bytes) {
  append(pending_, bytes);
  advance();
  return state_;
}

void RequestReader::advance() {
  if (state_ == State::whole || state_ == State::refused || pending_.empty()) return;
  if (!parser_) {
    parser_ = std::make_unique<Parser>();
    parser_->beast.eager(true);
    parser_->beast.header_limit(kMaxHeaderSize);
    parser_->beast.body_limit(max_body_);
    state_ = State::header;
  }
  const auto error = feed_parser(parser_->beast, pending_);
  if (error) {
    if (error == http::error::header_limit) return refuse(431);
    if (error == http::error::body_limit) return refuse(413);
    if (error == http::error::bad_version) return refuse(505);
    return refuse(400);
  }
  // What the parser leaves is a header, or what stands between chunks: of that it takes any length.
  if (!parser_->beast.is_done() && pending_.size() > kMaxHeaderSize) return refuse(431);
  if (parser_->beast.is_header_done() && !parser_->checked) check_header();
  if (state_ == State::refused) return;
  if (parser_->beast.is_done()) {
    parser_->request.body = std::move(parser_->beast.get().body());
    state_ = State::whole;
  } else if (parser_->beast.is_header_done()) {
    state_ = State::body;
  }
}

void RequestReader::check_header() {
  parser_->checked = true;
  const auto& message = parser_->beast.get();
  HttpRequest& request = parser_->request;
  switch (message.method()) {
    case http::verb::get: request.method = proto::Method::get; break;
    case http::verb::post: request.method = proto::Method::post; break;
    case http::verb::put: request.method = proto::Method::put; break;
    default: return refuse(405);
  }
  if (message.target().size() > proto::kMaxTargetSize) return refuse(414);
  // RFC 9112 s.3.2: exactly one Host in HTTP/1.1; s.3.2.1: we are an origin server, so the target is a path.
  if (message.version() == 11 && message.count(http::field::host) != 1) return refuse(400);
  if (message.target().empty() || message.target().front() != '/') return refuse(400);
  // RFC 9112 s.6.1, s.6.3: a coding that is not understood, or one in HTTP/1.0, leaves the length of the body open.
  const std::size_t codings = message.count(http::field::transfer_encoding);
  const bool is_chunked = equal_ignoring_case(field(message, http::field::transfer_encoding), "chunked");
  if (codings > 1 || (codings == 1 && !(is_chunked && message.version() == 11))) return refuse(400);
  request.target.assign(message.target().data(), message.target().size());
  request.bearer = bearer_of(field(message, http::field::authorization));
  for (const auto& header : message) {
    if (!equal_ignoring_case({header.name_string().data(), header.name_string().size()}, "X-Forwarded-For")) continue;
    const std::string_view addresses(header.value().data(), header.value().size());
    request.forwarded_for = trimmed(addresses.substr(addresses.find_last_of(',') + 1));
  }
  request.host = field(message, http::field::host);
  if (message.count(http::field::origin) != 0) request.origin = field(message, http::field::origin);
  request.content_type = field(message, http::field::content_type);
  const auto last_event = message["Last-Event-ID"];
  request.last_event_id.assign(last_event.data(), last_event.size());
  request.ambiguous = message.count("Last-Event-ID") > 1;
  for (const http::field once : {http::field::origin, http::field::content_type, http::field::authorization})
    request.ambiguous = request.ambiguous || message.count(once) > 1;
  request.keep_alive = message.keep_alive();
  expectation_ = equal_ignoring_case(field(message, http::field::expect), "100-continue");
  if (equal_ignoring_case(field(message, http::field::upgrade), "websocket")) {
    // RFC 6455 s.4.2.1.
    const std::string key = field(message, http::field::sec_websocket_key);
    const auto decoded = from_base64(key);
    const bool valid = request.method == proto::Method::get && message.version() == 11 && decoded &&
                       decoded->size() == 16 && field(message, http::field::sec_websocket_version) == "13" &&
                       http::token_list(message[http::field::connection]).exists("upgrade");
    if (!valid) return refuse(400);
    request.websocket_key = key;
  }
}

void RequestReader::refuse(int status) {
  state_ = State::refused;
  refusal_ = status;
  parser_.reset();
  pending_ = {};
}

HttpRequest RequestReader::take() {
  CHECK(state_ == State::whole);
  HttpRequest request = std::move(parser_->request);
  parser_.reset();
  expectation_ = false;
  state_ = State::idle;
  if (pending_.empty()) pending_ = {};
  advance();
  return request;
}

bool RequestReader::take_expectation() { return state_ == State::body && std::exchange(expectation_, false); }

// ---- responses ----

struct ResponseReader::Parser {
  http::response_parser<Body> beast;
};

ResponseReader::ResponseReader(std::size_t max_body) : max_body_(max_body) {}
ResponseReader::~ResponseReader() = default;

Result<std::optional<HttpResponse>> ResponseReader::feed(ByteView bytes) {
  append(pending_, bytes);
  while (!pending_.empty()) {
    if (!parser_) {
      parser_ = std::make_unique<Parser>();
      parser_->beast.eager(true);
      parser_->beast.header_limit(kMaxHeaderSize);
      parser_->beast.body_limit(max_body_);
    }
    const auto error = feed_parser(parser_->beast, pending_);
    REQUIRE(error != http::error::body_limit, ErrorCode::over_limit, "length of an HTTP body");
    REQUIRE(!error, ErrorCode::malformed, "HTTP response");
    REQUIRE(parser_->beast.is_done() || pending_.size() <= kMaxHeaderSize, ErrorCode::over_limit,
            "length of what stands between HTTP chunks");
    if (!parser_->beast.is_done()) break;
    // RFC 9110 s.15.2: interim answers come before the one that counts. 101 counts.
    const unsigned status = parser_->beast.get().result_int();
    if (status >= 200 || status == 101) return std::optional<HttpResponse>(TRY(take()));
    parser_.reset();
  }
  return std::optional<HttpResponse>{};
}

Result<HttpResponse> ResponseReader::finish() {
  REQUIRE(parser_ != nullptr && pending_.empty(), ErrorCode::malformed, "HTTP response that ends early");
  boost::beast::error_code error;
  parser_->beast.put_eof(error);
  REQUIRE(!error && parser_->beast.is_done(), ErrorCode::malformed, "HTTP response that ends early");
  HttpResponse response = TRY(take());
  response.keep_alive = false;
  return response;
}

Result<HttpResponse> ResponseReader::take() {
  auto& message = parser_->beast.get();
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  response.content_type = field(message, http::field::content_type);
  response.websocket_accept = field(message, http::field::sec_websocket_accept);
  response.keep_alive = message.keep_alive();
  const std::string retry = field(message, http::field::retry_after);
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(retry.data(), retry.data() + retry.size(), seconds);
  if (!retry.empty() && error == std::errc() && end == retry.data() + retry.size()) response.retry_after_s = seconds;
  response.body = std::move(message.body());
  parser_.reset();
  return response;
}

// ---- writing ----

Bytes encode_response(const proto::Respond& respond, bool keep_alive, std::string_view allow) {
  std::string head = "HTTP/1.1 " + std::to_string(respond.status) + " ";
  head.append(reason_of(respond.status)).append("\r\n");
  if (!respond.body.empty()) {
    std::string_view type = respond.content_type;
    if (type.empty()) type = "application/octet-stream";
    head.append("Content-Type: ").append(header_safe(type)).append("\r\n");
    head.append("X-Content-Type-Options: nosniff\r\n");
  }
  // RFC 9110 s.8.6: not with 204.
  if (respond.status != 204) head.append("Content-Length: ").append(std::to_string(respond.body.size())).append("\r\n");
  if (respond.retry_after_s) {
    head.append("Retry-After: ").append(std::to_string(*respond.retry_after_s)).append("\r\n");
  }
  // RFC 9110 s.15.5.6, s.15.5.2.
  if (respond.status == 405) head.append("Allow: ").append(allow.empty() ? "GET, POST, PUT" : allow).append("\r\n");
  if (respond.status == 401) head.append("WWW-Authenticate: Bearer\r\n");
  if (!keep_alive) head.append("Connection: close\r\n");
  head.append("\r\n");
  return with_body(std::move(head), respond.status == 204 ? ByteView{} : ByteView(respond.body));
}

Bytes encode_continue() { return to_bytes("HTTP/1.1 100 Continue\r\n\r\n"); }

Bytes encode_websocket_response(std::string_view websocket_key) {
  return to_bytes(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      websocket_accept(websocket_key) + "\r\n\r\n");
}

namespace {

std::string request_head(std::string_view method, std::string_view target, std::string_view authority,
                         std::string_view bearer) {
  std::string head(method);
  head.append(" ").append(header_safe(target)).append(" HTTP/1.1\r\nHost: ").append(header_safe(authority));
  head.append("\r\n");
  if (!bearer.empty()) head.append("Authorization: Bearer ").append(header_safe(bearer)).append("\r\n");
  return head;
}

}  // namespace

Bytes encode_request(proto::Method method, std::string_view target, std::string_view authority, std::string_view bearer,
                     ByteView body) {
  std::string head = request_head(method_name(method), target, authority, bearer);
  if (method != proto::Method::get || !body.empty()) {
    head.append("Content-Type: application/octet-stream\r\nContent-Length: ");
    head.append(std::to_string(body.size())).append("\r\n");
  }
  head.append("\r\n");
  return with_body(std::move(head), body);
}

Bytes encode_websocket_request(std::string_view target, std::string_view authority, std::string_view bearer,
                               std::string_view key) {
  std::string head = request_head("GET", target, authority, bearer);
  head.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
  head.append(key).append("\r\n\r\n");
  return to_bytes(head);
}

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  boost::beast::detail::sha1_context context;
  boost::beast::detail::init(context);
  boost::beast::detail::update(context, text.data(), text.size());
  std::array<std::uint8_t, boost::beast::detail::sha1_context::digest_size> digest;
  boost::beast::detail::finish(context, digest.data());
  return to_base64(digest);
}

}  // namespace cairn::net
