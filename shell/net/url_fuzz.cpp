// Any text as an address: what is taken says where it leads, and is read as the same again; and as an address of the
// network: none is both of this machine and everybody's.
#include "shell/net/url.h"

#include "core/base/bytes.h"
#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const std::string text = as_text({data, size});
  CHECK(!net::is_loopback_address(text) || !net::is_public_address(text));
  CHECK(!net::network_of(text).empty() || text.empty());
  const auto url = net::parse_url(text);
  constexpr std::size_t kFull = 4096;  // no room for the slash that a query without a path gets
  if (!url || size == kFull) return 0;
  CHECK(!url->host.empty() && url->port != 0 && url->target.front() == '/');
  CHECK(text.find_first_of(" #\\\r\n") == std::string::npos);
  const std::string scheme = url->scheme == net::Scheme::http ? "http://" : "https://";
  const auto again = net::parse_url(scheme + url->authority() + url->target);
  CHECK(again && again->scheme == url->scheme && again->host == url->host && again->port == url->port);
  CHECK(again->target == url->target && net::is_callable(*again) == net::is_callable(*url));
  return 0;
}
