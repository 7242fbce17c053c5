// Requests, sockets and frames of any kind at a server with people, a channel and envelopes: each request is answered
// once, and what stands in memory is what the store says.
#include "core/proto/blobs.h"
#include "core/proto/federation.h"
#include "core/proto/labels.h"
#include "core/proto/realm.h"
#include "core/proto/refusals.h"
#include "core/proto/rejoin.h"
#include "core/proto/signals.h"
#include "core/wire/reader.h"
#include "tests/support/relay_people.h"
#include "tests/support/vault_writer.h"

namespace {

using namespace cairn;

/// The server that every input begins with.
struct World {
  testing::RelayDriver driver{testing::open_config()};
  testing::Member alice{driver, "alice@example.org", 1};
  testing::Member bob{driver, "bob@example.org", 2};
  testing::TestChannel channel{driver, alice, 4};
  testing::VaultWriter writer{5};
  MemoryView store;
  Time now;

  World() {
    bob.upload(driver, 3, true);
    alice.upload(driver, 2);
    CHECK(channel.admit(driver, alice, bob).status == 200);
    CHECK(channel.send(driver, "hello").status == 200);
    store = driver.store;
    now = driver.now;
  }

  void reset() {
    driver.store = store;
    driver.answers.clear();
    driver.pushes.clear();
    driver.events.clear();
    driver.closed.clear();
    driver.now = now;
    driver.restart();
  }
};

constexpr std::string_view kTargets[] = {proto::kPathWellKnown,
                                         proto::kPathHealth,
                                         proto::kPathNonce,
                                         proto::kPathLogin,
                                         proto::kPathStatement,
                                         proto::kPathLookup,
                                         proto::kPathKeyPackageUpload,
                                         proto::kPathKeyPackageFetch,
                                         proto::kPathChannelCreate,
                                         proto::kPathChannelCommit,
                                         proto::kPathChannelSend,
                                         proto::kPathChannelSignal,
                                         proto::kPathMailbox,
                                         "/v1/rendezvous/00112233445566778899aabbccddeeff",
                                         "/log/checkpoint",
                                         "/log/tile/0/000.p/3",
                                         "/log/tile/entries/000.p/1",
                                         "/log/audit/1",
                                         "/log/prefix/1/2",
                                         "/log/config",
                                         proto::kPathVaultCreate,
                                         proto::kPathVaultPut,
                                         proto::kPathVaultGet,
                                         proto::kPathVaultList,
                                         proto::kPathVaultPrune,
                                         proto::kPathVaultDelete,
                                         proto::kPathKeyBoxPut,
                                         proto::kPathKeyBoxGet,
                                         proto::kPathKeyBoxDelete,
                                         proto::kPathBlobPut,
                                         proto::kPathBlobGet,
                                         proto::kPathBlobDelete,
                                         proto::kPathRejoin,
                                         proto::kPathRejoinAnswer,
                                         proto::kPathRefusals,
                                         proto::kPathPassport,
                                         proto::kPathForward,
                                         proto::kPathRealmTokens,
                                         proto::kPathRealmVkey};

/// What only the holder of the write key could send.
Bytes signed_body(const World& world, std::string_view target, Bytes body) {
  if (target == proto::kPathChannelCommit) {
    if (auto commit = wire::decode<proto::ChannelCommit>(body)) {
      return wire::encode(world.channel.signed_by(std::move(*commit), world.channel.key));
    }
  }
  if (target == proto::kPathChannelSend) {
    if (auto send = wire::decode<proto::ChannelSend>(body)) {
      return wire::encode(world.channel.make_send(std::move(send->ciphertext), world.channel.key, send->epoch));
    }
  }
  if (target == proto::kPathChannelSignal) {
    if (auto signal = wire::decode<proto::ChannelSignal>(body)) {
      signal->channel = world.channel.id;
      signal->signature = crypto::sign_labelled(world.channel.key, proto::kSignChannelSignal, signal->content());
      return wire::encode(*signal);
    }
  }
  const testing::VaultWriter& writer = world.writer;
  if (target == proto::kPathVaultCreate) return wire::encode(writer.create());
  if (target == proto::kPathVaultDelete) return wire::encode(writer.remove());
  if (target == proto::kPathVaultPut) {
    if (auto put = wire::decode<proto::VaultPut>(body)) {
      put->vault = writer.vault;
      return wire::encode(writer.sign(std::move(*put)));
    }
    const std::uint8_t id = body.empty() ? 0 : body.front();  // an object that is the input's body
    if (!body.empty()) return wire::encode(writer.put(testing::VaultWriter::id(id), body, 0));
  }
  if (target == proto::kPathVaultPrune) {
    if (auto prune = wire::decode<proto::VaultPrune>(body))
      return wire::encode(writer.prune(std::move(prune->objects)));
  }
  if (target == proto::kPathKeyBoxPut && !body.empty()) {
    return wire::encode(writer.put_key_box(1 + body.front() % 4, as_text(body)));
  }
  if (target == proto::kPathBlobPut) {
    if (auto put = wire::decode<proto::BlobPut>(body)) {
      const crypto::SigningKey& owner = world.writer.key;
      put->owner_key = owner.public_key();
      const Hash data_hash = crypto::sha256(put->data);
      put->signature = crypto::sign_labelled(owner, crypto::kSignBlobPut, put->content(data_hash));
      if (put->writer) {
        put->writer->channel = world.channel.id;
        put->writer->signature =
            crypto::sign_labelled(world.channel.key, crypto::kSignBlobOfChannel, put->content_of_channel(data_hash));
      }
      return wire::encode(*put);
    }
  }
  if (target == proto::kPathBlobDelete && body.size() >= proto::BlobId::kSize) {
    proto::BlobDelete gone{*proto::BlobId::from(ByteView(body).first(proto::BlobId::kSize)), {}};
    gone.signature = crypto::sign_labelled(world.writer.key, crypto::kSignBlobDelete, gone.content());
    return wire::encode(gone);
  }
  if (target == proto::kPathKeyBoxDelete && !body.empty()) return wire::encode(writer.delete_key_box(body.front()));
  return body;
}

/// One step from the input; false at its end.
bool step(World& world, wire::Reader& input, std::vector<proto::SocketId>& sockets) {
  const auto kind = input.u8();
  const auto choice = input.u8();
  auto body = input.opaque_bytes(1 << 16);
  if (!kind || !choice || !body) return false;
  const std::string tokens[] = {"", world.alice.token, world.bob.token, as_text(*body)};
  const std::string& token = tokens[(*kind >> 4) & 3];
  switch (*kind & 7) {
    case 0: sockets.push_back(world.driver.open(token)); break;
    case 1:
      if (!sockets.empty())
        world.driver.batch({proto::SocketFrame{sockets[*choice % sockets.size()], std::move(*body)}});
      break;
    case 2:
      if (!sockets.empty()) world.driver.batch({proto::SocketClosed{sockets[*choice % sockets.size()]}});
      break;
    case 3: world.driver.pass(std::uint64_t{*choice} * 100); break;
    default: {
      const bool listed = *choice < std::size(kTargets);
      const std::string target = listed ? std::string(kTargets[*choice]) : as_text(*body);
      const auto method = (*kind & 7) == 4 ? proto::Method::get : proto::Method::post;
      if ((*kind & 7) >= 6) *body = signed_body(world, target, std::move(*body));
      const auto request = world.driver.make_request(method, target, std::move(*body), token, "192.0.2.1");
      const auto answer = world.driver.request(request);
      CHECK(answer.status < 500 || answer.status == 501 || answer.status == 503);
      if (answer.status >= 300 && target != proto::kPathChannelCommit) {
        CHECK(wire::decode<proto::ErrorAnswer>(answer.body).has_value());
      }
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  world.reset();
  wire::Reader input({data, size});
  std::vector<proto::SocketId> sockets;
  for (int steps = 0; steps < 64 && step(world, input, sockets); ++steps) {
  }
  for (const proto::Event& event : world.driver.events) CHECK(event.level != proto::Event::Level::error);
  // A new process sees the same mailboxes.
  const auto waiting = [&](const testing::Member& who) {
    return world.driver.pushes[world.driver.open(who.token)].size();
  };
  const std::size_t before[] = {waiting(world.alice), waiting(world.bob)};
  world.driver.restart();
  CHECK(waiting(world.alice) == before[0] && waiting(world.bob) == before[1]);
  return 0;
}
