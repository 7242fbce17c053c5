#include "core/proto/signals.h"

namespace cairn::proto {

Bytes ChannelSignal::content() const {
  wire::Writer w;
  w.raw(channel);
  w.u64(epoch);
  w.opaque(ciphertext);
  return w.take();
}
void ChannelSignal::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}
Result<ChannelSignal> ChannelSignal::read(wire::Reader& r) {
  ChannelSignal out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.ciphertext = TRY(r.opaque_bytes(kMaxSignalBody));
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

void SignalPush::write(wire::Writer& w) const {
  w.u8(kKind);
  w.opaque(domain);
  w.raw(channel);
  w.u64(epoch);
  w.opaque(body);
}
Result<SignalPush> SignalPush::read(wire::Reader& r) {
  SignalPush out;
  REQUIRE(TRY(r.u8()) == kKind, ErrorCode::malformed, "kind of a signal");
  out.domain = TRY(r.opaque_text(kMaxDomainSize));
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.body = TRY(r.opaque_bytes(kMaxSignalBody));
  return out;
}

}  // namespace cairn::proto
