#include "core/crypto/blake2b.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"

namespace cairn::crypto {
namespace {

Bytes hashed(ByteView key, ByteView data, std::size_t size) {
  Bytes out(size);
  blake2b(key, data, out);
  return out;
}

// RFC 7693 Appendix A.
TEST(Blake2b, MatchesTheExampleOfRfc7693) {
  EXPECT_EQ(to_hex(hashed({}, as_bytes("abc"), 64)),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

// RFC 7693 Appendix E: the sequence that fills keys and inputs.
Bytes sequence(std::size_t size, std::uint32_t seed) {
  std::uint32_t a = 0xDEAD4BAD * seed;
  std::uint32_t b = 1;
  Bytes out(size);
  for (std::uint8_t& byte : out) {
    const std::uint32_t t = a + b;
    a = b;
    b = t;
    byte = static_cast<std::uint8_t>(t >> 24);
  }
  return out;
}

// RFC 7693 Appendix E: a hash of hashes, with and without keys, of several sizes.
TEST(Blake2b, PassesTheSelfTestOfRfc7693) {
  Bytes all;
  for (const std::uint32_t out_size : {20U, 32U, 48U, 64U}) {
    for (const std::uint32_t in_size : {0U, 3U, 128U, 129U, 255U, 1024U}) {
      const Bytes data = sequence(in_size, in_size);
      append(all, hashed({}, data, out_size));
      append(all, hashed(sequence(out_size, out_size), data, out_size));
    }
  }
  EXPECT_EQ(to_hex(hashed({}, all, 32)), "c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475");
}

}  // namespace
}  // namespace cairn::crypto
