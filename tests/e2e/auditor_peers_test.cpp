// Two auditors that look at each other, as real programs: a log that shows them two histories convicts itself, and the
// veto that an owner brings to one of them comes to the other.
#include <array>
#include <csignal>

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/directory/auditor.h"
#include "shell/loop/loop.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/store/memory/memory_store.h"
#include "tests/e2e/village_fixture.h"
#include "tests/lying/lying_log.h"
#include "tests/support/ports.h"

namespace cairn::e2e {
namespace {

/// Serves the files of logs, is a peer that has nothing and takes nothing, and hears what calls were answered.
class HostOfLogs final : public proto::Mind {
 public:
  proto::Effects rebuild(const StoreView&, Time, Entropy&) override { return {}; }
  proto::Effects handle(const proto::Input& input, const StoreView&, Time, Entropy&) override {
    proto::Effects effects;
    if (const auto* request = std::get_if<proto::RequestArrived>(&input)) {
      if (request->method == proto::Method::post) posted[request->target] = request->body;
      const auto found = files.find(request->target);
      proto::Respond answer{request->id, found == files.end() ? 404 : 200, {}, {}, {}};
      if (found != files.end()) answer.body = found->second;
      effects.sends.emplace_back(std::move(answer));
    } else if (const auto* done = std::get_if<proto::CallDone>(&input)) {
      reply = done->reply;
    }
    return effects;
  }
  Time next_deadline() const override { return Time::never(); }

  std::map<std::string, Bytes> files;   ///< by target
  std::map<std::string, Bytes> posted;  ///< the last body, by target
  std::optional<Result<proto::CallReply>> reply;
};

class PeersOfAuditors : public VillageTest {
 protected:
  static constexpr std::chrono::seconds kMost{30};
  struct Told {
    int status = 0;
    Bytes body;
  };

  void SetUp() override {
    VillageTest::SetUp();
    std::filesystem::create_directories(folder_);
    network_.emplace(entropy_);
    loop_.emplace(host_, store_, entropy_, *network_, loop::LoopOptions{os::now, nullptr});
    ASSERT_TRUE(loop_->start().has_value());
    port_ = *network_->serve_http("127.0.0.1", 0);
    ports_ = testing::free_ports(2);
  }
  void TearDown() override {
    for (auto& auditor : auditors_) auditor.reset();
    VillageTest::TearDown();
  }

  std::string url_of(std::size_t auditor) const { return "http://127.0.0.1:" + ports_.at(auditor); }
  std::string list_of(std::size_t auditor) const { return (folder_ / ("logs" + std::to_string(auditor))).string(); }
  std::string url_of_host() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// The auditor's list: the log, whose files it finds below `where` of ours, and its peers.
  void follow(std::size_t auditor, const lying::LyingLog& log, const std::string& where,
              const std::vector<std::string>& peers) {
    host_.files["/" + where + "/config"] = wire::encode(log.config());
    std::ofstream list(list_of(auditor));
    list << "log " << log.key().to_text() << " " << url_of_host() << "/" << where << "\n";
    for (const std::string& peer : peers) list << "peer " << peer << "\n";
  }
  /// Starts it, for the first time or once more, and waits until it knows the log. It asks its peers at once.
  void start(std::size_t auditor) {
    const std::string who = "auditor" + std::to_string(auditor);
    const std::string output = (folder_ / (who + ".log")).string();
    std::filesystem::remove(output);
    std::vector<std::string> words = {program_folder() + "/cairn-witness", "--data", (folder_ / who).string()};
    demo::init_cosigner(words, "auditor", "auditor.example/" + who);
    words.insert(words.end(), {"serve", "--listen", "127.0.0.1:" + ports_.at(auditor), "--role", "auditor", "--name",
                               "auditor.example/" + who, "--logs", list_of(auditor)});
    auditors_[auditor].emplace(demo::Process::start(words, output));
    ASSERT_TRUE(
        eventually([&] { return auditors_[auditor]->output().find("listening on") != std::string::npos; }, kMost));
    ASSERT_TRUE(eventually([&] { return health_of_log(auditor).value("has_config", false); }, kMost));
  }
  void restart(std::size_t auditor) {
    auditors_[auditor]->signal(SIGTERM);
    ASSERT_EQ(auditors_[auditor]->wait(std::chrono::seconds(10)), 0);
    start(auditor);
  }

  /// Calls an auditor while it and the other one read our files. Status 0: it does not answer.
  Told call(std::size_t auditor, proto::Method method, const std::string& target, Bytes body = {}) {
    constexpr std::uint32_t kTimeoutMs = 10'000;
    host_.reply.reset();
    network_->perform(proto::Call{{++calls_}, method, url_of(auditor) + target, "", std::move(body), kTimeoutMs});
    while (!host_.reply) loop_->step(100);
    if (!*host_.reply) return {};
    return {(*host_.reply)->status, (*host_.reply)->body};
  }
  /// Offers the newest checkpoint.
  Told offer(std::size_t auditor, const lying::LyingLog& log, const std::string& where, std::uint64_t cosigned_size) {
    for (std::size_t i = 0; i < log.audits().size(); ++i) {
      host_.files["/" + where + "/audit/" + std::to_string(i)] = log.audits()[i];
    }
    return call(auditor, proto::Method::post, "/add-checkpoint", to_bytes(log.request(cosigned_size)));
  }
  /// What GET /health says of its one log; an empty object when it does not answer.
  nlohmann::json health_of_log(std::size_t auditor) {
    const Told told = call(auditor, proto::Method::get, "/health");
    const auto health = nlohmann::json::parse(as_text(told.body), nullptr, false);
    return told.status == 200 && health.is_object() ? health["logs"].at(0) : nlohmann::json::object();
  }
  Told evidence(std::size_t auditor, const lying::LyingLog& log) {
    return call(auditor, proto::Method::get, "/" + to_hex(crypto::sha256(as_bytes(log.config().origin))) + "/evidence");
  }
  /// `cairn evidence verify`, by somebody who knows the log by this key.
  demo::Finished verify(const Bytes& proof, const std::string& key) {
    const std::string file = (folder_ / "evidence").string();
    std::ofstream(file, std::ios::binary | std::ios::trunc) << as_text(proof);
    return demo::run({program_folder() + "/cairn", "--data", (folder_ / "nobody").string(), "--json", "evidence",
                      "verify", file, "--key", key},
                     kMost);
  }

  testing::SeededEntropy entropy_{6};
  HostOfLogs host_;
  store::MemoryStore store_;
  std::optional<net::Network> network_;
  std::optional<loop::Loop> loop_;
  std::uint16_t port_ = 0;
  std::vector<std::string> ports_;
  std::array<std::optional<demo::Process>, 2> auditors_;
  std::uint64_t calls_ = 0;
};

TEST_F(PeersOfAuditors, BothStopAtALogThatShowsThemTwoHistoriesAndKeepTheProof) {
  lying::LyingLog one("forked.example", 7), other("forked.example", 7);
  const std::array<lying::LyingLog*, 2> logs = {&one, &other};
  const std::array<std::string, 2> where = {"one", "other"};
  for (std::size_t i = 0; i < 2; ++i) {
    follow(i, *logs[i], where[i], {url_of(1 - i)});
    start(i);
  }
  const std::uint64_t time_ms = os::now().ms;
  for (lying::LyingLog* log : logs) {
    log->append(log->epoch(time_ms, {}, log->map()), log->map());
    log->publish(time_ms, log->random_hash());
  }
  ASSERT_EQ(one.request(0), other.request(0)) << "one history so far";
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(offer(i, *logs[i], where[i], 0).status, 200) << i;
    EXPECT_EQ(evidence(i, *logs[i]).status, 404) << i;
  }
  static_cast<void>(other.random_hash());  // so what follows is another history
  for (lying::LyingLog* log : logs) log->publish(time_ms, log->random_hash());
  ASSERT_NE(one.request(0), other.request(0));
  for (std::size_t i = 0; i < 2; ++i) ASSERT_EQ(offer(i, *logs[i], where[i], 2).status, 200) << i;

  for (std::size_t i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    restart(i);  // it would ask within a minute by itself
    ASSERT_TRUE(eventually([&] { return evidence(i, one).status == 200; }, kMost));
    EXPECT_EQ(health_of_log(i)["contradicted"], true);
    const Bytes proof = evidence(i, one).body;
    const demo::Finished verified = verify(proof, one.key().to_text());
    ASSERT_EQ(verified.exit_code, 0) << verified.err;
    const auto finding = nlohmann::json::parse(verified.out, nullptr, false);
    ASSERT_TRUE(finding.is_object()) << verified.out;
    EXPECT_EQ(finding["origin"], "forked.example/cairn");
    EXPECT_EQ(finding["first"]["size"], 3);
    EXPECT_EQ(finding["second"]["size"], 3);
    EXPECT_NE(finding["first"]["root"], finding["second"]["root"]);
    EXPECT_EQ(verify(proof, lying::LyingLog("forked.example", 8).key().to_text()).exit_code, 1) << "of another log";
    logs[i]->publish(os::now().ms, logs[i]->random_hash());
    const Told refused = offer(i, *logs[i], where[i], 3);
    EXPECT_EQ(refused.status, 422);
    EXPECT_NE(as_text(refused.body).find("this log has contradicted itself"), std::string::npos)
        << as_text(refused.body);
  }
}

TEST_F(PeersOfAuditors, AVetoThatOneIsBroughtComesToTheOtherWhichKeepsIt) {
  lying::LyingLog log("vetoed.example", 7);
  follow(0, log, "log", {url_of(1)});
  follow(1, log, "log", {url_of(0), url_of_host() + "/third"});  // to whom it passes on what it has
  start(0);
  start(1);
  testing::SeededEntropy entropy(77);
  const auto owner = crypto::SigningKey::generate(entropy);
  const std::uint64_t time_ms = os::now().ms;
  log.append(log.epoch(time_ms, {}, log.map()), log.map());
  const Hash alice = log.random_hash();
  log.publish(time_ms, alice);
  const directory::ResetNotice request{alice,
                                       log.map().leaves.at(alice).count,
                                       time_ms,
                                       time_ms + directory::kMinResetDelayS * kSecondMs,
                                       {owner.public_key()},
                                       {},
                                       {}};
  log.publish(time_ms, alice, directory::Notice{directory::RequestNotice{request, {}}});
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(offer(i, log, "log", 0).status, 200) << i;
    EXPECT_EQ(health_of_log(i)["open_requests"], 1) << i;
  }

  const Bytes veto = wire::encode(directory::veto_as_device(request, owner));
  ASSERT_EQ(call(0, proto::Method::post, "/veto", veto).status, 200);
  const auto passed_on = [&] {
    loop_->step(20);
    return host_.posted.contains("/third/veto");
  };
  ASSERT_TRUE(eventually(passed_on, kMost));
  EXPECT_EQ(host_.posted["/third/veto"], veto);
  host_.posted.clear();
  restart(1);
  ASSERT_TRUE(eventually(passed_on, kMost));
  EXPECT_EQ(host_.posted["/third/veto"], veto);
}

}  // namespace
}  // namespace cairn::e2e
