#include "core/mls/outside.h"

#include "core/mls/internal/message_protection.h"
#include "core/mls/internal/proposal_list.h"

namespace cairn::mls {

using namespace internal;

namespace {

// RFC 9420 s.12.1.8: "An external proposal MUST be sent as a PublicMessage object"; s.6.1: no GroupContext is signed.
Result<Bytes> send(const OutsideView& group, Sender sender, const SigningIdentity& identity, Proposal proposal,
                   Time now, Bytes authenticated_data) {
  TRY(check_proposal_sender(sender, proposal.type()));
  REQUIRE(authenticated_data.size() <= kMaxAuthenticatedDataSize, ErrorCode::over_limit, "authenticated data");
  if (const auto* add = std::get_if<Add>(&proposal.body)) TRY(add->key_package.check_lifetime(now));
  FramedContent content;
  content.group_id = group.group_id;
  content.epoch = group.epoch;
  content.sender = sender;
  content.authenticated_data = std::move(authenticated_data);
  content.content = std::move(proposal);
  AuthenticatedContent out = TRY(sign_content(WireFormat::public_message, std::move(content), identity.key(), {}));
  return encode_message(PublicMessage{std::move(out.content), std::move(out.auth), std::nullopt});
}

}  // namespace

Result<Bytes> propose_from_outside(const OutsideView& group, std::uint32_t index, const SigningIdentity& sender,
                                   Proposal proposal, Time now, Bytes authenticated_data) {
  return send(group, {SenderType::external, index}, sender, std::move(proposal), now, std::move(authenticated_data));
}

Result<Bytes> propose_own_add(const OutsideView& group, const PrivateKeyPackage& package, Time now,
                              Bytes authenticated_data) {
  REQUIRE(package.suite() == group.suite, ErrorCode::unsupported, "key package of another suite");
  return send(group, {SenderType::new_member_proposal, 0}, package.identity(), {Add{package.package()}}, now,
              std::move(authenticated_data));
}

}  // namespace cairn::mls
