// A request as it comes over a socket, and what the front makes of it.
#include "apps/cairn/http_front.h"

#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  apps::HttpRpcFront front(std::string(64, 'a'));
  front.set_port(8460);
  net::RequestReader reader(4096);
  if (reader.feed(ByteView(data, size)) != net::RequestReader::State::whole) return 0;
  net::HttpRequest request = reader.take();
  const auto as_it_came = front.judge(request);
  // Without the token, and the own host, nothing goes through.
  if (std::holds_alternative<net::HttpFront::Asked>(as_it_came)) {
    CHECK(request.bearer == std::string(64, 'a') && !request.ambiguous);
    CHECK(request.host == "127.0.0.1:8460" || request.host == "localhost:8460" || request.host == "[::1]:8460");
  }
  request.bearer = std::string(64, 'a');
  request.host = "localhost:8460";
  request.origin.reset();
  static_cast<void>(front.judge(request));
  static_cast<void>(front.told(request.body));
  return 0;
}
