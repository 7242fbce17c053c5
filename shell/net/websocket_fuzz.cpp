#include "shell/net/websocket.h"

#include "core/base/check.h"

using namespace cairn;

/// Fed whole or in pieces, a stream gives the same messages, and none above the limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::size_t kMost = 512;
  const net::Side side = (data[0] & 1) == 0 ? net::Side::server : net::Side::client;
  const std::size_t piece = 1u + data[1] % 32;
  const ByteView stream = ByteView(data, size).subspan(2);

  net::WebSocketReader whole(side, kMost);
  const auto expected = whole.feed(stream);
  net::WebSocketReader pieces(side, kMost);
  std::vector<net::WebSocketEvent> got;
  bool failed = false;
  for (ByteView rest = stream; !rest.empty() && !failed; rest = rest.subspan(std::min(piece, rest.size()))) {
    auto events = pieces.feed(rest.first(std::min(piece, rest.size())));
    failed = !events;
    for (std::size_t i = 0; events && i < events->size(); ++i) got.push_back((*events)[i]);
  }
  CHECK(failed == !expected);
  for (const auto& event : got) CHECK(event.data.size() <= kMost);
  if (!expected) return 0;
  CHECK(got.size() == expected->size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i].data == (*expected)[i].data);
  return 0;
}
