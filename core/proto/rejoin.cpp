#include "core/proto/rejoin.h"

namespace cairn::proto {

void ChannelRejoin::write(wire::Writer& w) const {
  w.raw(channel);
  w.opaque(request);
}

Result<ChannelRejoin> ChannelRejoin::read(wire::Reader& r) {
  ChannelRejoin out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.request = TRY(r.opaque_bytes(kMaxRejoinRequest));
  return out;
}

void RejoinAsked::write(wire::Writer& w) const { w.u32(mailboxes); }

Result<RejoinAsked> RejoinAsked::read(wire::Reader& r) {
  return RejoinAsked { TRY(r.u32()) };
}

Bytes ChannelRejoinAnswer::content() const {
  wire::Writer w;
  w.raw(channel);
  w.u64(epoch);
  to.write(w);
  w.opaque(answer);
  return w.take();
}

void ChannelRejoinAnswer::write(wire::Writer& w) const {
  w.raw(content());
  w.raw(signature);
}

Result<ChannelRejoinAnswer> ChannelRejoinAnswer::read(wire::Reader& r) {
  ChannelRejoinAnswer out;
  out.channel = TRY(r.fixed<ChannelId>());
  out.epoch = TRY(r.u64());
  out.to = TRY(Address::read(r));
  out.answer = TRY(r.opaque_bytes(kMaxEnvelopeBody));
  out.signature = TRY(r.fixed<Signature>());
  return out;
}

}  // namespace cairn::proto
