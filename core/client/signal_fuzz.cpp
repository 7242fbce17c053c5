// Any bytes as a signal, and any bytes that a member seals as one: nothing passes without its sender's signature.
#include "core/client/key_packages.h"
#include "core/client/labels.h"
#include "core/client/signal.h"
#include "core/crypto/aead.h"
#include "core/crypto/labels.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;
using namespace cairn::client;

constexpr Time kNow{1'750'000'000'000};

struct SignalWorld {
  testing::SeededEntropy entropy{1};
  ChannelId channel;
  crypto::SigningKey key = crypto::SigningKey::generate(entropy);
  mls::Group group = begin();
  Bytes place = concat({channel, Bytes(8)});
  SecretBytes seal_key = group.exporter(kExportSignalKey, channel, 32);

  mls::Group begin() {
    const auto identity =
        mls::SigningIdentity::from(crypto::SignatureAlgorithm::ed25519, mls::Credential::basic(to_bytes("alice")),
                                   crypto::SignaturePrivateKey(key.seed().expose()));
    auto made = mls::Group::create({mls::kDefaultSuite, {to_bytes(channel.view())}, {}}, *identity,
                                   leaf_options(kNow, kDayMs), entropy);
    CHECK(made.has_value());
    return std::move(*made);
  }
  Result<HeardSignal> open_sealed(ByteView text) {
    Bytes body(32);
    entropy.fill(body);
    append(body, crypto::aead_seal(crypto::AeadAlgorithm::aegis_256, seal_key.expose(), body, place, text));
    return open_signal(group, channel, body);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static SignalWorld world;
  CHECK(!open_signal(world.group, world.channel, {data, size}));
  CHECK(!world.open_sealed({data, size}));
  if (size < 13) return 0;
  const Bytes words(data, data + 13);
  const Bytes authenticator = world.group.epoch_authenticator();
  const Bytes length{static_cast<std::uint8_t>(authenticator.size())};
  const Signature signature =
      crypto::sign_labelled(world.key, crypto::kSignSignal, concat({world.place, length, authenticator, words}));
  const auto heard = world.open_sealed(concat({words, signature}));
  const bool is_ours = words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == 0;
  CHECK(heard.has_value() == (is_ours && words[12] == 1));
  return 0;
}
