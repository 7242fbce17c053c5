// A domain as its operator lives with it: settings, backups while people write, a restart, names that are blocked, what
// is told to those who watch. Real programs.
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/e2e/village_fixture.h"
#include "tests/support/source_dir.h"

namespace cairn::e2e {
namespace {

using std::chrono::seconds;

class OperatingTest : public VillageTest {
 protected:
  static demo::Finished cairnd(std::vector<std::string> words, const std::vector<std::string>& variables = {}) {
    words.insert(words.begin(), program_folder() + "/cairnd");
    if (!variables.empty()) {
      words.insert(words.begin(), variables.begin(), variables.end());
      words.insert(words.begin(), "/usr/bin/env");
    }
    return demo::run(words, seconds(60));
  }
  demo::Finished admin(std::vector<std::string> words) {
    words.insert(words.begin(), {"--data", village().server_folder()});
    return cairnd(std::move(words));
  }
  void two_people() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", "hello"}));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hello"); }));
  }
  demo::Finished doctor() {
    return admin({"doctor", "--domain", "localhost", "--policy", folder_.string() + "/server-policy"});
  }
  std::string health() { return demo::http_get(server_port(), "/v1/health").value_or(""); }
  bool directory_is(const std::string& word) {
    return health().find("\"directory\": \"" + word + "\"") != std::string::npos;
  }
  std::string copy() const { return folder_.string() + "/copy"; }
  /// The data folder is lost, and the copy takes its place.
  void restore() {
    village().stop_server(SIGKILL);
    std::filesystem::remove_all(village().server_folder());
    const auto restored = admin({"restore", copy()});
    ASSERT_EQ(restored.exit_code, 0) << restored.err;
    village().start_server();
  }
};

TEST_F(OperatingTest, ABackupThatIsMadeWhilePeopleWriteIsWholeAndGoesOnWhereItWas) {
  two_people();
  std::atomic<bool> done = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    while (!done) {
      if (village_->cairn("alice-1", {"send", "bob@localhost", "line " + std::to_string(written)}).good()) ++written;
    }
  });
  EXPECT_TRUE(eventually([&] { return written > 2; }));
  const auto made = admin({"backup", copy()});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  const std::regex copied("Copied [0-9]{1,3}(,[0-9]{3})+ bytes to " + copy() + "\\.\n");
  EXPECT_TRUE(std::regex_match(made.out, copied)) << made.out;
  const int then = written;
  EXPECT_TRUE(eventually([&] { return written > then + 2; })) << "people write on";
  done = true;
  writer.join();
  struct stat found = {};
  ASSERT_EQ(stat(copy().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(copy() + ".part"));
  const auto whole = cairnd({"verify", copy()});
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_NE(whole.out.find("is whole: log localhost/cairn"), std::string::npos) << whole.out;
  EXPECT_EQ(admin({"backup", copy()}).exit_code, 1) << "nothing is overwritten";
  EXPECT_EQ(admin({"restore", copy()}).exit_code, 1) << "not into a folder that is in use";

  restore();
  EXPECT_TRUE(eventually([&] { return directory_is("newest"); }, seconds(30))) << health();
  must(village().cairn("alice-1", {"send", "bob@localhost", "after the restore"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: after the restore"); },
                         seconds(60)));
  must(village().register_person("carol-1", "carol@localhost"));
}

TEST_F(OperatingTest, TheSampleOfABackupKeepsTheNewestThatAreWhole) {
  village();
  const std::string config = folder_.string() + "/cairnd.toml", kept = folder_.string() + "/kept";
  std::ofstream(config) << "data = \"" << village().server_folder() << "\"\ndomain = \"localhost\"\n";
  std::filesystem::create_directory(kept);
  std::ofstream(kept + "/notes") << "of the operator";
  const std::string script = std::string(testing::source_dir()) + "/docs/operating/samples/cairnd-backup";
  const auto run = [&] {
    return demo::run({"/usr/bin/env", "PATH=" + program_folder() + ":/usr/bin:/bin", script, config, kept, "1"},
                     seconds(60));
  };
  const auto backups = [&] {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(kept)) out.push_back(entry.path().filename().string());
    std::erase(out, "notes");
    return out;
  };
  const auto first = run();
  ASSERT_EQ(first.exit_code, 0) << first.out << first.err;
  const std::vector<std::string> before = backups();
  ASSERT_EQ(before.size(), 1u);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // their names are seconds
  const auto second = run();
  ASSERT_EQ(second.exit_code, 0) << second.out << second.err;
  ASSERT_EQ(backups().size(), 1u);
  EXPECT_NE(backups(), before);
  EXPECT_TRUE(std::filesystem::exists(kept + "/notes"));
  EXPECT_EQ(cairnd({"verify", kept + "/" + backups().front()}).exit_code, 0);
}

TEST_F(OperatingTest, NothingIsPutBackBesideWhatAnOlderStoreLeft) {
  two_people();
  ASSERT_EQ(admin({"backup", copy()}).exit_code, 0);
  village().stop_server(SIGKILL);
  const std::string store = village().server_folder() + "/store.sqlite";
  ASSERT_TRUE(std::filesystem::exists(store));
  std::filesystem::remove(store);
  for (const char* rest : {"-wal", "-shm", "-journal"}) {
    for (const char* all : {"-wal", "-shm", "-journal"}) std::filesystem::remove(store + all);
    std::ofstream(store + rest) << "of an older store";
    const auto refused = admin({"restore", copy()});
    EXPECT_EQ(refused.exit_code, 1) << rest;
    EXPECT_NE(refused.err.find(std::string(rest) + ": it is left of an older store"), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(store)) << rest;
    std::filesystem::remove(store + rest);
  }
  EXPECT_EQ(admin({"restore", copy()}).exit_code, 0);
  village().start_server();
}

TEST_F(OperatingTest, AnOlderStateOfALogThatWasCosignedFurtherSignsNothing) {
  two_people();
  ASSERT_EQ(admin({"backup", copy()}).exit_code, 0);
  must(village().register_person("carol-1", "carol@localhost"));
  restore();
  EXPECT_TRUE(eventually([&] { return directory_is("behind"); }, seconds(30))) << health();
  const auto dave = village().cairn(
      "dave-1", {"register", "dave@localhost", "--server", village().url(), "--policy", village().policy_file()});
  EXPECT_NE(dave.exit_code, 0);
  EXPECT_NE(dave.error.find("older state"), std::string::npos) << dave.error;
  EXPECT_NE(village().server().output().find("a cosigner has seen more of our log than we have"), std::string::npos);
  const std::regex seen_more(
      "wrong  The cosigner [a-z0-9]+ has seen [0-9]+ epochs of this log, and the store has [0-9]+:");
  const auto running = doctor();
  EXPECT_EQ(running.exit_code, 1);
  EXPECT_NE(running.out.find("wrong  The directory stands still"), std::string::npos) << running.out;
  EXPECT_TRUE(std::regex_search(running.out, seen_more)) << running.out;
  village().stop_server(SIGTERM);
  const auto stopped = doctor();
  EXPECT_EQ(stopped.exit_code, 1);
  EXPECT_TRUE(std::regex_search(stopped.out, seen_more)) << stopped.out;
}

TEST_F(OperatingTest, AStoreIsNotServedForAnotherDomain) {
  std::filesystem::create_directories(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  const std::string data = folder_.string() + "/data";
  ASSERT_EQ(cairnd({"--data", data, "init", "--domain", "example.org"}).exit_code, 0);
  std::filesystem::remove(data + "/cairnd.toml");
  const auto refused = cairnd({"--data", data, "serve", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("The store is that of example.org, and the settings say domain = localhost"),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(refused.out.find("listening on"), std::string::npos) << refused.out;
}

TEST_F(OperatingTest, ADamagedCopyIsFoundOut) {
  two_people();
  ASSERT_EQ(admin({"backup", copy()}).exit_code, 0);
  std::ifstream whole(copy(), std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(whole), {}};
  const auto verify = [&](const std::string& bytes) {
    std::ofstream(copy() + "-bad", std::ios::binary | std::ios::trunc) << bytes;
    return cairnd({"verify", copy() + "-bad"}).exit_code;
  };
  EXPECT_EQ(verify(good), 0);
  // What lies in free pages, or in the body of a message, is nobody's hash; what everybody signs is.
  const std::string origin = "localhost/cairn\n";
  std::string bad = good;
  std::size_t changed = 0;
  for (std::size_t at = bad.find(origin); at != std::string::npos; at = bad.find(origin, at + 1), ++changed)
    bad[at] ^= 1;
  ASSERT_GT(changed, 0u);
  EXPECT_NE(verify(bad), 0) << "another origin";
  EXPECT_NE(verify(good.substr(0, good.size() / 2)), 0) << "half of it";
  EXPECT_NE(cairnd({"verify", copy() + "-bad"}).err.find("this backup is damaged: use another"), std::string::npos);
  bad = good;
  bad.replace(0, 64, std::string(64, '\x5a'));
  EXPECT_NE(verify(bad), 0) << "no store at all";
  EXPECT_EQ(cairnd({"verify", folder_.string() + "/nothing"}).exit_code, 1);
}

TEST_F(OperatingTest, ATermUnderLoadLosesNothingThatWasAccepted) {
  two_people();
  std::vector<std::string> accepted;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; !done; ++i) {
      const std::string text = "line " + std::to_string(i);
      const auto said = village_->cairn("alice-1", {"send", "bob@localhost", text, "--wait", "0.5"});
      if (said.good() || said.exit_code == 3) accepted.push_back("alice@localhost: " + text);
    }
  });
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    village().server().signal(SIGTERM);
    EXPECT_EQ(village().server().wait(seconds(10)), 0) << "a clean stop";
    village().start_server();
  }
  done = true;
  writer.join();
  ASSERT_GT(accepted.size(), 3u);
  EXPECT_TRUE(eventually(
      [&] {
        const auto got = texts("bob-1", "alice@localhost");
        return std::ranges::all_of(accepted, [&](const auto& line) { return std::ranges::count(got, line) == 1; });
      },
      seconds(60)));
}

TEST_F(OperatingTest, WhatIsWatchedNamesNobody) {
  village("cairnd", {"--metrics", "127.0.0.1:0", "--log-format", "json", "--log-level", "debug"});
  two_people();
  const std::string output = village().server().output();
  std::smatch found;
  ASSERT_TRUE(std::regex_search(output, found, std::regex("metrics on http://127.0.0.1:([0-9]+)"))) << output;
  const auto port = static_cast<unsigned>(std::stoul(found[1]));
  ASSERT_TRUE(eventually([&] {
    return demo::http_get(port, "/metrics").value_or("").find("cairn_health{field=\"checkpoint.size\"}") !=
           std::string::npos;
  }));
  const std::string metrics = demo::http_get(port, "/metrics").value_or("");
  EXPECT_NE(metrics.find("cairn_requests_total{route=\"/v1/channel/send\",status=\"200\"}"), std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find("cairn_request_seconds_count"), std::string::npos);
  EXPECT_NE(metrics.find("cairn_sockets 2\n"), std::string::npos) << metrics;
  EXPECT_TRUE(demo::http_get(port, "/v1/health"));
  EXPECT_FALSE(demo::http_get(port, "/v1/directory/lookup"));
  EXPECT_FALSE(demo::http_get(server_port(), "/metrics")) << "not where everybody may ask";
  // What the manual tells to watch, and its rules, are of metrics that there are.
  std::ifstream manual(std::string(testing::source_dir()) + "/docs/operating/domain.md");
  const std::string text{std::istreambuf_iterator<char>(manual), {}};
  const std::regex metric("cairn_[a-z_]+(\\{field=\"[a-z._]+\")?");
  std::size_t named = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), metric), end; at != end; ++at, ++named) {
    EXPECT_NE(metrics.find(at->str()), std::string::npos) << at->str();
  }
  EXPECT_GE(named, 12u);
  const std::string log = village().server().output();
  EXPECT_NE(log.find("\"event\": \"an epoch is served\""), std::string::npos) << log;
  EXPECT_NE(log.find("\"event\": \"all cosigners of the policy cosign\""), std::string::npos) << log;
  for (const char* secret : {"alice", "bob", "hello", "@localhost"}) {
    EXPECT_EQ(metrics.find(secret), std::string::npos) << secret;
  }
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("{")) continue;  // where it listens, on standard output
    for (const char* secret : {"alice", "bob", "hello", "@localhost", "127.0.0.1"}) {
      EXPECT_EQ(line.find(secret), std::string::npos) << line;
    }
  }
}

/// Cosigners with their metrics, as their operators watch them.
class CosignersTest : public OperatingTest {
 protected:
  static constexpr std::size_t kWitness = 0;
  static constexpr std::size_t kAuditor = kFirstAuditor + 1;

  /// Starts one of the village's anew with a listener for its metrics, whose port this gives.
  unsigned watch(std::size_t index) {
    demo::Process& process = village().cosigners()[index];
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(seconds(10)), 0);
    std::ofstream(folder_ / ("cosigner" + std::to_string(index)) / "cairn-witness.toml")
        << "metrics = \"127.0.0.1:0\"\n";
    village().start_cosigner(index);
    const std::string output = village().cosigners()[index].output();
    std::smatch found;
    EXPECT_TRUE(std::regex_search(output, found, std::regex("metrics on http://127.0.0.1:([0-9]+)"))) << output;
    return found.empty() ? 0 : static_cast<unsigned>(std::stoul(found[1]));
  }
  /// Of the village's log; empty when the metrics have it not.
  static std::string value(unsigned port, const std::string& field) {
    const std::string text = demo::http_get(port, "/metrics").value_or("");
    const std::string line = "\ncairn_log{field=\"" + field + "\",origin=\"localhost/cairn\"} ";
    const std::size_t at = text.find(line);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + line.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  /// Of the checkpoint that the server serves.
  std::uint64_t served_size() {
    const auto json = nlohmann::json::parse(health(), nullptr, false);
    if (!json.is_object() || !json["checkpoint"].is_object()) return 0;
    return json["checkpoint"]["size"].get<std::uint64_t>();
  }
};

TEST_F(CosignersTest, TellHowTheLogIsThatTheyFollow) {
  village();
  const unsigned witness = watch(kWitness), auditor = watch(kAuditor);
  two_people();
  ASSERT_GE(served_size(), 2u);
  for (const unsigned port : {witness, auditor}) {
    ASSERT_TRUE(eventually([&] { return value(port, "cosigned") == std::to_string(served_size()); }, seconds(30)))
        << value(port, "cosigned") << " of " << served_size();
    EXPECT_EQ(value(port, "contradicted"), "0");
    const std::string age_ms = value(port, "cosigned_age_ms");
    ASSERT_FALSE(age_ms.empty());
    EXPECT_LT(std::stoull(age_ms), 5u * 60 * 1000);
  }
  EXPECT_EQ(value(witness, "lag"), "") << "a witness reads nothing of a log";
  EXPECT_EQ(value(auditor, "read"), std::to_string(served_size()));
  EXPECT_EQ(value(auditor, "taken_over"), std::to_string(served_size()));
  EXPECT_EQ(value(auditor, "has_config"), "1");
  for (const char* field : {"lag", "owed_ms", "barred", "open_requests"})
    EXPECT_EQ(value(auditor, field), "0") << field;

  const auto json = nlohmann::json::parse(demo::http_get(auditor, "/v1/health").value_or(""), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["role"], "auditor");
  EXPECT_EQ(json["logs"].at(0)["origin"], "localhost/cairn");
  const unsigned port = auditor_ports().back();
  EXPECT_TRUE(demo::http_get(port, "/health"));
  EXPECT_FALSE(demo::http_get(port, "/metrics")) << "not where everybody may ask";
  EXPECT_FALSE(demo::http_get(port, "/00/checkpoint"));
  const std::string metrics = demo::http_get(auditor, "/metrics").value_or("");
  EXPECT_NE(metrics.find("cairn_state{field=\"role\",value=\"auditor\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("cairn_health{field=\"followed\"} 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("cairn_requests_total{route=\"/add-checkpoint\",status=\"200\"}"), std::string::npos);
  EXPECT_NE(metrics.find("cairn_requests_total{route=\"*/checkpoint\",status=\"404\"}"), std::string::npos);
  for (const char* secret : {"alice", "bob"}) EXPECT_EQ(metrics.find(secret), std::string::npos) << secret;
  // What the manual tells to watch, and its rules, are of metrics that there are.
  std::ifstream manual(std::string(testing::source_dir()) + "/docs/operating/witness.md");
  const std::string text{std::istreambuf_iterator<char>(manual), {}};
  const std::regex metric("cairn_[a-z_]+(\\{field=\"[a-z._]+\")?");
  std::size_t named = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), metric), end; at != end; ++at, ++named) {
    EXPECT_NE(metrics.find(at->str()), std::string::npos) << at->str();
  }
  EXPECT_GE(named, 20u);
}

TEST_F(OperatingTest, ABlockedNameWritesAgainWhenItIsUnblocked) {
  two_people();
  EXPECT_EQ(admin({"user", "block", "bob@localhost"}).out, "blocked bob@localhost\n");
  EXPECT_EQ(admin({"user", "list"}).out, "alice@localhost 1 active\nbob@localhost 1 blocked\n");
  must(village().cairn("alice-1", {"send", "bob@localhost", "are you there?"}));
  EXPECT_FALSE(
      eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: are you there?"); }, seconds(2)));
  EXPECT_EQ(admin({"user", "unblock", "bob@localhost"}).exit_code, 0);
  EXPECT_TRUE(
      eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: are you there?"); }, seconds(60)));
  EXPECT_EQ(admin({"user", "block", "nobody@localhost"}).exit_code, 1);
  village().stop_server(SIGTERM);
  EXPECT_EQ(admin({"user", "remove", "bob@localhost"}).out, "removed bob@localhost\n") << "also while no server runs";
}

TEST_F(OperatingTest, SettingsComeFromAFileTheEnvironmentAndFlags) {
  std::filesystem::create_directories(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  const std::string data = folder_.string() + "/data";
  const auto init = cairnd({"--data", data, "init", "--domain", "example.org", "--sign-up", "closed"});
  ASSERT_EQ(init.exit_code, 0) << init.err;
  EXPECT_NE(init.out.find("log example.org/cairn+"), std::string::npos) << init.out;
  EXPECT_EQ(cairnd({"--data", data, "init"}).exit_code, 1) << "it is there already";
  int starts = 0;
  const auto start = [&](std::vector<std::string> words, const std::string& variable) {
    words.insert(words.begin(), {"/usr/bin/env", variable, program_folder() + "/cairnd", "--data", data, "serve",
                                 "--listen", "127.0.0.1:0"});
    demo::Process server = demo::Process::start(words, folder_.string() + "/log-" + std::to_string(starts++));
    EXPECT_TRUE(
        eventually([&] { return server.output().find("listening on") != std::string::npos || !server.running(); }));
    const std::string output = server.output();
    const std::size_t at = output.rfind("127.0.0.1:");
    if (output.find("listening on") == std::string::npos) return output;
    return demo::http_get(static_cast<unsigned>(std::strtoul(output.c_str() + at + 10, nullptr, 10)),
                          "/.well-known/cairn")
        .value_or("");
  };
  EXPECT_NE(start({}, "X=1").find("\"sign_up\": \"closed\""), std::string::npos);
  EXPECT_NE(start({}, "CAIRND_SIGN_UP=invite").find("\"sign_up\": \"invite\""), std::string::npos);
  EXPECT_NE(start({"--sign-up", "open"}, "CAIRND_SIGN_UP=invite").find("\"sign_up\": \"open\""), std::string::npos);
  EXPECT_NE(start({}, "CAIRND_SIGNUP=invite").find("CAIRND_SIGNUP is no setting"), std::string::npos);
  std::ofstream(data + "/cairnd.toml", std::ios::app) << "colour = \"red\"\n";
  const std::string refused = start({}, "X=1");
  EXPECT_TRUE(std::regex_search(refused, std::regex("cairnd.toml, line [0-9]+: there is no setting \"colour\"")))
      << refused;
}

TEST_F(OperatingTest, ACosignerThatHasLostItsKeyIsNotSomebodyElse) {
  village();
  const std::string data = folder_.string() + "/cosigner0";
  const std::vector<std::string> cosigner = {program_folder() + "/cairn-witness", "--data", data};
  const auto stop = [&] {
    village().cosigners()[0].signal(SIGTERM);
    ASSERT_TRUE(village().cosigners()[0].wait(seconds(10)));
  };
  stop();
  const std::string key = demo::init_cosigner(cosigner, "witness", "localhost/cosigner0");
  std::filesystem::rename(data, folder_ / "kept");
  std::vector<std::string> serve = cosigner;
  serve.insert(serve.end(), {"serve", "--name", "localhost/cosigner0", "--listen", "127.0.0.1:0"});
  for (int start = 0; start < 2; ++start) {  // the first one leaves a store without a key
    const auto refused = demo::run(serve, seconds(20));
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find("make one with `cairn-witness init`"), std::string::npos) << refused.err;
    EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  }
  std::filesystem::remove_all(data);
  std::filesystem::rename(folder_ / "kept", data);
  EXPECT_EQ(demo::init_cosigner(cosigner, "witness", "localhost/cosigner0"), key) << "it is there already";
  village().start_cosigner(0);
  two_people();
}

TEST_F(OperatingTest, TheDoctorSaysWhatIsWrong) {
  village();
  const auto policy = [&] { return folder_.string() + "/server-policy"; };
  const std::vector<std::string> words = {"doctor", "--domain", "localhost", "--policy", policy()};
  ASSERT_TRUE(eventually([&] { return admin(words).out.find("cosigned") != std::string::npos; }));
  const auto well = admin(words);
  EXPECT_NE(well.out.find("good   A server runs"), std::string::npos) << well.out;
  EXPECT_EQ(well.out.find("The cosigner witness1 at"), std::string::npos) << well.out;
  village().cosigners().front().signal(SIGKILL);
  village().cosigners().front().wait(seconds(5));
  const auto ill = admin(words);
  EXPECT_EQ(ill.exit_code, 1);
  EXPECT_NE(ill.out.find("wrong  The cosigner witness1 at"), std::string::npos) << ill.out;
  // Without one of the auditors nothing new is served: an epoch waits.
  village().cosigners()[2].signal(SIGKILL);
  village().cosigners()[2].wait(seconds(5));
  village().cairn("alice-1",
                  {"register", "alice@localhost", "--server", village().url(), "--policy", village().policy_file()},
                  seconds(10));
  const auto waits = doctor();
  EXPECT_EQ(waits.exit_code, 1);
  EXPECT_TRUE(std::regex_search(waits.out, std::regex("wrong  Of the [0-9]+ epochs of the log [0-9]+ are served")))
      << waits.out;
  EXPECT_NE(village().server().output().find("a cosigner of the policy cannot be reached (auditor3)"),
            std::string::npos);
  village().stop_server(SIGTERM);
  const auto other = admin({"doctor", "--domain", "example.org", "--policy", policy()});
  EXPECT_NE(other.out.find("wrong  The store is that of localhost, and the settings say domain = example.org"),
            std::string::npos)
      << other.out;
}

}  // namespace
}  // namespace cairn::e2e
