#include "core/client/signal.h"

#include "core/client/labels.h"
#include "core/crypto/aead.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

constexpr auto kSignalAead = crypto::AeadAlgorithm::aegis_256;
constexpr std::size_t kSignalNonceSize = 32;

/// The plaintext: words, and their signature.
struct SignalText {
  mls::LeafIndex sender;
  Time said;
  std::uint8_t kind = 0;
  Signature signature;

  Bytes words() const {
    wire::Writer w;
    sender.write(w);
    w.u64(said.ms);
    w.u8(kind);
    return w.take();
  }
  void write(wire::Writer& w) const {
    w.raw(words());
    w.raw(signature);
  }
  static Result<SignalText> read(wire::Reader& r) {
    SignalText out;
    out.sender = TRY(mls::LeafIndex::read(r));
    out.said.ms = TRY(r.u64());
    out.kind = TRY(r.u8());
    out.signature = TRY(r.fixed<Signature>());
    return out;
  }
};

SecretBytes signal_key_of(const mls::Group& group, const ChannelId& channel) {
  return group.exporter(kExportSignalKey, channel, crypto::aead_key_size(kSignalAead));
}

Bytes place_of(const mls::Group& group, const ChannelId& channel) {
  wire::Writer w;
  w.raw(channel);
  w.u64(group.epoch());
  return w.take();
}

/// What is signed is good in this very epoch alone, also where somebody made two of one number.
Bytes signed_content(const mls::Group& group, ByteView place, const SignalText& text) {
  wire::Writer w;
  w.raw(place);
  w.opaque(group.epoch_authenticator());
  w.raw(text.words());
  return w.take();
}

}  // namespace

Bytes seal_signal(const mls::Group& group, const ChannelId& channel, SignalKind kind, const crypto::SigningKey& key,
                  Time now, Entropy& entropy) {
  CHECK(group.is_active());
  const Bytes place = place_of(group, channel);
  SignalText text{group.own_leaf(), now, static_cast<std::uint8_t>(kind), {}};
  text.signature = crypto::sign_labelled(key, crypto::kSignSignal, signed_content(group, place, text));
  Bytes out(kSignalSize);
  const MutableByteView nonce = MutableByteView(out).first(kSignalNonceSize);
  entropy.fill(nonce);
  crypto::aead_seal_into(kSignalAead, signal_key_of(group, channel).expose(), nonce, place, wire::encode(text),
                         MutableByteView(out).subspan(kSignalNonceSize));
  return out;
}

Result<HeardSignal> open_signal(const mls::Group& group, const ChannelId& channel, ByteView body) {
  CHECK(group.is_active());
  REQUIRE(body.size() == kSignalSize, ErrorCode::malformed, "size of a signal");
  const Bytes place = place_of(group, channel);
  const SecretBytes plain = TRY(crypto::aead_open(kSignalAead, signal_key_of(group, channel).expose(),
                                                  body.first(kSignalNonceSize), place, body.subspan(kSignalNonceSize)));
  const SignalText text = TRY(wire::decode<SignalText>(plain.expose()));
  const auto sender = group.member(text.sender);
  REQUIRE(sender, ErrorCode::not_found, "sender of a signal");
  // Every member has the key: only the signature says whose words these are.
  const PublicKey key = TRY(PublicKey::from(sender->node->signature_key));
  TRY(crypto::verify_labelled(key, crypto::kSignSignal, signed_content(group, place, text), text.signature));
  REQUIRE(text.kind == static_cast<std::uint8_t>(SignalKind::typing), ErrorCode::unsupported, "kind of a signal");
  return HeardSignal{*sender, text.said, SignalKind::typing};
}

}  // namespace cairn::client
