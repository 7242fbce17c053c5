// A live group for the fuzzer of groups, and what an honest sender would give it: where the fuzzer starts.
#pragma once

#include "core/mls/forge_fixture.h"
#include "core/mls/internal/group_secrets.h"
#include "core/mls/internal/joining.h"

namespace cairn::mls::fixture {

/// What the rest of an input is, said by its first octet.
enum class Way : std::uint8_t {
  raw,          ///< an MLSMessage to the group
  proposal,     ///< a Proposal, or a Commit, that a member signs and sends
  commit,       ///<
  application,  ///< the content of a PrivateMessage that a member encrypts, signature and padding included
  sealed_proposal,
  sealed_commit,
  welcome,     ///< an MLSMessage to somebody who would join
  inviting,    ///< a GroupInfo that a member signs, and sends in a Welcome
  group_info,  ///< a GroupInfo that a member signs, for an external commit
  state,       ///< a state of our own storage
  count
};

/// Four members; the input goes to the second one, and whoever lies is the first.
struct Scene {
  World world{SuiteId::x25519_aes128, 1};
  std::vector<Group> groups = world.group_of(4);
  PrivateKeyPackage newcomer = world.key_package("newcomer");
  SigningIdentity stranger = world.identity("stranger");
  Forger forger{groups[0]};
  Bytes receiver = state_of(groups[1]);

  /// A PrivateMessage of the liar with this inside (s.6.3.1), each with the first key of its ratchet.
  Bytes sealed(ContentType type, ByteView plaintext) const {
    internal::GroupState sender = insides_of(groups[0]);
    const crypto::AeadAlgorithm aead = sender.suite->hpke.aead;
    const bool application = type == ContentType::application;
    const auto kind = application ? internal::RatchetKind::application : internal::RatchetKind::handshake;
    const auto next = must(sender.current.secret_tree.next_key(sender.own_leaf(), kind));
    PrivateMessage out;
    out.group_id = sender.current.context.group_id;
    out.epoch = sender.current.number();
    out.content_type = type;
    wire::Writer aad;  // SenderDataAAD; with authenticated_data PrivateContentAAD
    out.group_id.write(aad);
    aad.u64(out.epoch);
    aad.u8(static_cast<std::uint8_t>(type));
    const Bytes sender_aad = to_bytes(aad.view());
    aad.opaque(out.authenticated_data);
    out.ciphertext = crypto::aead_seal(aead, next.key.key.expose(), next.key.nonce.expose(), aad.view(), plaintext);
    wire::Writer sender_data;
    sender.own_leaf().write(sender_data);
    sender_data.u32(next.generation);
    sender_data.u32(0);  // the reuse guard
    const auto key =
        internal::derive_sender_data_key(*sender.suite, sender.current.secrets.sender_data, out.ciphertext);
    out.encrypted_sender_data =
        crypto::aead_seal(aead, key.key.expose(), key.nonce.expose(), sender_aad, sender_data.view());
    return encode_message(out);
  }

  /// The GroupInfo with a signature of the liar.
  GroupInfo signed_by_liar(GroupInfo info) const {
    info.signature = must(internal::sign_with_label(forger.identity().key(), kSignGroupInfo, info.to_be_signed()));
    return info;
  }

  /// It in a Welcome for the newcomer.
  Bytes invitation(const GroupInfo& info, Entropy& entropy) const {
    const CipherSuite& suite = cipher_suite(world.suite);
    const Bytes zeros(suite.hash_size());
    internal::GroupSecrets secrets{internal::JoinerSecret(ByteView(zeros)), std::nullopt, {}};
    internal::MemberSecret member =
        internal::derive_member(suite, secrets.joiner_secret.clone(), internal::derive_psk_secret(suite, {}));
    Welcome out;
    out.cipher_suite = suite.number();
    out.encrypted_group_info = internal::seal_group_info(suite, info, internal::derive_welcome(suite, member));
    out.secrets.push_back(must(internal::seal_group_secrets(
        suite, secrets, newcomer.reference(), newcomer.package().init_key, out.encrypted_group_info, entropy)));
    return encode_message(out);
  }
};

}  // namespace cairn::mls::fixture
