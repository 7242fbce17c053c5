#include "core/client/join_words.h"

#include "core/client/labels.h"
#include "core/crypto/hash.h"

namespace cairn::client {

Hash token_hash(const InvitationToken& token) {
  constexpr std::uint8_t kEnd = 0;
  return crypto::sha256({as_bytes(kHashJoinToken), {&kEnd, 1}, token.expose()});
}

void JoinRequest::write(wire::Writer& w) const { w.raw(token.expose()); }

Result<JoinRequest> JoinRequest::read(wire::Reader& r) { return JoinRequest(TRY(r.fixed<InvitationToken>())); }

void JoinAnswer::write(wire::Writer& w) const {
  w.raw(invitation);
  w.u8(static_cast<std::uint8_t>(verdict));
  w.raw(group);
}

Result<JoinAnswer> JoinAnswer::read(wire::Reader& r) {
  JoinAnswer out;
  out.invitation = TRY(r.fixed<Hash>());
  const std::uint8_t verdict = TRY(r.u8());
  REQUIRE(verdict >= 1 && verdict <= static_cast<std::uint8_t>(JoinVerdict::over), ErrorCode::malformed,
          "verdict of a join answer");
  out.verdict = static_cast<JoinVerdict>(verdict);
  out.group = TRY(r.fixed<ChannelId>());
  REQUIRE(out.group.is_zero() == (out.verdict != JoinVerdict::let_in), ErrorCode::malformed, "group of a join answer");
  return out;
}

}  // namespace cairn::client
