// A server that speaks TLS itself, with an authority that no system knows: who is told of it talks and nobody
// else, and a new certificate is taken on SIGHUP while people talk.
#include "tests/support/certificates.h"

#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

namespace fs = std::filesystem;
using testing::TestAuthority;

constexpr const char* kNames = "DNS:localhost,IP:127.0.0.1";

class Certificates : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    fs::create_directories(folder_ / "tls");
    good_.emplace((folder_ / "tls").string(), "good");
    other_.emplace((folder_ / "tls").string(), "other");
    good_->issue("first", kNames);
    good_->issue("renewed", kNames);
    other_->issue("elsewhere", kNames);
    std::ofstream(file("both.pem")) << text_of(good_->certificate()) << text_of(other_->certificate());
    install("first");
    tls_ = {file("server.pem"), file("server.key"), file("both.pem")};
  }
  std::string file(const std::string& name) const { return (folder_ / "tls" / name).string(); }
  static std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// These are the server's files from now on.
  void install(const std::string& name) {
    for (const std::string kind : {".pem", ".key"}) {
      fs::copy_file(file(name + kind), file("new" + kind), fs::copy_options::overwrite_existing);
    }
    // The key first: between the two the files do not fit, which is refused and changes nothing.
    for (const std::string kind : {".key", ".pem"}) fs::rename(file("new" + kind), file("server" + kind));
  }
  std::size_t count(const std::string& line) {
    const std::string output = village().server().output();
    std::size_t out = 0;
    for (std::size_t at = output.find(line); at != std::string::npos; at = output.find(line, at + 1)) ++out;
    return out;
  }
  /// Sends SIGHUP and waits until the server has answered it in its log.
  void hang_up(const std::string& line) {
    const std::size_t before = count(line);
    village().server().signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return count(line) > before; })) << village().server().output();
  }
  demo::Said enroll(const std::string& device, const std::string& name, const std::string& authority) {
    std::vector<std::string> words;
    if (!authority.empty()) words = {"--ca", authority};
    words.insert(words.end(), {"register", name, "--server", village().url(), "--policy", village().policy_file()});
    return village().cairn(device, words, std::chrono::seconds(60));
  }
  /// Nothing was said to a server whose certificate this device does not believe: it has no name.
  void expect_refused(const std::string& device, const demo::Said& said, const std::string& why) {
    EXPECT_NE(said.exit_code, 0);
    EXPECT_NE(said.error.find(why), std::string::npos) << said.error;
    EXPECT_EQ(said.error.find('\n'), std::string::npos) << said.error;
    const demo::Said status = village().cairn(device, {"status"});
    EXPECT_EQ(status.json.value("state", ""), "registering") << status.json;
    EXPECT_EQ(status.json.value("connected", true), false) << status.json;
  }
  void say(const std::string& from, const std::string& to, const std::string& text) {
    const std::string sender = from.substr(0, from.find('-')) + "@localhost";
    must(village().cairn(from, {"send", to.substr(0, to.find('-')) + "@localhost", text, "--wait", "60"},
                         std::chrono::seconds(90)));
    EXPECT_TRUE(eventually([&] { return has_text(to, sender, sender + ": " + text); }, std::chrono::seconds(60)))
        << text;
  }

  const std::string kReadAgain = "The certificate was read again.";
  std::optional<TestAuthority> good_, other_;
};

TEST_F(Certificates, OfAnAuthorityThatADeviceWasToldOnceAndOfNoOther) {
  expect_refused("stranger-1", enroll("stranger-1", "alice@localhost", other_->certificate()),
                 "No connection is made: nobody whom this machine trusts has signed the server's certificate: name its "
                 "authority with --ca FILE, if you know it.");
  must(enroll("alice-1", "alice@localhost", good_->certificate()));
  must(enroll("bob-1", "bob@localhost", good_->certificate()));
  for (const char* device : {"alice-1", "bob-1"}) village().start_daemon(device);  // which were told before
  say("alice-1", "bob-1", "under seal");
  say("bob-1", "alice-1", "likewise");
  EXPECT_FALSE(demo::http_get(server_port(), "/.well-known/cairn")) << "nothing is said in the open";
}

TEST_F(Certificates, AreTakenAnewWhileTheServerRuns) {
  must(enroll("alice-1", "alice@localhost", good_->certificate()));
  must(enroll("bob-1", "bob@localhost", good_->certificate()));
  for (const char* device : {"alice-1", "bob-1"}) village().start_daemon(device);
  say("alice-1", "bob-1", "one");
  const pid_t server = village().server().pid();
  hang_up(kReadAgain);  // the same files: it is the signal that did it
  // One of another authority: who believes that one alone can come now.
  install("elsewhere");
  hang_up(kReadAgain);
  must(enroll("carol-1", "carol@localhost", other_->certificate()));
  // One for another name of the same authority: who was told of the authority does not talk to it either.
  other_->issue("mistaken", "DNS:elsewhere.example");
  install("mistaken");
  hang_up(kReadAgain);
  expect_refused("dave-1", enroll("dave-1", "dave@localhost", other_->certificate()),
                 "No connection is made: the server's certificate is for another name: check the address.");
  install("elsewhere");
  hang_up(kReadAgain);
  // What is no certificate is not taken, and the log says why; the last good one stays.
  std::ofstream(file("server.pem")) << "no certificate";
  const std::string log = village().server().output();
  village().server().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return village().server().output().size() > log.size(); }));
  must(enroll("erin-1", "erin@localhost", other_->certificate()));
  install("renewed");
  hang_up(kReadAgain);
  say("alice-1", "bob-1", "two");
  say("bob-1", "alice-1", "three");
  EXPECT_EQ(texts("bob-1", "alice@localhost"),
            (std::vector<std::string>{"alice@localhost: one", "alice@localhost: two", "bob@localhost: three"}));
  EXPECT_EQ(village().server().pid(), server);
  EXPECT_TRUE(village().server().running());
}

}  // namespace
}  // namespace cairn::e2e
