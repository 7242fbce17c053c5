// Realms as real programs: a PIN at three of them, a killed one, and one whose database is put back.
#include <csignal>

#include "core/base/encoding.h"
#include "core/client/realm_calls.h"
#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/proto/api.h"
#include "core/tlog/note.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/os/entropy.h"
#include "tests/e2e/village_fixture.h"
#include "tests/support/test_person.h"

namespace cairn::e2e {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using vault::PinRecovery;

constexpr std::string_view kRealmPin = "correct horse";
constexpr std::size_t kRealmCount = 3;

/// Cheap instead of Argon2id: what is tested here are the realms.
Result<vault::StretchedPin> hasty(ByteView pin, const PinVersion& version, const RegistrationId&) {
  vault::StretchedPin out;
  crypto::kdf(pin, "hasty access", version, out.access.expose_mutable());
  crypto::kdf(pin, "hasty seed", version, out.seed.expose_mutable());
  return out;
}

class RealmTest : public ::testing::Test {
 protected:
  struct Running {
    std::optional<demo::Process> process;
    unsigned port = 0;
    std::string vkey;
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  };

  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("cairn-realms-" + std::to_string(getpid()) + "-" + std::to_string(++count_));
    fs::create_directories(folder_);
    for (std::size_t i = 0; i < kRealmCount; ++i) {
      realms_[i].vkey = demo::init_cosigner({witness(), "--data", data(i)}, "realm", name(i));
      set_.realms.push_back(tlog::VerifierKey::parse(realms_[i].vkey)->key());
      start(i);  // to learn its port
      stop(i, SIGTERM);
    }
    for (std::size_t i = 0; i < kRealmCount; ++i) write_list(i);
    for (std::size_t i = 0; i < kRealmCount; ++i) start(i);
    for (std::size_t i = 0; i < kRealmCount; ++i) ASSERT_TRUE(becomes(i, "serving"));
    who_ = {"test.example", random_value<RegistrationId>(entropy_)};
    secret_ = random_secret<vault::PinSecret>(entropy_);
  }
  void TearDown() override {
    for (Running& realm : realms_) realm.process.reset();
    if (!HasFailure()) fs::remove_all(folder_);
  }

  static std::string witness() { return program_folder() + "/cairn-witness"; }
  std::string data(std::size_t i) const { return (folder_ / ("realm" + std::to_string(i))).string(); }
  std::string list(std::size_t i) const { return (folder_ / ("list" + std::to_string(i))).string(); }
  static std::string name(std::size_t i) { return "localhost/r" + std::to_string(i); }
  void write_list(std::size_t i) {
    const tlog::VerifierKey ours(*tlog::KeyName::from("test.example"), tlog::SignatureType::ed25519,
                                 issuer_.public_key());
    std::ofstream out(list(i));
    out << "issuer " << ours.to_text() << "\n" << more_issuers_;
    for (std::size_t j = 0; j < kRealmCount; ++j) {
      if (j != i) out << "peer " << realms_[j].vkey << " " << realms_[j].url() << "\n";
    }
  }

  void start(std::size_t i, const std::vector<std::string>& more = {}) {
    Running& realm = realms_[i];
    std::vector<std::string> words = {
        witness(), "--data", data(i), "serve",    "--role",
        "realm",   "--name", name(i), "--listen", "127.0.0.1:" + std::to_string(realm.port)};
    if (fs::exists(list(i))) words.insert(words.end(), {"--realm-list", list(i)});
    words.insert(words.end(), more.begin(), more.end());
    const std::string log = data(i) + ".log";
    fs::remove(log);
    realm.process.emplace(demo::Process::start(words, log));
    const std::string mark = "listening on http://127.0.0.1:";
    ASSERT_TRUE(eventually([&] { return realm.process->output().find(mark) != std::string::npos; }));
    const std::string output = realm.process->output();
    realm.port = static_cast<unsigned>(std::stoul(output.substr(output.find(mark) + mark.size())));
  }
  void stop(std::size_t i, int signal) {
    realms_[i].process->signal(signal);
    ASSERT_TRUE(realms_[i].process->wait(seconds(10)));
    realms_[i].process.reset();
  }
  std::string health(std::size_t i) { return demo::http_get(realms_[i].port, "/health").value_or("dead"); }
  bool becomes(std::size_t i, const std::string& state) {
    return eventually([&] { return health(i).find("\"state\": \"" + state + "\"") != std::string::npos; }, seconds(30));
  }

  Result<proto::CallReply> call(proto::Call call) {
    call.id = {++next_call_};
    const proto::CallId id = call.id;
    net::Network network(entropy_);  // a new one each time: connections to a realm that was started again are dead
    network.perform(std::move(call));
    const auto until = std::chrono::steady_clock::now() + seconds(15);
    while (std::chrono::steady_clock::now() < until) {
      for (proto::Input& input : network.take({16, 0, 100})) {
        auto* done = std::get_if<proto::CallDone>(&input);
        if (done && done->id == id) return std::move(done->reply);
      }
    }
    return fail(ErrorCode::unavailable, "no answer in time");
  }
  Bytes token(std::size_t i, proto::TokenPurpose purpose) {
    proto::AccountToken token{who_.domain, set_.realms[i], who_.registration, purpose, 0, {}, {}};
    token.expires_ms = after(os::now(), proto::kAccountTokenLifeMs).ms;
    token.nonce = random_value<Nonce16>(entropy_);
    token.signature = crypto::sign_labelled(issuer_, crypto::kSignAccountToken, token.content());
    return wire::encode(token);
  }
  vault::PinRegistration enrol() {
    auto made = vault::register_pin(set_, who_.registration, kRealmPin, secret_, entropy_, hasty);
    CHECK(made.has_value());
    for (std::size_t i = 0; i < kRealmCount; ++i) {
      const auto stored = client::realm_done(call(client::pin_register_call(
          realms_[i].url(), who_, made->shares[i], token(i, proto::TokenPurpose::register_pin))));
      EXPECT_TRUE(stored) << stored.error().where;
    }
    return std::move(*made);
  }
  PinRecovery recover(std::string_view pin) {
    auto out = PinRecovery::begin(set_, who_.registration, pin, entropy_, hasty);
    CHECK(out.has_value());
    for (auto asks = out->take_asks(); !asks.empty(); asks = out->take_asks()) {
      for (const auto& ask : asks) {
        const Bytes permission = token(ask.realm, proto::TokenPurpose::guess);
        client::take_pin_reply(*out, ask, call(client::pin_call(realms_[ask.realm].url(), who_, ask, permission)));
      }
    }
    return std::move(*out);
  }
  bool gives_secret() {
    auto recovery = recover(kRealmPin);
    return recovery.state() == PinRecovery::State::recovered &&
           equal(recovery.take_secret().expose(), secret_.expose());
  }
  std::uint8_t guesses_at(std::size_t i, const vault::PinRegistration& made) {
    const auto signature =
        vault::sign_pin_owner(made.auth, set_.realms[i], who_.registration, made.version, PinOwnerAction::log, 0);
    const auto answer = client::pin_owner_reply(
        call(client::pin_owner_call(realms_[i].url(), {who_, made.version, PinOwnerAction::log, 0, signature})));
    return answer ? answer->counter : std::uint8_t{255};
  }

  static inline int count_ = 0;
  fs::path folder_;
  std::array<Running, kRealmCount> realms_;
  std::string more_issuers_;
  os::SystemEntropy entropy_;
  std::uint64_t next_call_ = 0;
  crypto::SigningKey issuer_ = crypto::SigningKey::generate(entropy_);
  vault::RealmSet set_{{}, 2};
  proto::RealmWho who_;
  vault::PinSecret secret_;
};

TEST_F(RealmTest, GivesAPinBackAndCountsAGuessThatKilledIt) {
  const auto made = enrol();
  EXPECT_EQ(recover("wrong horse!").state(), PinRecovery::State::wrong_pin);
  stop(0, SIGKILL);
  start(0);
  ASSERT_TRUE(becomes(0, "serving"));
  EXPECT_EQ(guesses_at(0, made), 1);
  EXPECT_TRUE(gives_secret());
  EXPECT_EQ(guesses_at(0, made), 0);
  stop(2, SIGKILL);
  EXPECT_TRUE(gives_secret());
  stop(1, SIGKILL);
  EXPECT_EQ(recover(kRealmPin).state(), PinRecovery::State::no_quorum);
}

TEST_F(RealmTest, IsFoundOutWhenItsDatabaseIsPutBack) {
  const auto made = enrol();
  stop(0, SIGTERM);
  fs::copy(data(0), data(0) + "-old", fs::copy_options::recursive);
  start(0);
  ASSERT_TRUE(becomes(0, "serving"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(recover("wrong horse!").state(), PinRecovery::State::wrong_pin);
  EXPECT_EQ(guesses_at(0, made), 3);
  const std::string of_it = "/realm/head/" + to_hex(set_.realms[0]);
  ASSERT_TRUE(eventually([&] {
    const auto heard = demo::http_get(realms_[1].port, of_it);
    const auto head = wire::decode<proto::RealmHead>(as_bytes(heard.value_or("")));
    return head && head->size >= 4;
  }));
  stop(0, SIGTERM);
  fs::remove_all(data(0));
  fs::rename(data(0) + "-old", data(0));
  start(0);
  ASSERT_TRUE(becomes(0, "rolled back")) << health(0);
  EXPECT_EQ(guesses_at(0, made), 255);
  EXPECT_NE(realms_[0].process->output().find("it is an old copy"), std::string::npos);
  EXPECT_TRUE(gives_secret());  // by the other two
  stop(0, SIGTERM);
  start(0);
  ASSERT_TRUE(becomes(0, "rolled back"));
  stop(0, SIGTERM);
  start(0, {"--accept-rollback"});
  ASSERT_TRUE(becomes(0, "serving"));
  EXPECT_TRUE(gives_secret());
  stop(0, SIGTERM);
  start(0);
  EXPECT_TRUE(becomes(0, "serving"));
}

TEST_F(RealmTest, RefusesToStartWithAPeerThatItCannotCall) {
  stop(0, SIGTERM);
  for (const char* url : {"http://192.0.2.1:80", "http://realm.example.com"}) {
    std::ofstream(list(0)) << "peer " << realms_[1].vkey << " " << url << "\n";
    const auto done = demo::run({witness(), "--data", data(0), "serve", "--role", "realm", "--name", name(0),
                                 "--listen", "127.0.0.1:0", "--realm-list", list(0)},
                                seconds(20));
    EXPECT_EQ(done.exit_code, 1);
    EXPECT_NE(done.err.find(std::string("the peer at ") + url + " cannot be called"), std::string::npos) << done.err;
  }
}

// What cairnd signs is what a realm takes: the token is good, only that nothing is registered under it.
TEST_F(RealmTest, TakesTheTokensOfADomainThatItLists) {
  const std::string log = (folder_ / "cairnd.log").string();
  auto server = demo::Process::start({program_folder() + "/cairnd", "--data", (folder_ / "cairnd").string(), "serve",
                                      "--listen", "127.0.0.1:0", "--domain", "localhost", "--sign-up", "open"},
                                     log);
  const std::string mark = "listening on http://127.0.0.1:";
  ASSERT_TRUE(eventually([&] { return server.output().find(mark) != std::string::npos; }));
  const auto port = static_cast<unsigned>(std::stoul(server.output().substr(server.output().find(mark) + mark.size())));
  const auto vkey = demo::http_get(port, "/v1/realm/vkey");
  ASSERT_TRUE(vkey);
  // Tokens are given for names that are there.
  testing::TestPerson alice("alice@localhost", 1);
  proto::Call genesis;
  genesis.method = proto::Method::post;
  genesis.url = "http://127.0.0.1:" + std::to_string(port) + std::string(proto::kPathStatement);
  genesis.body = wire::encode(proto::StatementRequest{wire::encode(alice.genesis(alice.new_device())), {}, {}});
  const auto taken = call(genesis);
  ASSERT_TRUE(taken && taken->status == 202);
  proto::Call ask;
  ask.method = proto::Method::post;
  ask.url = "http://127.0.0.1:" + std::to_string(port) + std::string(proto::kPathRealmTokens);
  ask.body =
      wire::encode(proto::RealmTokensRequest{"alice@localhost", 0, proto::TokenPurpose::guess, {set_.realms[0]}, {}});
  const auto reply = call(ask);
  ASSERT_TRUE(reply && reply->status == 200);
  const auto given = wire::decode<proto::RealmTokensAnswer>(reply->body);
  ASSERT_TRUE(given);
  const PinRecovery::Ask guess{0,
                               PinRecovery::AskEvaluation{{}, *EncodedElement::from(crypto::RistrettoElement::base())}};
  const auto code = [&] {
    const auto answer = call(client::pin_call(realms_[0].url(), who_, guess, given->tokens[0].token));
    return answer ? wire::decode<proto::ErrorAnswer>(answer->body)->code : ErrorCode::unavailable;
  };
  EXPECT_EQ(code(), ErrorCode::not_authorised);  // not listed
  more_issuers_ = "issuer " + *vkey;
  stop(0, SIGTERM);
  write_list(0);
  start(0);
  ASSERT_TRUE(becomes(0, "serving"));
  EXPECT_EQ(code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace cairn::e2e
