// Keys, and parts of keys, on their way to the encrypted store and to realms: nothing of them stays in memory that was
// given back.
#include "core/client/pin_jobs.h"
#include "core/client/tables.h"
#include "shell/store/encrypted/encrypted_store.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_realm.h"
#include "tests/support/freed_memory.h"
#include "tests/support/network_house.h"
#include "tests/support/scratch_folder.h"

namespace cairn::testing {
namespace {

using client::Context;

/// A set of realms, and what they are given of a PIN and of a token.
struct Shares {
  Shares() {
    for (std::size_t i = 0; i < 3; ++i) set.realms.push_back(crypto::SigningKey::generate(entropy).public_key());
    const auto secret = random_secret<vault::PinSecret>(entropy);
    pin = std::move(*vault::register_pin(set, who.registration, "correct horse", secret, entropy, hasty_stretch));
    root = random_secret<vault::BackupRoot>(entropy);
    token = std::move(*vault::share_token(set, root, entropy));
  }
  client::RealmPlace place(std::size_t i) const {
    const tlog::VerifierKey key(*tlog::KeyName::from("realm.example/r" + std::to_string(i)),
                                tlog::SignatureType::ed25519, set.realms[i]);
    return {key.to_text(), "https://realm" + std::to_string(i) + ".example"};
  }

  SeededEntropy entropy{7};
  vault::RealmSet set{{}, 2};
  proto::RealmWho who{"example.org", *RegistrationId::from(Bytes(RegistrationId::kSize, 9))};
  std::optional<vault::PinRegistration> pin;
  vault::BackupRoot root;
  std::optional<vault::SharedToken> token;
};

TEST(FreedMemory, SeesWhatWasNotWipedAndNotWhatWas) {
  const Bytes secret(32, 0x5a);
  FreedMemory watch({secret});
  { const Bytes copy = concat({Bytes(100, 1), secret}); }
  EXPECT_EQ(watch.found(), 1u);
  { const SecretBytes copy(to_bytes(secret)); }
  { Bytes(64, 0x5b); }
  EXPECT_EQ(watch.found(), 1u);
}

// ---- rows ----

/// Writes what a test says, whenever a request comes.
class Writing final : public proto::Mind {
 public:
  proto::Effects rebuild(const StoreView&, Time, Entropy&) override { return {}; }
  proto::Effects handle(const proto::Input&, const StoreView& store, Time now, Entropy& entropy) override {
    proto::Effects effects;
    Overlay overlay(store);
    Context context{overlay, now, entropy, effects.sends, effects.events};
    write(context);
    effects.writes = overlay.take_writes();
    return effects;
  }
  Time next_deadline() const override { return Time::never(); }

  std::function<void(Context&)> write;
};

class NoWorld final : public loop::Transport {
 public:
  std::vector<proto::Input> take(const Take& wanted) override {
    std::vector<proto::Input> out;
    for (; waiting != 0 && out.size() < wanted.most; --waiting) out.emplace_back(proto::RequestArrived{});
    return out;
  }
  void perform(proto::Send) override {}
  void reset(const proto::Respond&) override {}
  void close(std::uint64_t) override {}

  std::size_t waiting = 0;
};

class WipedRows : public ::testing::Test {
 protected:
  /// In two batches of two inputs each; the commits of `failing` fail.
  void run(std::function<void(Context&)> write, std::set<std::size_t> failing = {}) {
    FaultyStore faulty(below_, std::move(failing), ErrorCode::storage_failed);
    auto store =
        store::EncryptedStore::open(std::make_unique<Through>(faulty), *store::StoreKey::from(Bytes(32, 4)), entropy_);
    ASSERT_TRUE(store);
    mind_.write = std::move(write);
    loop::Loop loop(mind_, **store, entropy_, world_, {[] { return Time{1'000'000}; }, nullptr});
    ASSERT_TRUE(loop.start());
    for (int batch = 0; batch < 2; ++batch) {
      world_.waiting = 2;
      loop.step(0);
    }
  }

  /// The store that an EncryptedStore owns, which is the test's.
  class Through final : public store::Store {
   public:
    explicit Through(store::Store& store) : store_(store) {}
    std::optional<Bytes> get(Table table, ByteView key) const override { return store_.get(table, key); }
    std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
      return store_.scan(table, first, end, limit, order);
    }
    Status commit_if(const std::vector<store::Condition>& conditions, const std::vector<Write>& writes) override {
      return store_.commit_if(conditions, writes);
    }

   private:
    store::Store& store_;
  };

  SeededEntropy entropy_{1};
  store::MemoryStore below_;
  Writing mind_;
  NoWorld world_;
  Shares shares_;
};

TEST_F(WipedRows, OfAPin) {
  client::PinRow row;
  row.sent.push_back({shares_.pin->version, shares_.pin->auth.clone()});
  std::size_t read = 0;
  FreedMemory watch({shares_.pin->auth.seed().expose()});
  run([&](Context& context) {
    row.checked_ms += 1;
    client::save_pin_row(context, row);
    client::save_pin_row(context, row);
    read += client::load_pin_row(context.store)->sent.size();
  });
  EXPECT_EQ(read, 4u);
  EXPECT_EQ(watch.found(), 0u);
}

TEST_F(WipedRows, OfWhatRealmsAreOwed) {
  const client::RealmHouse house{{{shares_.place(0)}, 1}, shares_.who, {}};
  client::PinAuths auths;
  auths.known.push_back({shares_.pin->version, shares_.pin->auth.clone()});
  const PinShare& share = shares_.pin->shares[0];
  std::size_t read = 0;
  FreedMemory watch(
      {shares_.pin->auth.seed().expose(), share.key_share.expose(), share.scalar_share.expose(), share.tag.expose()});
  run([&](Context& context) {
    client::owe_share(context, house, 0, 0, auths, share);
    read += client::realm_debts(context.store).size();
    client::owe_removal(context, house, auths);
  });
  EXPECT_EQ(read, 4u);
  EXPECT_EQ(watch.found(), 0u);
}

TEST_F(WipedRows, OfASetUpAlsoWhenTheyCannotBeStored) {
  auto pair = crypto::kem_generate(crypto::KemAlgorithm::xwing_shake, entropy_);
  client::BackupSetup setup{"https://example.org",
                            vault::StorageIdentity::of_server("example.org"),
                            {},
                            crypto::SigningKey::generate(entropy_),
                            std::move(pair.private_key),
                            {},
                            {},
                            {},
                            0,
                            0};
  vault::Generation generation;
  generation.number = 1;
  generation.root = shares_.root.clone();
  generation.token = shares_.token->token.clone();
  setup.content.version = 1;
  setup.content.openers.push_back(
      vault::Opener::make(vault::OpenerKind::device, pair.public_key, {}, 1, setup.write_key));
  setup.content.generations.push_back(std::move(generation));
  const std::vector<std::set<std::size_t>> failing = {{}, {1}};
  for (const auto& commits : failing) {
    std::size_t read = 0;
    FreedMemory watch({setup.write_key.seed().expose(), setup.device_key.expose(), shares_.root.expose(),
                       shares_.token->token.expose()});
    run(
        [&](Context& context) {
          client::save_backup_setup(context, setup);
          client::save_schedule(context, setup);
          read += client::load_backup_setups(context.store).size();
          read += client::load_backup_setup(context.store).has_value() ? 1 : 0;
        },
        commits);
    EXPECT_GE(read, 4u);
    EXPECT_EQ(watch.found(), 0u);
  }
}

TEST_F(WipedRows, WithRequestsThatAreNotSentAsTheirBatchCouldNotBeStored) {
  const PinShare& share = shares_.pin->shares[0];
  FreedMemory watch({share.key_share.expose()});
  run(
      [&](Context& context) {
        context.store.put(client::tables::kCounters, to_bytes("x"), to_bytes("y"));
        context.send(client::pin_register_call("https://realm.example", shares_.who, share, {}));
      },
      {1, 2});
  EXPECT_EQ(watch.found(), 0u);
}

// ---- requests ----

class WipedRequests : public NetworkHouse {
 protected:
  void expect_wiped(const std::string& address, bool arrives) {
    const PinShare& pin = shares_.pin->shares[0];
    const TokenShare& token = shares_.token->shares[0];
    FreedMemory watch({pin.key_share.expose(), pin.scalar_share.expose(), pin.tag.expose(), token.share.expose()});
    proto::Call one = client::pin_register_call("", shares_.who, pin, {});
    EXPECT_EQ(call(proto::Method::post, address, std::move(one.body)).has_value(), arrives);
    const PublicKey release = vault::token_release_key(shares_.root).public_key();
    one = client::token_store_call("", {}, release, std::nullopt, token, {});
    EXPECT_EQ(call(proto::Method::post, address, std::move(one.body)).has_value(), arrives);
    one = client::pin_call("", shares_.who, {0, vault::PinRecovery::AskRelease{{}, pin.tag.clone()}}, {});
    EXPECT_EQ(call(proto::Method::post, address, std::move(one.body)).has_value(), arrives);
    EXPECT_EQ(watch.found(), 0u);
  }

  Shares shares_;
};

TEST_F(WipedRequests, ThatWereSentAndTaken) {
  open();
  expect_wiped(url("/get/nothing"), true);
}

TEST_F(WipedRequests, ThatWereSentOverTls) {
  const ScratchFolder folder;
  TestAuthority authority(folder.path(), "good");
  authority.issue("here", "DNS:localhost,IP:127.0.0.1");
  open();
  const auto context = net::TlsContext::server(folder.file("here.pem"), folder.file("here.key"));
  ASSERT_TRUE(context);
  const auto port = network_->serve_http("127.0.0.1", 0, net::Proxy::none, [&] { return *context; });
  ASSERT_TRUE(port);
  caller_->trust(*net::TlsContext::client(authority.certificate()));
  expect_wiped("https://127.0.0.1:" + std::to_string(*port) + "/get/nothing", true);
}

TEST_F(WipedRequests, ThatNobodyTook) {
  open();
  std::uint16_t free_port = 0;
  {
    net::Network passing(entropy_);
    free_port = *passing.serve_http("127.0.0.1", 0);
  }
  expect_wiped("http://127.0.0.1:" + std::to_string(free_port) + "/", false);
  expect_wiped("nonsense", false);
}

// ---- answers ----

/// What brings a share back: nothing of the answer stays but in the machine that it is for.
TEST(WipedAnswers, OfRealmsThatGiveTheirShares) {
  Shares shares;
  client::RealmList list{{}, 2};
  for (std::size_t i = 0; i < 3; ++i) list.realms.push_back(shares.place(i));
  MemoryView rows;
  Overlay overlay(rows);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, Time{1'000'000}, shares.entropy, sends, events};
  client::Calls calls;
  const auto machine =
      std::make_shared<vault::TokenRecovery>(std::move(*vault::TokenRecovery::begin(shares.set, shares.root)));
  std::vector<proto::Input> answers;
  client::carry_token(context, calls, std::make_shared<const client::RealmHouse>(client::RealmHouse{list, {}, {}}),
                      machine, [](Context&) {});
  ASSERT_EQ(sends.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    proto::TokenAnswer answer;
    answer.value.share = clone(shares.token->shares[i]);
    answers.emplace_back(proto::CallDone{std::get<proto::Call>(sends[i]).id,
                                         proto::CallReply{200, to_bytes(wire::encode_secret(answer).expose()), {}}});
  }
  FreedMemory watch({shares.token->shares[0].share.expose(), shares.token->shares[1].share.expose(),
                     shares.token->shares[2].share.expose()});
  for (const proto::Input& one : answers) calls.done(context, std::get<proto::CallDone>(one));
  EXPECT_EQ(machine->state(), vault::TokenRecovery::State::recovered);
  EXPECT_TRUE(equal(machine->take_token().expose(), shares.token->token.expose()));
  EXPECT_EQ(watch.found(), 0u);
}

}  // namespace
}  // namespace cairn::testing
