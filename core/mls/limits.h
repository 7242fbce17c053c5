// What this MLS accepts at most. Each is checked before anything is allocated for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::mls {

/// One MLSMessage, and anything inside of it: commits over blank nodes and ratchet trees come near.
constexpr std::size_t kMaxMessageSize = std::size_t{16} << 20;

/// Leaves of a tree, blank ones included; who carries the messages may have a lower limit of recipients.
constexpr std::uint32_t kMaxLeaves = 16384;
/// Levels above the leaves: 2^14 leaves.
constexpr std::size_t kMaxTreeDepth = 14;

/// group_id, psk_id, application_id.
constexpr std::size_t kMaxIdSize = 1024;
/// psk_nonce and external PSKs themselves.
constexpr std::size_t kMaxPskSize = 1024;
/// An identity, or one certificate.
constexpr std::size_t kMaxCredentialSize = 16 << 10;
constexpr std::size_t kMaxCertificates = 16;

/// Sizes of keys, KEM outputs, signatures, digests and tags of any suite (X-Wing keys have 1,216 bytes).
constexpr std::size_t kMaxPublicKeySize = 4096;
constexpr std::size_t kMaxKemOutputSize = 4096;
constexpr std::size_t kMaxSignatureSize = 4096;
constexpr std::size_t kMaxDigestSize = 64;
/// An HPKE ciphertext of a path secret.
constexpr std::size_t kMaxPathCiphertextSize = 256;
/// An HPKE ciphertext of GroupSecrets, which name the PSKs of a commit.
constexpr std::size_t kMaxGroupSecretsSize = std::size_t{1} << 20;

/// What is signed of a leaf: every member keeps every leaf, and a whole tree of them must go into our own storage.
constexpr std::size_t kMaxLeafNodeSize = 24 << 10;
/// The extensions of a GroupContext, which stands in every GroupInfo and in every signature.
constexpr std::size_t kMaxGroupExtensionsSize = 64 << 10;
/// Extensions of one list, and entries of one list of capabilities.
constexpr std::size_t kMaxExtensions = 64;
constexpr std::size_t kMaxCapabilities = 256;
/// Entries of an external_senders extension.
constexpr std::size_t kMaxExternalSenders = 16;

/// authenticated_data of a message.
constexpr std::size_t kMaxAuthenticatedDataSize = 64 << 10;
/// Application data of one message; with padding, authenticated_data and the frame it fits into a message.
constexpr std::size_t kMaxPlaintextSize = std::size_t{8} << 20;
/// Proposals of one commit, and proposals cached in one epoch; and the size of a cached one.
constexpr std::size_t kMaxProposals = 1024;
constexpr std::size_t kMaxCachedProposalSize = 64 << 10;
/// Epochs are counted up to here, so that a number that a stranger chose cannot wrap around.
constexpr std::uint64_t kMaxEpoch = std::uint64_t{1} << 62;
/// PSKs of one commit.
constexpr std::size_t kMaxPsks = 64;

/// Keys of one sender that are kept because their messages have not come yet (RFC 9420 s.15.3).
constexpr std::uint32_t kOutOfOrderWindow = 100;
/// How far ahead of a sender's ratchet a message may be.
constexpr std::uint32_t kMaxForwardJump = 2000;
/// Former epochs whose application messages can still be read.
constexpr std::size_t kPastEpochs = 5;
/// Former epochs whose resumption PSK is kept.
constexpr std::size_t kResumptionEpochs = 16;

}  // namespace cairn::mls
