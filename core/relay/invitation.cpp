#include "core/relay/invitation.h"

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/relay/tables.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kCodeBytes = 10;

/// The store holds codes hashed: who reads a copy of it cannot use them.
Bytes row_key(ByteView code) { return to_bytes(crypto::sha256(code)); }

}  // namespace

Invitation make_invitation(std::uint32_t uses, Time expires, Entropy& entropy) {
  Bytes code(kCodeBytes);
  entropy.fill(code);
  std::string text = to_base32(code);
  for (std::size_t at = 12; at > 0; at -= 4) text.insert(at, 1, '-');
  return {text, {table::kInvitations, row_key(code), wire::encode(InvitationRow{uses, expires.ms})}};
}

Status use_invitation(Overlay& rows, std::string_view code, Time now) {
  constexpr const char* kNotGood =
      "This domain asks for an invitation, and the code is none that is still good; ask its operator for one.";
  std::string plain;
  std::ranges::copy_if(code, std::back_inserter(plain), [](char c) { return c != '-' && c != ' '; });
  const auto bytes = from_base32(plain);
  REQUIRE(bytes && bytes->size() == kCodeBytes, ErrorCode::not_authorised, kNotGood);
  Bytes key = row_key(*bytes);
  auto row = TRY(load<InvitationRow>(rows, table::kInvitations, key));
  REQUIRE(row && row->uses > 0 && row->expires_ms > now.ms, ErrorCode::not_authorised, kNotGood);
  --row->uses;
  if (row->uses == 0) {
    rows.erase(table::kInvitations, std::move(key));
  } else {
    save(rows, table::kInvitations, std::move(key), *row);
  }
  return ok();
}

}  // namespace cairn::relay
