// Any bytes as chunks of a stream: no crash, and only what was sealed opens, in its place.
#include "core/base/check.h"
#include "core/crypto/stream_aead.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::crypto;
  if (size < 2) return 0;
  const StreamNonce nonce;
  const ByteView rest(data + 2, size - 2);
  Bytes out;
  StreamOpener stranger(StreamKey{}, nonce, data[0]);
  CHECK(!stranger.open(rest, out) && !stranger.open_last(rest, out) && out.empty());

  // As a plaintext, with one byte of its ciphertext changed or none.
  Bytes sealed;
  StreamSealer sealer(StreamKey{}, nonce);
  const ByteView plaintext = rest.first(std::min(rest.size(), kStreamChunk));
  sealer.seal_last(plaintext, sealed);
  const std::uint8_t change = data[1];
  sealed[data[0] % sealed.size()] ^= change;
  StreamOpener opener(StreamKey{}, nonce);
  const bool opened = opener.open_last(sealed, out).has_value();
  CHECK(opened == (change == 0) && opener.is_whole() == opened);
  CHECK(!opened || equal(out, plaintext));
  return 0;
}
