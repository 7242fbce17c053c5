// An answer that is given before its commit would be caught here: each commit of a server's life fails in turn, and
// the process ends after every answer. What was answered must be there, once.
#include <gtest/gtest.h>

#include "core/crypto/labels.h"
#include "core/directory/lookup.h"
#include "core/proto/api.h"
#include "core/relay/relay.h"
#include "core/relay/tables.h"
#include "shell/loop/loop.h"
#include "shell/store/memory/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/loop_world.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/test_person.h"
#include "tests/support/vault_writer.h"

namespace cairn {
namespace {

using testing::FaultyStore;
using testing::TestDevice;
using testing::TestPerson;

/// What the server's loop sees of the world, and what the world sees of it.
class World final : public testing::LoopWorld {
 public:
  World() : LoopWorld(Time{1'750'000'000'000}) {}

  std::vector<proto::MailboxPush> pushes;

 private:
  void perform_other(const proto::Send& send) override {
    const auto* frame = std::get_if<proto::SocketSend>(&send);
    if (frame == nullptr) return;
    auto push = wire::decode<proto::MailboxPush>(frame->data);
    ASSERT_TRUE(push.has_value());
    pushes.push_back(std::move(*push));
  }
};

/// A server that is started again after each of its answers; who asks it repeats what failed.
class Server {
 public:
  Server(std::set<std::size_t> failing, ErrorCode code) : store(rows_, std::move(failing), code) { start(); }

  World world;
  store::MemoryStore rows_;
  FaultyStore store;

  void start() {
    relay::RelayConfig config;
    config.domain = "example.org";
    config.sign_up = relay::SignUp::open;
    relay_ = std::make_unique<relay::Relay>(config);
    loop_ = std::make_unique<loop::Loop>(
        *relay_, store, entropy_, world,
        loop::LoopOptions{[this] { return world.now; }, {}, [] { return std::uint64_t{0}; }});
    if (!loop_->start()) start();  // its first commit failed: it ended with a sentence, and is started again
  }

  /// The answer, which is 2xx.
  proto::Respond post(std::string_view target, Bytes body, const std::string& bearer = {}) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const proto::RequestId id{next_request_++};
      const std::size_t resets = world.resets.size();
      world.arrived.emplace_back(proto::RequestArrived{id, proto::Method::post, std::string(target), bearer, {}, body});
      while (!world.answers.contains(id) && world.resets.size() == resets) loop_->step(10);
      if (!world.answers.contains(id)) {  // its commit failed: nothing was answered but that
        EXPECT_EQ(world.resets.back().status, 507);
        continue;
      }
      const proto::Respond answer = world.answers.at(id);
      EXPECT_EQ(answer.status / 100, 2) << target << " " << answer.status;
      start();
      return answer;
    }
    ADD_FAILURE() << target << " is never answered";
    return {};
  }

  template <class T>
  T ask(std::string_view target, Bytes body, const std::string& bearer = {}) {
    auto out = wire::decode<T>(post(target, std::move(body), bearer).body);
    CHECK(out.has_value());
    return std::move(*out);
  }

  void give(proto::Input input) {
    world.arrived.push_back(std::move(input));
    loop_->step(10);
  }
  void pass(std::uint64_t ms) {
    for (const Time end = after(world.now, ms); world.now < end;) loop_->step(end.ms - world.now.ms);
  }
  proto::SocketId new_socket() { return proto::SocketId{next_socket_++}; }

 private:
  testing::SeededEntropy entropy_{7};
  std::unique_ptr<relay::Relay> relay_;
  std::unique_ptr<loop::Loop> loop_;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_socket_ = 1;
};

/// Somebody with one device.
class Somebody {
 public:
  Somebody(Server& server, std::string_view name, std::uint64_t seed)
      : person(name, seed), device(person.new_device()) {
    person.take(person.genesis(device));
    const proto::StatementRequest statement{wire::encode(person.statements.back()), {}, {}};
    EXPECT_EQ(server.post(proto::kPathStatement, wire::encode(statement)).status, 202);
    server.pass(2 * kMinuteMs);  // a server whose commit failed rests before it publishes
    log_in(server);
  }

  TestPerson person;
  TestDevice device;
  std::string token;

  void log_in(Server& server) {
    const auto nonce = server.ask<proto::NonceAnswer>(proto::kPathNonce, {});
    proto::LoginRequest login{"example.org", person.name().text(), device.device.id(),
                              nonce.nonce,   nonce.expires_ms,     {}};
    login.signature = crypto::sign_labelled(device.key, crypto::kSignLogin, login.content());
    token = server.ask<proto::LoginAnswer>(proto::kPathLogin, wire::encode(login)).token;
  }
  proto::Address address() const { return {"example.org", device.device.mailbox}; }
};

constexpr int kMessages = 3;

void send(Server& server, const ChannelId& channel, const crypto::SigningKey& key, const std::string& text) {
  proto::ChannelSend request{channel, 1, to_bytes(text), {}};
  request.signature = crypto::sign_labelled(key, crypto::kSignChannelSend, request.content());
  server.post(proto::kPathChannelSend, wire::encode(request));
}

/// alice makes a channel, lets bob in with a key package of his, and writes to it.
void talk(Server& server, Somebody& alice, Somebody& bob) {
  testing::SeededEntropy entropy(5);
  proto::KeyPackageUpload upload;
  upload.items.push_back({Bytes{1}, random_value<proto::JoinToken>(entropy)});
  upload.items.push_back({Bytes{2}, random_value<proto::JoinToken>(entropy)});
  server.post(proto::kPathKeyPackageUpload, wire::encode(upload), bob.token);
  const proto::KeyPackageFetch fetch{"bob@example.org", {bob.device.device.id()}};
  const auto packages =
      server.ask<proto::KeyPackageAnswer>(proto::kPathKeyPackageFetch, wire::encode(fetch), alice.token);
  ASSERT_EQ(packages.items.size(), 1u);

  const auto channel = random_value<ChannelId>(entropy);
  const auto first_key = crypto::SigningKey::generate(entropy);
  const auto second_key = crypto::SigningKey::generate(entropy);
  const proto::ChannelCreate create{channel, 0, first_key.public_key(), alice.device.device.mailbox};
  server.post(proto::kPathChannelCreate, wire::encode(create), alice.token);
  proto::ChannelCommit commit;
  commit.channel = channel;
  commit.commit = Bytes(40, 3);
  commit.next_write_key = second_key.public_key();
  commit.next_recipients = {alice.address(), bob.address()};
  std::ranges::sort(commit.next_recipients);
  commit.welcomes.push_back({bob.address(), packages.items[0].join_token, to_bytes("welcome")});
  commit.signature = crypto::sign_labelled(first_key, crypto::kSignChannelCommit, commit.content());
  server.post(proto::kPathChannelCommit, wire::encode(commit), alice.token);
  for (int i = 0; i < kMessages; ++i) send(server, channel, second_key, "message " + std::to_string(i));
}

/// What waits in a mailbox, as its device is shown it.
std::vector<std::string> open_mailbox(Server& server, const Somebody& who, proto::SocketId socket) {
  server.world.pushes.clear();
  server.give(proto::SocketOpened{socket, std::string(proto::kPathMailbox), who.token, ""});
  std::vector<std::string> out;
  for (const auto& push : server.world.pushes) {
    if (push.kind == proto::MailboxPush::Kind::envelope) out.push_back(as_text(push.envelope.body));
  }
  return out;
}

/// A vault with an object of two parts, another one that is pruned, and a key box that is replaced; then all is read.
/// Gives the number of commits that were tried.
std::size_t keep_in_vault(std::set<std::size_t> failing, ErrorCode code) {
  Server server(std::move(failing), code);
  const Somebody alice(server, "alice@example.org", 1);
  testing::VaultWriter writer(3);
  const Bytes object = writer.make_object(proto::kVaultPart + 100);
  const auto put = [&](std::uint8_t id, ByteView bytes) {
    std::uint64_t have = 0;
    while (have < bytes.size()) {
      const auto part = writer.put(testing::VaultWriter::id(id), bytes, have);
      const std::uint64_t next =
          server.ask<proto::VaultPutAnswer>(proto::kPathVaultPut, wire::encode(part), alice.token).have;
      EXPECT_GT(next, have);
      if (next <= have) return;
      have = next;
    }
  };
  server.post(proto::kPathVaultCreate, wire::encode(writer.create()), alice.token);
  put(1, object);
  put(2, ByteView(object).first(100));
  server.post(proto::kPathVaultPrune, wire::encode(writer.prune({testing::VaultWriter::id(2)})), alice.token);
  server.post(proto::kPathKeyBoxPut, wire::encode(writer.put_key_box(1, "one")), alice.token);
  server.post(proto::kPathKeyBoxPut, wire::encode(writer.put_key_box(2, "two")), alice.token);

  const proto::VaultList list{writer.vault, {}};
  const auto listed = server.ask<proto::VaultListAnswer>(proto::kPathVaultList, wire::encode(list));
  EXPECT_EQ(listed.items, (std::vector<proto::VaultItem>{{testing::VaultWriter::id(1), object.size()}}));
  const proto::VaultGet get{writer.vault, testing::VaultWriter::id(1), 100, proto::kVaultPart};
  const auto got = server.ask<proto::VaultPart>(proto::kPathVaultGet, wire::encode(get));
  EXPECT_TRUE(equal(got.data, ByteView(object).subspan(100)));
  const proto::KeyBoxGet box{writer.key_box};
  EXPECT_EQ(server.ask<proto::KeyBoxPut>(proto::kPathKeyBoxGet, wire::encode(box)).body, to_bytes("two"));
  server.post(proto::kPathVaultDelete, wire::encode(writer.remove()), alice.token);
  server.pass(kMinuteMs);
  EXPECT_TRUE(server.rows_.scan(relay::table::kVaultParts, {}, {}, 10).empty());
  return server.store.commits();
}

/// The whole life; gives the number of commits that were tried.
std::size_t live(std::set<std::size_t> failing, ErrorCode code) {
  Server server(std::move(failing), code);
  Somebody alice(server, "alice@example.org", 1);
  Somebody bob(server, "bob@example.org", 2);
  talk(server, alice, bob);

  const std::vector<std::string> all = {"welcome", "message 0", "message 1", "message 2"};
  std::vector<std::string> waiting = all;
  // Each is acknowledged alone. Whether an acknowledgement got there only a new connection tells.
  for (int attempt = 0; !waiting.empty() && attempt < 20; ++attempt) {
    const auto socket = server.new_socket();
    EXPECT_EQ(open_mailbox(server, bob, socket), waiting);
    const std::size_t failed = server.world.resets.size();
    const std::uint64_t up_to = all.size() - waiting.size() + 1;
    server.give(proto::SocketFrame{socket, wire::encode(proto::MailboxAck{up_to})});
    if (server.world.resets.size() == failed) waiting.erase(waiting.begin());
    server.start();
  }
  EXPECT_TRUE(open_mailbox(server, bob, server.new_socket()).empty());
  const proto::KeyPackageFetch fetch{"bob@example.org", {bob.device.device.id()}};
  const auto second =
      server.ask<proto::KeyPackageAnswer>(proto::kPathKeyPackageFetch, wire::encode(fetch), alice.token);
  // One was handed out, and one is left, whatever failed meanwhile.
  const bool left = second.items.size() == 1 && second.items[0].key_package == Bytes{2};
  EXPECT_TRUE(left);
  return server.store.commits();
}

TEST(RelayCommits, EachMayFailAndWhatWasAnsweredIsThere) {
  const std::size_t commits = live({}, ErrorCode::storage_failed);
  ASSERT_GT(commits, 15u);
  for (std::size_t failing = 0; failing < commits; ++failing) {
    SCOPED_TRACE("the commit that fails is number " + std::to_string(failing));
    live({failing}, failing % 2 == 0 ? ErrorCode::storage_failed : ErrorCode::storage_full);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RelayCommits, OfAVaultEachMayFailAndWhatWasAnsweredIsThere) {
  const std::size_t commits = keep_in_vault({}, ErrorCode::storage_failed);
  ASSERT_GT(commits, 10u);
  for (std::size_t failing = 0; failing < commits; ++failing) {
    SCOPED_TRACE("the commit that fails is number " + std::to_string(failing));
    keep_in_vault({failing}, failing % 2 == 0 ? ErrorCode::storage_failed : ErrorCode::storage_full);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace cairn
