#include "core/client/own_echoes.h"

#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/proto/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {
namespace {

constexpr std::size_t kForgottenAtOnce = 4096;

Bytes echo_key(const ChannelId& channel, const Hash& hash) { return concat({channel, hash}); }

}  // namespace

void await_echo(Context& context, const ChannelId& channel, const Hash& ciphertext_hash) {
  if (context.store.scan_prefix(tables::kOwnEchoes, channel, kMaxOwnEchoes).size() == kMaxOwnEchoes) return;
  wire::Writer w;
  w.u64(context.now.ms);
  context.store.put(tables::kOwnEchoes, echo_key(channel, ciphertext_hash), w.take());
}

bool take_awaited_echo(Context& context, const ChannelId& channel, const proto::Envelope& envelope) {
  const Bytes key = echo_key(channel, crypto::sha256(envelope.body));
  if (!context.store.get(tables::kOwnEchoes, key)) return false;
  context.store.erase(tables::kOwnEchoes, key);
  return true;
}

void forget_lost_echoes(Context& context) {
  for (const Row& row : context.store.scan(tables::kOwnEchoes, {}, {}, kForgottenAtOnce)) {
    wire::Reader r(row.value);
    const auto since = r.u64();
    if (since && elapsed_ms(context.now, Time{*since}) < proto::kUndeliveredLifeMs) continue;
    context.store.erase(tables::kOwnEchoes, row.key);
  }
}

}  // namespace cairn::client
