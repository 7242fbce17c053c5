// `cairn daemon --http`: JSON-RPC over HTTP with a real daemon, everything that it refuses, and the bot of
// examples/http-bot.
#include <sys/stat.h>

#include <regex>

#include "tests/e2e/village_fixture.h"
#include "tests/support/raw_client.h"
#include "tests/support/source_dir.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

class HttpTest : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    village().stop_daemon("alice-1");
    start();
  }
  void TearDown() override {
    daemon_.reset();
    VillageTest::TearDown();
  }

  void start() {
    daemon_.emplace(demo::Process::start(
        {program_folder() + "/cairn", "--data", village().device_folder("alice-1"), "daemon", "--http", "0"},
        (folder_ / ("http-daemon" + std::to_string(++starts_))).string()));
    std::smatch found;
    ASSERT_TRUE(eventually([&] { return daemon_->output().find("listening") != std::string::npos; }))
        << daemon_->output();
    const std::string output = daemon_->output();
    ASSERT_TRUE(std::regex_search(output, found, std::regex("http://127.0.0.1:([0-9]+)"))) << output;
    port_ = static_cast<std::uint16_t>(std::stoul(found[1]));
    std::ifstream file(village().device_folder("alice-1") + "/http-token");
    std::getline(file, token_);
    ASSERT_EQ(token_.size(), 64u);
  }

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string head(const std::string& line, const std::string& more = {}) const {
    return line + " HTTP/1.1\r\nHost: " + host() + "\r\nAuthorization: Bearer " + token_ + "\r\n" + more;
  }
  std::string post(const std::string& body, const std::string& more = {}) const {
    return head("POST /rpc",
                more + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") +
           "\r\n" + body;
  }
  static std::string asking(const std::string& method, const json& params) {
    return json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}.dump();
  }
  /// All that comes until the other side closes.
  std::string exchange(const std::string& request) {
    testing::RawClient client(port_);
    client.send(request);
    EXPECT_TRUE(eventually([&] { return client.has_ended(); })) << client.read();
    return client.read();
  }
  json rpc(const std::string& method, const json& params = json::object()) {
    const std::string answer = exchange(post(asking(method, params)));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    const json body = json::parse(answer.substr(answer.find("\r\n\r\n") + 4), nullptr, false);
    return body.is_object() ? body : json::object();
  }
  int status(const std::string& request) {
    const std::string answer = exchange(request);
    return answer.size() > 12 ? std::atoi(answer.c_str() + 9) : 0;
  }
  static std::string without(std::string request, const std::string& line, const std::string& instead = {}) {
    const std::size_t at = request.find(line);
    EXPECT_NE(at, std::string::npos);
    const std::size_t end = request.find("\r\n", at) + 2;
    return request.replace(at, end - at, instead);
  }

  std::optional<demo::Process> daemon_;
  std::uint16_t port_ = 0;
  int starts_ = 0;
  std::string token_;
};

TEST_F(HttpTest, AnswersItsOwnerAndTellsWhatComes) {
  EXPECT_EQ(rpc("status")["result"]["name"], "alice@localhost");
  EXPECT_EQ(rpc("nonsense")["error"]["code"], -32601);
  struct stat token = {};
  ASSERT_EQ(::stat((village().device_folder("alice-1") + "/http-token").c_str(), &token), 0);
  EXPECT_EQ(token.st_mode & 0777, 0600u);

  testing::RawClient events(port_);
  events.send(head("GET /events") + "\r\n");
  ASSERT_TRUE(eventually([&] { return events.read().find("event: open") != std::string::npos; })) << events.read();
  EXPECT_NE(events.read().find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(events.read().find("Access-Control"), std::string::npos) << "no other page may read it";
  ASSERT_TRUE(rpc("send", {{"to", "bob@localhost"}, {"text", "hello"}}).contains("result"));
  must(village().cairn("bob-1", {"accept", "alice@localhost"}));
  must(village().cairn("bob-1", {"send", "alice@localhost", "one"}));
  ASSERT_TRUE(eventually([&] { return events.read().find("\"text\":\"one\"") != std::string::npos; })) << events.read();

  // Who comes again goes on behind the last event that it has: no gap, no repeat.
  const std::string all = events.read();
  const std::size_t at = all.rfind("id: ", all.find("\"text\":\"one\""));
  const std::string cursor = all.substr(at + 4, all.find('\n', at) - at - 4);
  events.close();
  must(village().cairn("bob-1", {"send", "alice@localhost", "two"}));
  for (const bool by_header : {true, false}) {
    testing::RawClient again(port_);
    again.send(by_header ? head("GET /events?after=0", "Last-Event-ID: " + cursor + "\r\n") + "\r\n"
                         : head("GET /events?after=" + cursor) + "\r\n");
    ASSERT_TRUE(eventually([&] { return again.read().find("\"text\":\"two\"") != std::string::npos; })) << again.read();
    EXPECT_EQ(again.read().find("\"text\":\"one\",\"time"), std::string::npos) << again.read();
  }
}

TEST_F(HttpTest, RefusesEverybodyElse) {
  const std::string good = post(asking("status", json::object()));
  ASSERT_EQ(status(good), 200);
  const std::string token_line = "Authorization";
  EXPECT_EQ(status(without(good, token_line)), 401);
  EXPECT_EQ(status(without(good, token_line, "Authorization: Bearer " + std::string(64, '0') + "\r\n")), 401);
  EXPECT_EQ(status(without(good, token_line, "Authorization: Basic " + token_ + "\r\n")), 401);
  // A name that somebody lets point at 127.0.0.1 (DNS rebinding).
  EXPECT_EQ(status(without(good, "Host: ", "Host: evil.example:" + std::to_string(port_) + "\r\n")), 403);
  EXPECT_EQ(status(without(good, "Host: ", "Host: 127.0.0.1\r\n")), 403);
  EXPECT_EQ(status(without(good, "Host: ")), 400);
  const std::string body = asking("status", json::object());
  EXPECT_EQ(status(post(body, "Origin: http://evil.example\r\n")), 403);
  EXPECT_EQ(status(post(body, "Origin: null\r\n")), 403);
  EXPECT_EQ(status(post(body, "Origin: http://" + host() + "\r\n")), 200);
  EXPECT_EQ(status(post(body, "Origin: http://" + host() + "\r\nOrigin: http://evil.example\r\n")), 400);
  EXPECT_EQ(status(head("GET /rpc") + "\r\n"), 405);
  EXPECT_EQ(status(head("GET /other") + "\r\n"), 404);
  EXPECT_EQ(status(without(good, "Content-Type: ", "Content-Type: text/plain\r\n")), 415);
  EXPECT_EQ(status(without(good, "Content-Type: ")), 415);
  EXPECT_EQ(status(head("OPTIONS /rpc", "Access-Control-Request-Method: POST\r\n") + "\r\n"), 405);
  EXPECT_EQ(status(head("GET /events?after=x") + "\r\n"), 400);
  EXPECT_EQ(status("NONSENSE\r\n\r\n"), 400);
  EXPECT_EQ(rpc("status")["result"]["name"], "alice@localhost");
}

TEST_F(HttpTest, HoldsToItsBounds) {
  EXPECT_EQ(status(head("POST /rpc", "Content-Type: application/json\r\nContent-Length: 300000\r\n") + "\r\n"), 413);
  EXPECT_EQ(status(head("POST /rpc", "Content-Type: application/json\r\nContent-Length: 99999999999\r\n") + "\r\n"),
            413);
  EXPECT_EQ(status(head("GET /events", "X: " + std::string(9000, 'x') + "\r\n") + "\r\n"), 431);
  // Half of a request, and nothing at all, end with their time.
  testing::RawClient half(port_);
  half.send(head("POST /rpc", "Content-Type: application/json\r\nContent-Length: 100\r\n") + "\r\n{");
  testing::RawClient silent(port_);
  // So many at once, and the next is turned away; who is there goes on.
  std::vector<std::unique_ptr<testing::RawClient>> streams;
  for (int i = 0; i < 30; ++i) {
    streams.push_back(std::make_unique<testing::RawClient>(port_));
    streams.back()->send(head("GET /events") + "\r\n");
    ASSERT_TRUE(eventually([&] { return streams.back()->read().find("event: open") != std::string::npos; })) << i;
  }
  testing::RawClient one_more(port_);
  EXPECT_TRUE(eventually([&] { return one_more.has_ended(); }));
  must(village().cairn("alice-1", {"status"}));
  EXPECT_TRUE(eventually([&] { return half.has_ended() && silent.has_ended(); }, std::chrono::seconds(30)));
  EXPECT_TRUE(half.read().starts_with("HTTP/1.1 408 ")) << half.read();
  streams.clear();
  EXPECT_TRUE(eventually([&] {
    testing::RawClient client(port_);
    client.send(post(asking("status", json::object())));
    return eventually([&] { return client.has_ended(); }) && client.read().starts_with("HTTP/1.1 200 ");
  }));
}

TEST_F(HttpTest, TheTokenIsAnotherOneAfterAStart) {
  const std::string before = token_;
  daemon_.reset();
  start();
  EXPECT_NE(token_, before);
  const std::string now = std::exchange(token_, before);
  EXPECT_EQ(status(post(asking("status", json::object()))), 401);
  token_ = now;
  EXPECT_EQ(status(post(asking("status", json::object()))), 200);
}

TEST_F(HttpTest, APortThatIsTakenIsSaidInOneSentence) {
  const auto said = demo::run({program_folder() + "/cairn", "--data", village().device_folder("carol-1"), "daemon",
                               "--http", std::to_string(port_)},
                              std::chrono::seconds(20));
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_NE(said.err.find("another program listens on this port"), std::string::npos) << said.err;
}

TEST_F(HttpTest, ABotInTwentyLines) {
  if (demo::run({"/usr/bin/env", "python3", "--version"}, std::chrono::seconds(10)).exit_code != 0) {
    GTEST_SKIP() << "SKIPPED: there is no python3 here";
  }
  demo::Process bot = demo::Process::start(
      {"/usr/bin/env", "python3", std::string(testing::source_dir()) + "/examples/http-bot/echo.py",
       village().device_folder("alice-1"), std::to_string(port_)},
      (folder_ / "bot").string());
  must(village().cairn("bob-1", {"send", "alice@localhost", "say it again"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: say it again"); },
                         std::chrono::seconds(40)))
      << bot.output();
}

TEST_F(HttpTest, TellsWhoIsWriting) {
  ASSERT_TRUE(rpc("send", {{"to", "bob@localhost"}, {"text", "hello"}}).contains("result"));
  must(village().cairn("bob-1", {"accept", "alice@localhost"}));
  must(village().cairn("bob-1", {"send", "alice@localhost", "hello too"}));
  const std::string asked = asking("typing", {{"conversation", "alice@localhost"}}) + "\n";
  const std::vector<std::string> writes = {program_folder() + "/cairn", "--data", village().device_folder("bob-1"),
                                           "rpc"};
  testing::RawClient events(port_);
  events.send(head("GET /events") + "\r\n");
  ASSERT_TRUE(eventually([&] { return events.read().find("event: open") != std::string::npos; }));
  const auto said = demo::run(writes, std::chrono::seconds(20), asked);
  EXPECT_NE(said.out.find("\"told\":true"), std::string::npos) << said.out;
  EXPECT_TRUE(eventually([&] { return events.read().find("event: typing") != std::string::npos; })) << events.read();
}

}  // namespace
}  // namespace cairn::e2e
