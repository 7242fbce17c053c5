// The limits of a domain, in one place; docs/spec/relay.md and GET /.well-known/cairn tell the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::proto {

constexpr std::size_t kMaxEnvelopeBody = 64 * 1024;  ///< bytes of one ciphertext, commit or welcome
constexpr std::size_t kMaxRecipients = 4096;         ///< mailboxes of a channel
constexpr std::size_t kMaxWelcomes = 64;             ///< new mailboxes a commit
constexpr std::size_t kMaxNameSize = 318;            ///< local (64) + '@' + domain (253)
constexpr std::size_t kMaxDomainSize = 253;
constexpr std::size_t kMaxStatementSize = 16 * 1024;
constexpr std::size_t kMaxVetoSize = 4 * 1024;
constexpr std::size_t kMaxKeyPackageSize = 16 * 1024;
constexpr std::size_t kMaxKeyPackages = 100;    ///< kept for a device
constexpr std::size_t kMaxFetchedDevices = 32;  ///< key packages in one answer
constexpr std::size_t kMaxTokenSize = 256;
constexpr std::size_t kMaxInvitationSize = 64;
constexpr std::size_t kMaxRendezvousBody = 4 * 1024;
constexpr std::uint64_t kRendezvousLifeMs = 10 * 60 * 1000;
constexpr std::uint64_t kNonceLifeMs = 60 * 1000;
constexpr std::uint64_t kTokenLifeMs = 12ull * 60 * 60 * 1000;
constexpr std::uint64_t kPreviousWriteKeyMs = 60 * 1000;  ///< how long the write key before is good after a commit
constexpr std::uint64_t kUndeliveredLifeMs = 30ull * 24 * 60 * 60 * 1000;
constexpr std::size_t kMaxMailboxEnvelopes = 100'000;  ///< quota of a mailbox
constexpr std::size_t kPushWindow = 256;               ///< envelopes in flight to a device before it acknowledges

// ---- vaults and key boxes ----
constexpr std::size_t kVaultPart = 255 * 4096;  ///< bytes of every part of an object but the last: a request holds one
constexpr std::uint64_t kMaxVaultObject = std::uint64_t{16} << 20;  ///< bytes
constexpr std::size_t kMaxVaultObjects = 65'536;                    ///< of one vault
constexpr std::size_t kMaxVaults = 16;                              ///< of one name
constexpr std::uint64_t kVaultQuota = std::uint64_t{5} << 30;       ///< bytes of all objects of one name
constexpr std::uint64_t kMinVaultCharge = 512;                      ///< bytes that the smallest object counts as
constexpr std::size_t kMaxVaultPrune = 16;                          ///< objects deleted by one request
constexpr std::size_t kMaxVaultList = 256;                          ///< objects told by one answer
constexpr std::uint64_t kVaultUploadMs = 24ull * 60 * 60 * 1000;    ///< how long an upload waits for its next part
constexpr std::size_t kMaxKeyBox = 64 * 1024;
constexpr std::size_t kMaxKeyBoxes = 16;  ///< of one name

// ---- blobs ----
constexpr std::size_t kBlobPart = kVaultPart;  ///< bytes of every part of a blob but the last
/// Bytes of one blob: 4 GiB in chunks of 64 KiB, with a tag each.
constexpr std::uint64_t kMaxBlob = (std::uint64_t{4} << 30) + (std::uint64_t{1} << 20);
constexpr std::uint64_t kMaxHandshakeBlob = std::uint64_t{16} << 20;  ///< bytes of a commit or welcome
constexpr std::uint64_t kBlobQuota = std::uint64_t{10} << 30;         ///< bytes of all blobs that one name put
/// Bytes of all blobs that were put with write keys of the channels that one name made.
constexpr std::uint64_t kChannelBlobQuota = std::uint64_t{1} << 30;
constexpr std::size_t kMaxBlobs = 65'536;                           ///< of one name, and of its channels
constexpr std::uint64_t kMinBlobCharge = 512;                       ///< bytes that the smallest blob counts as
constexpr std::uint64_t kBlobLifeMs = 30ull * 24 * 60 * 60 * 1000;  ///< of a whole one
constexpr std::uint64_t kBlobUploadMs = 24ull * 60 * 60 * 1000;     ///< how long an upload waits for a part

}  // namespace cairn::proto
