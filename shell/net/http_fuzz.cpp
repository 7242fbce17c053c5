#include "shell/net/http.h"

using namespace cairn;

/// Whatever comes, in whatever pieces: no reader crashes, and limits hold.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::size_t kMost = 256;
  const bool request = (data[0] & 1) == 0;
  const std::size_t piece = 1u + data[1];
  ByteView rest = ByteView(data, size).subspan(2);
  net::RequestReader requests(kMost);
  net::ResponseReader responses(kMost);
  while (!rest.empty()) {
    const ByteView next = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(next.size());
    if (request) {
      requests.feed(next);
      while (requests.state() == net::RequestReader::State::whole) {
        const net::HttpRequest got = requests.take();
        CHECK(got.body.size() <= kMost && got.target.size() <= proto::kMaxTargetSize && got.target[0] == '/');
      }
    } else {
      const auto got = responses.feed(next);
      if (!got || *got) return 0;
    }
  }
  if (!request) static_cast<void>(responses.finish());
  return 0;
}
