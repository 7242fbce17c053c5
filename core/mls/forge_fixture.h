// A member that sends what no honest one would, well signed: for tests and fuzzers of what receivers refuse.
#pragma once

#include "core/mls/group_fixture.h"
#include "core/mls/internal/group_state.h"

namespace cairn::mls::fixture {

/// The insides of a group, from its own storage.
inline internal::GroupState insides_of(const Group& group) {
  const SecretBytes stored = group.serialise();
  wire::Reader reader(stored.expose());
  return must(internal::GroupState::read(reader));
}

/// Frames, signs and sends whatever it is told to as a member of `group`, in the open.
class Forger {
 public:
  explicit Forger(const Group& group) : state_(insides_of(group)) {}

  internal::GroupState& state() { return state_; }
  const internal::Epoch& epoch() const { return state_.current; }
  const SigningIdentity& identity() const { return state_.identity; }

  FramedContent frame(std::variant<SecretBytes, Proposal, Commit> content) const {
    FramedContent out;
    out.group_id = epoch().context.group_id;
    out.epoch = epoch().number();
    out.sender = Sender::member(state_.own_leaf());
    out.content = std::move(content);
    return out;
  }
  AuthenticatedContent sign(FramedContent content) const { return sign(std::move(content), state_.identity); }
  AuthenticatedContent sign(FramedContent content, const SigningIdentity& identity) const {
    AuthenticatedContent out = must(internal::sign_content(WireFormat::public_message, std::move(content),
                                                           identity.key(), epoch().encoded_context));
    if (out.content.content_type() == ContentType::commit) {
      out.auth.confirmation_tag = ConfirmationTag{Digest(state_.suite->hash_size())};
    }
    return out;
  }
  Bytes send(AuthenticatedContent content) const {
    const PublicMessage message = must(internal::protect_public(*state_.suite, std::move(content),
                                                                epoch().secrets.membership, epoch().encoded_context));
    return encode_message(message);
  }
  Bytes commit(Commit commit) const { return send(sign(frame(std::move(commit)))); }
  Bytes commit(std::vector<Proposal> proposals) const {
    Commit out;
    for (Proposal& proposal : proposals) out.proposals.push_back({std::move(proposal)});
    return commit(std::move(out));
  }
  Bytes proposal(Proposal proposal) const { return send(sign(frame(std::move(proposal)))); }

  /// An honest commit in the open, to be spoiled.
  static AuthenticatedContent opened(ByteView message) {
    MlsMessage decoded = must(MlsMessage::decode(message));
    auto& open = std::get<PublicMessage>(decoded.body);
    return {WireFormat::public_message, std::move(open.content), std::move(open.auth)};
  }

 private:
  internal::GroupState state_;
};

}  // namespace cairn::mls::fixture
