#include "core/crypto/internal/labelled.h"

#include "core/crypto/internal/hmac.h"
#include "core/crypto/kdf.h"

namespace cairn::crypto::internal {

namespace {

constexpr std::string_view kVersion = "HPKE-v1";
constexpr std::size_t kMaxLabelledParts = 4;

}  // namespace

void labelled_extract(HashAlgorithm algorithm, const SuiteId& suite_id, ByteView salt, std::string_view label,
                      ByteView ikm, MutableByteView out) {
  // HKDF-Extract is one HMAC, so the labelled ikm need not be put together.
  hmac_into(algorithm, salt, {as_bytes(kVersion), suite_id, as_bytes(label), ikm}, out);
}

void labelled_expand(HashAlgorithm algorithm, const SuiteId& suite_id, ByteView prk, std::string_view label,
                     std::initializer_list<ByteView> info, MutableByteView out) {
  CHECK(out.size() <= 255 * hash_size(algorithm));
  CHECK(info.size() <= kMaxLabelledParts);
  const std::uint8_t size[2] = {static_cast<std::uint8_t>(out.size() >> 8), static_cast<std::uint8_t>(out.size())};
  std::array<ByteView, kMaxLabelledParts> part;
  std::copy(info.begin(), info.end(), part.begin());
  hkdf_expand(algorithm, prk, {size, as_bytes(kVersion), suite_id, as_bytes(label), part[0], part[1], part[2], part[3]},
              out);
}

}  // namespace cairn::crypto::internal
