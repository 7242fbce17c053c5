// JSON-RPC over HTTP on this machine: who may ask, and how answers and events look (docs/spec/client-rpc.md s.8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/environment.h"
#include "shell/net/front.h"

namespace cairn::apps {

inline constexpr std::uint16_t kHttpPort = 8460;
inline constexpr const char* kHttpTokenFile = "http-token";

class HttpRpcFront final : public net::HttpFront {
 public:
  /// `token`: 64 hex digits.
  explicit HttpRpcFront(std::string token) : token_(std::move(token)) {}
  /// Of the address that is listened on; nobody is let in before it is known.
  void set_port(std::uint16_t port) { port_ = port; }

  std::variant<Asked, Refusal> judge(const net::HttpRequest& request) override;
  proto::Respond answered(Bytes frame) override;
  Told told(ByteView frame) override;
  Bytes head() override;
  Bytes keep_alive() override;
  Refusal refused(int status) override;

 private:
  bool is_own_host(std::string_view host) const;

  std::string token_;
  std::uint16_t port_ = 0;
};

/// A token of 256 bits, in hex.
std::string make_http_token(Entropy& entropy);

/// Where a stream begins: the cursor in "after=N" of a query or in Last-Event-ID, which counts more; nothing where
/// neither is there. False in `good` when one of them is no number, or the query has anything else.
struct EventsFrom {
  bool good = true;
  std::optional<std::uint64_t> cursor;
};
EventsFrom events_from(std::string_view query, std::string_view last_event_id);

}  // namespace cairn::apps
