// Two auditors that look at each other, as real programs: a log that shows them two histories convicts itself, and the
// veto that an owner brings to one of them comes to the other.
#include <array>
#include <csignal>

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/directory/auditor.h"
#include "tests/e2e/log_host.h"
#include "tests/support/ports.h"

namespace cairn::e2e {
namespace {

class PeersOfAuditors : public VillageTest {
 protected:
  static constexpr std::chrono::seconds kMost{30};

  void SetUp() override {
    VillageTest::SetUp();
    std::filesystem::create_directories(folder_);
    ports_ = testing::free_ports(2);
  }
  void TearDown() override {
    for (auto& auditor : auditors_) auditor.reset();
    VillageTest::TearDown();
  }

  std::string url_of(std::size_t auditor) const { return "http://127.0.0.1:" + ports_.at(auditor); }
  std::string list_of(std::size_t auditor) const { return (folder_ / ("logs" + std::to_string(auditor))).string(); }

  /// The auditor's list: the log, whose files it finds below `where` of ours, and its peers.
  void follow(std::size_t auditor, const lying::LyingLog& log, const std::string& where,
              const std::vector<std::string>& peers) {
    host_.add(log, where);
    std::ofstream list(list_of(auditor));
    list << "log " << log.key().to_text() << " " << host_.url() << "/" << where << "\n";
    for (const std::string& peer : peers) list << "peer " << peer << "\n";
  }
  /// Starts it, for the first time or once more, and waits until it knows the log. It asks its peers at once.
  void start(std::size_t auditor) {
    const std::string who = "auditor" + std::to_string(auditor);
    auditors_[auditor].emplace(start_auditor_program(folder_, who, ports_.at(auditor), list_of(auditor)));
    ASSERT_TRUE(
        eventually([&] { return auditors_[auditor]->output().find("listening on") != std::string::npos; }, kMost));
    ASSERT_TRUE(eventually([&] { return health_of_log(auditor).value("has_config", false); }, kMost));
  }
  void restart(std::size_t auditor) {
    auditors_[auditor]->signal(SIGTERM);
    ASSERT_EQ(auditors_[auditor]->wait(std::chrono::seconds(10)), 0);
    start(auditor);
  }

  AuditorReply call(std::size_t auditor, proto::Method method, const std::string& target, Bytes body = {}) {
    return host_.call(url_of(auditor), method, target, std::move(body));
  }
  AuditorReply offer(std::size_t auditor, const lying::LyingLog& log, const std::string& where,
                     std::uint64_t cosigned_size) {
    return host_.offer(url_of(auditor), log, where, cosigned_size);
  }
  /// What GET /health says of its one log; an empty object when it does not answer.
  nlohmann::json health_of_log(std::size_t auditor) {
    const AuditorReply told = call(auditor, proto::Method::get, "/health");
    const auto health = nlohmann::json::parse(told.text, nullptr, false);
    return told.status == 200 && health.is_object() ? health["logs"].at(0) : nlohmann::json::object();
  }
  AuditorReply evidence(std::size_t auditor, const lying::LyingLog& log) {
    return call(auditor, proto::Method::get, "/" + to_hex(crypto::sha256(as_bytes(log.config().origin))) + "/evidence");
  }
  /// `cairn evidence verify`, by somebody who knows the log by this key.
  demo::Finished verify(const std::string& proof, const std::string& key) {
    const std::string file = (folder_ / "evidence").string();
    std::ofstream(file, std::ios::binary | std::ios::trunc) << proof;
    return demo::run({program_folder() + "/cairn", "--data", (folder_ / "nobody").string(), "--json", "evidence",
                      "verify", file, "--key", key},
                     kMost);
  }

  LogHost host_;
  std::vector<std::string> ports_;
  std::array<std::optional<demo::Process>, 2> auditors_;
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
    const std::string proof = evidence(i, one).text;
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
    const AuditorReply refused = offer(i, *logs[i], where[i], 3);
    EXPECT_EQ(refused.status, 422);
    EXPECT_NE(refused.text.find("this log has contradicted itself"), std::string::npos) << refused.text;
  }
}

TEST_F(PeersOfAuditors, AVetoThatOneIsBroughtComesToTheOtherWhichKeepsIt) {
  lying::LyingLog log("vetoed.example", 7);
  follow(0, log, "log", {url_of(1)});
  follow(1, log, "log", {url_of(0), host_.url() + "/third"});  // to whom it passes on what it has
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
    host_.step(20);
    return host_.files.posted.contains("/third/veto");
  };
  ASSERT_TRUE(eventually(passed_on, kMost));
  EXPECT_EQ(host_.files.posted["/third/veto"], veto);
  host_.files.posted.clear();
  restart(1);
  ASSERT_TRUE(eventually(passed_on, kMost));
  EXPECT_EQ(host_.files.posted["/third/veto"], veto);
}

}  // namespace
}  // namespace cairn::e2e
