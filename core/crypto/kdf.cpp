#include "core/crypto/kdf.h"

#include "core/crypto/internal/hmac.h"

namespace cairn::crypto {

namespace {

constexpr std::size_t kMaxInfoParts = 8;

}  // namespace

void hkdf_extract(HashAlgorithm algorithm, ByteView salt, ByteView ikm, MutableByteView out) {
  internal::hmac_into(algorithm, salt, {ikm}, out);  // RFC 5869 s.2.2
}

void hkdf_expand(HashAlgorithm algorithm, ByteView prk, std::initializer_list<ByteView> info, MutableByteView out) {
  const std::size_t block_size = hash_size(algorithm);
  CHECK(out.size() <= 255 * block_size);
  CHECK(info.size() <= kMaxInfoParts);

  // RFC 5869 s.2.3: T(i) = HMAC(PRK, T(i-1) || info || i)
  std::uint8_t counter = 1;
  std::array<ByteView, kMaxInfoParts + 2> parts;
  std::copy(info.begin(), info.end(), parts.begin() + 1);
  parts[info.size() + 1] = ByteView(&counter, 1);
  const std::span<const ByteView> used(parts.data(), info.size() + 2);

  Secret<struct HkdfBlockTag, 64> block;
  const MutableByteView t = block.expose_mutable().first(block_size);
  for (std::size_t done = 0; done < out.size(); ++counter) {
    internal::hmac_into(algorithm, prk, used, t);
    parts[0] = t;
    const std::size_t take = std::min(block_size, out.size() - done);
    std::memcpy(out.data() + done, t.data(), take);
    done += take;
  }
}

void kdf(ByteView secret, std::string_view label, ByteView context, MutableByteView out) {
  constexpr std::uint8_t kSeparator = 0;
  const auto prk =
      hkdf_extract<struct CairnKdfPrkTag>(HashAlgorithm::sha256, as_bytes(std::string_view("cairn/v1")), secret);
  hkdf_expand(HashAlgorithm::sha256, prk.expose(), {as_bytes(label), ByteView(&kSeparator, 1), context}, out);
}

}  // namespace cairn::crypto
