#include "core/client/printed_token.h"

#include "core/base/encoding.h"
#include "core/crypto/ct.h"
#include "core/crypto/hash.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {
namespace {

constexpr std::size_t kChecksumSize = 5;
constexpr std::size_t kTokenGroup = 5;
constexpr std::size_t kMaxText = 512;  ///< more than any grouping takes
constexpr std::size_t kSize = 4 + vault::BackupToken::kSize;

}  // namespace

std::string printed_token_text(const PrintedToken& token) {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.u32(token.generation);
  w.raw(token.token.expose());
  const Hash hash = crypto::sha256(w.view());
  w.raw(hash.view().first(kChecksumSize));
  const std::string digits = to_base32(w.view());
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && i % kTokenGroup == 0) out += '-';
    out += digits[i];
  }
  return out;
}

Result<PrintedToken> parse_printed_token(std::string_view text) {
  REQUIRE(text.size() <= kMaxText, ErrorCode::malformed, "printed token: length");
  std::string digits;
  for (const char c : text) {
    if (c != ' ' && c != '-') digits += c;
  }
  const SecretBytes all(TRY(from_base32(digits)));
  REQUIRE(all.size() == kSize + kChecksumSize, ErrorCode::malformed, "printed token: length");
  const Hash hash = crypto::sha256(all.expose().first(kSize));
  REQUIRE(crypto::ct_equal(hash.view().first(kChecksumSize), all.expose().last(kChecksumSize)), ErrorCode::malformed,
          "printed token: checksum");
  wire::Reader r(all.expose());
  const std::uint32_t generation = TRY(r.u32());
  return PrintedToken { generation, TRY(r.fixed<vault::BackupToken>()) };
}

}  // namespace cairn::client
