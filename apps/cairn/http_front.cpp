#include "apps/cairn/http_front.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/crypto/ct.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kMostDigits = 20;

std::string text_of_json(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

net::HttpFront::Refusal refusal(int status, const char* code, const char* sentence,
                                std::string_view allow = "GET, POST") {
  net::HttpFront::Refusal out;
  out.respond.status = status;
  out.respond.content_type = "application/json";
  out.respond.body =
      to_bytes(text_of_json({{"jsonrpc", "2.0"},
                             {"id", nullptr},
                             {"error", {{"code", -32000}, {"message", sentence}, {"data", {{"code", code}}}}}}));
  out.allow = allow;
  return out;
}

std::optional<std::uint64_t> number_in(std::string_view digits) {
  const bool plain = !digits.empty() && digits.size() <= kMostDigits &&
                     std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::uint64_t out = 0;
  if (!plain) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

bool is_json(std::string_view type) {
  std::string lower(type);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower == "application/json" || lower == "application/json; charset=utf-8" ||
         lower == "application/json;charset=utf-8";
}

/// One event (HTML, "Server-sent events"). JSON as it is written here has no line breaks.
Bytes event_of(const std::string& name, const json& data, const std::optional<std::uint64_t>& cursor) {
  std::string out;
  if (cursor) out += "id: " + std::to_string(*cursor) + "\n";
  out += "event: " + name + "\ndata: " + text_of_json(data) + "\n\n";
  return to_bytes(out);
}

}  // namespace

std::string make_http_token(Entropy& entropy) {
  Bytes bytes(kTokenBytes);
  entropy.fill(bytes);
  return to_hex(bytes);
}

EventsFrom events_from(std::string_view query, std::string_view last_event_id) {
  EventsFrom out;
  constexpr std::string_view kAfter = "after=";
  if (!query.empty()) {
    out.cursor = query.starts_with(kAfter) ? number_in(query.substr(kAfter.size())) : std::nullopt;
    out.good = out.cursor.has_value();
  }
  if (!last_event_id.empty()) {
    const auto cursor = number_in(last_event_id);
    out.good = out.good && cursor.has_value();
    out.cursor = cursor;
  }
  return out;
}

// Whatever name a page has its reader's browser look up, it sends that name: only our own are ours.
bool HttpRpcFront::is_own_host(std::string_view host) const {
  const std::string port = ":" + std::to_string(port_);
  return port_ != 0 && (host == "127.0.0.1" + port || host == "localhost" + port || host == "[::1]" + port);
}

std::variant<net::HttpFront::Asked, net::HttpFront::Refusal> HttpRpcFront::judge(const net::HttpRequest& request) {
  if (request.ambiguous) return refusal(400, "malformed", "A header came twice; send each once.");
  if (!is_own_host(request.host))
    return refusal(403, "not_authorised", "This address is asked for as 127.0.0.1, localhost or [::1] with its port.");
  if (request.origin && *request.origin != "http://" + request.host)
    return refusal(403, "not_authorised", "Pages of others may not ask here.");
  if (!crypto::ct_equal(as_bytes(request.bearer), as_bytes(token_)))
    return refusal(401, "unauthenticated", "Send the token of the file http-token as Authorization: Bearer.");
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = target.substr(std::min(path.size() + 1, target.size()));
  if (!request.websocket_key.empty() || (path != "/rpc" && path != "/events") || (path == "/rpc" && path != target))
    return refusal(404, "not_found", "There are POST /rpc and GET /events here.");
  if (path == "/rpc") {
    if (request.method != proto::Method::post)
      return refusal(405, "unsupported", "Requests go to /rpc by POST.", "POST");
    if (!is_json(request.content_type))
      return refusal(415, "unsupported", "A request is of the type application/json.");
    return Asked{request.body, Kind::answer};
  }
  if (request.method != proto::Method::get) return refusal(405, "unsupported", "Events are told by GET.", "GET");
  const EventsFrom from = events_from(query, request.last_event_id);
  if (!from.good || !request.body.empty())
    return refusal(400, "malformed",
                   "Events begin after=CURSOR, or with the cursor in Last-Event-ID; there is no body.");
  json params = json::object();
  if (from.cursor) params["since"] = *from.cursor;
  const json asked = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "follow"}, {"params", std::move(params)}};
  return Asked{to_bytes(text_of_json(asked)), Kind::stream};
}

proto::Respond HttpRpcFront::answered(Bytes frame) {
  proto::Respond out;
  out.content_type = "application/json";
  out.body = std::move(frame);
  return out;
}

net::HttpFront::Told HttpRpcFront::told(ByteView frame) {
  const json message = json::parse(as_text(frame), nullptr, false);
  if (!message.is_object()) return {};
  if (message.contains("error")) return {event_of("error", message["error"], std::nullopt), true};
  if (message.contains("result")) {
    const json& result = message["result"];
    return {event_of("open", result, result.value("cursor", std::uint64_t{0})), false};
  }
  const json params = message.value("params", json::object());
  std::optional<std::uint64_t> cursor;
  if (params.contains("cursor") && params["cursor"].is_number_unsigned())
    cursor = params["cursor"].get<std::uint64_t>();
  return {event_of(message.value("method", "notice"), params, cursor), false};
}

Bytes HttpRpcFront::head() {
  return to_bytes(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 2000\n\n");
}

Bytes HttpRpcFront::keep_alive() { return to_bytes(": still here\n\n"); }

net::HttpFront::Refusal HttpRpcFront::refused(int status) {
  switch (status) {
    case 405: return refusal(405, "unsupported", "There are POST /rpc and GET /events here.");
    case 408: return refusal(408, "unavailable", "The request took too long.");
    case 413: return refusal(413, "over_limit", "A request has at most 256 KiB.");
    case 414:
    case 431: return refusal(status, "over_limit", "The header is too large.");
    case 503: return refusal(503, "unavailable", "It was not answered; ask again.");
    default: return refusal(400, "malformed", "That is no HTTP request.");
  }
}

}  // namespace cairn::apps
