// The public values that every layer names: hashes, keys, signatures, ids.
#pragma once

#include "core/base/bytes.h"

namespace cairn {

/// A SHA-256 value.
using Hash = FixedBytes<struct HashTag, 32>;
/// An Ed25519 public key (RFC 8032).
using PublicKey = FixedBytes<struct PublicKeyTag, 32>;
/// An Ed25519 signature (RFC 8032).
using Signature = FixedBytes<struct SignatureTag, 64>;
/// Names a device: a truncated hash of its signature key (docs/spec/directory.md).
using DeviceId = FixedBytes<struct DeviceIdTag, 16>;
/// Names a mailbox at its domain; random.
using MailboxId = FixedBytes<struct MailboxIdTag, 16>;
/// Names a channel at its domain; random.
using ChannelId = FixedBytes<struct ChannelIdTag, 16>;
/// A single-use random value.
using Nonce16 = FixedBytes<struct Nonce16Tag, 16>;

}  // namespace cairn
