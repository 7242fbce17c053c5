// What is told and never kept, to the byte: sealed for the members of one epoch, signed by the device that says it, and
// of no ratchet, so that it costs no message anything (docs/spec/client.md s.11).
#pragma once

#include "core/mls/group.h"

namespace cairn::client {

enum class SignalKind : std::uint8_t { typing = 1 };

/// Of every kind, so that the size says nothing.
constexpr std::size_t kSignalSize = 141;

/// What a member said, as its signature holds it.
struct HeardSignal {
  mls::Member sender;
  Time said;  ///< by its clock
  SignalKind kind = SignalKind::typing;
};

/// Says it as our own leaf, with the key of that; we are in the group (CHECKed). Any number of them, by any copy of
/// this state, is safe: nonces are random, and large enough for that.
Bytes seal_signal(const mls::Group& group, const ChannelId& channel, SignalKind kind, const crypto::SigningKey& key,
                  Time now, Entropy& entropy);

/// One of this epoch of this channel; we are in the group (CHECKed). `malformed` for another size, `crypto_failed` for
/// what no member of this epoch sealed, `not_found` for a leaf that nobody sits at, `invalid_signature` for what some
/// other member sealed in its name, `unsupported` for a kind of a later version. Whether it is old is not judged here.
Result<HeardSignal> open_signal(const mls::Group& group, const ChannelId& channel, ByteView body);

}  // namespace cairn::client
