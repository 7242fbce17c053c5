// What this device has said and the server has taken comes back through its mailbox. Once the keys are gone nothing but
// its hash says that it is one's own: kept until then.
#pragma once

#include "core/base/store.h"
#include "core/client/context.h"
#include "core/proto/api.h"

namespace cairn::client {

/// Of one channel; what is said beyond that is not kept.
constexpr std::size_t kMaxOwnEchoes = 1024;

void await_echo(Context& context, const ChannelId& channel, const Hash& ciphertext_hash);
/// Whether that was awaited; it is not any more.
bool take_awaited_echo(Context& context, const ChannelId& channel, const proto::Envelope& envelope);
/// Those that no mailbox keeps any more.
void forget_lost_echoes(Context& context);

}  // namespace cairn::client
