// What other programs have of `cairn`: JSON-RPC on standard input and output, the bots of examples/, the TAB key,
// man(1).
#include "tests/e2e/village_fixture.h"
#include "tests/support/source_dir.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

class Programs : public VillageTest {
 protected:
  static std::string asking(int id, const std::string& method, const json& params) {
    return json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}.dump() + "\n";
  }
  /// Its answers by their ids, after all of `input` was answered.
  std::map<int, json> rpc(const std::string& device, const std::string& input) {
    const auto ended = demo::run(command_of(device, {"rpc"}), std::chrono::seconds(60), input);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    std::map<int, json> out;
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
      const json answer = json::parse(line, nullptr, false);
      EXPECT_TRUE(answer.is_object()) << line;
      if (answer.is_object() && answer.contains("id")) out[answer["id"].get<int>()] = answer;
    }
    return out;
  }
  void alice_and_bob() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
  }
  std::size_t count(const std::string& device, const std::string& conversation, const std::string& line) {
    const auto all = texts(device, conversation);
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), line));
  }

  /// A bot as bob's only device is asked, killed after it has answered, and has forgotten that it has: it answers what
  /// is new, and says nothing again.
  void serves(std::vector<std::string> bot) {
    alice_and_bob();
    village().stop_daemon("bob-1");
    const std::string cursor = (folder_ / "cursor").string();
    bot.insert(bot.end(), {"--cursor", cursor});
    for (const std::string& word : command_of("bob-1", {"rpc"})) bot.push_back(word);
    const auto answered = [&](const std::string& text) {
      return eventually([&] { return count("alice-1", "bob@localhost", "bob@localhost: " + text) == 1; },
                        std::chrono::seconds(40));
    };
    {
      demo::Process running = demo::Process::start(bot, (folder_ / "bot1").string());
      must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
      ASSERT_TRUE(answered("one")) << running.output();
      running.signal(SIGKILL);
      EXPECT_TRUE(running.wait(std::chrono::seconds(10)));
    }
    std::filesystem::remove(cursor);
    must(village().cairn("alice-1", {"send", "bob@localhost", "two"}));
    demo::Process running = demo::Process::start(bot, (folder_ / "bot2").string());
    // The client that the first bot had started ends, for its input is closed. Where that takes long the next one
    // finds the folder held, and is started again, as whoever keeps a bot running would.
    ASSERT_TRUE(eventually(
        [&] {
          if (!running.running()) running = demo::Process::start(bot, (folder_ / "bot2").string());
          return count("alice-1", "bob@localhost", "bob@localhost: two") == 1;
        },
        std::chrono::seconds(60)))
        << running.output();
    EXPECT_EQ(count("alice-1", "bob@localhost", "bob@localhost: one"), 1u);
    running.signal(SIGTERM);
    EXPECT_TRUE(running.wait(std::chrono::seconds(10)));
  }
};

TEST_F(Programs, SpeakJsonRpcWithAndWithoutADaemon) {
  alice_and_bob();
  const std::string input = asking(1, "status", json::object()) + asking(2, "nonsense", json::object()) + "{broken\n";
  for (const bool daemon : {true, false}) {
    if (!daemon) village().stop_daemon("alice-1");
    const auto ended = demo::run(command_of("alice-1", {"rpc"}), std::chrono::seconds(60), input);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_NE(ended.out.find("\"alice@localhost\""), std::string::npos) << ended.out;
    EXPECT_NE(ended.out.find("-32601"), std::string::npos) << ended.out;
    EXPECT_NE(ended.out.find("-32700"), std::string::npos) << ended.out;
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 3) << ended.out;
  }
}

TEST_F(Programs, SayNothingTwiceUnderOneKey) {
  alice_and_bob();
  const json saying = {{"to", "bob@localhost"}, {"text", "once"}, {"key", "k1"}};
  const json first = rpc("alice-1", asking(1, "send", saying))[1];
  ASSERT_TRUE(first.contains("result")) << first.dump();
  // Through a daemon that was killed meanwhile; with other words; and under another key.
  village().daemon("alice-1").signal(SIGKILL);
  village().daemon("alice-1").wait(std::chrono::seconds(10));
  json other = saying;
  other["text"] = "twice";
  json anew = saying;
  anew["key"] = "k2";
  json long_key = saying;
  long_key["key"] = std::string(65, 'k');
  auto answers = rpc("alice-1", asking(2, "send", saying) + asking(3, "send", other) + asking(4, "send", long_key));
  ASSERT_TRUE(answers[2].contains("result")) << answers[2].dump();
  EXPECT_EQ(answers[2]["result"]["id"], first["result"]["id"]);
  EXPECT_EQ(answers[3]["error"]["data"]["code"], "conflict") << answers[3].dump();
  EXPECT_EQ(answers[4]["error"]["data"]["code"], "over_limit") << answers[4].dump();
  EXPECT_TRUE(rpc("alice-1", asking(5, "send", anew))[5].contains("result"));
  EXPECT_TRUE(eventually([&] { return count("bob-1", "alice@localhost", "alice@localhost: once") == 2; }));
}

TEST_F(Programs, FindEveryMethodInTheSpecification) {
  alice_and_bob();
  const json found = rpc("alice-1", asking(1, "rpc.discover", json::object()))[1]["result"];
  EXPECT_EQ(found["openrpc"], "1.2.6");
  std::ifstream file(std::string(testing::source_dir()) + "/docs/spec/client-rpc.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_GT(found["methods"].size(), 40u);
  for (const json& method : found["methods"]) {
    const std::string name = method["name"];
    EXPECT_NE(text.find(name), std::string::npos) << name;
    bool optional = false;
    for (const json& one : method["params"]) {
      EXPECT_NE(text.find(one["name"].get<std::string>()), std::string::npos) << name << " " << one["name"];
      EXPECT_FALSE(optional && one["required"].get<bool>()) << name << ": required after optional";
      optional = !one["required"].get<bool>();
    }
  }
}

TEST_F(Programs, BotInPython) {
  if (demo::run({"/usr/bin/env", "python3", "--version"}, std::chrono::seconds(10)).exit_code != 0) {
    GTEST_SKIP() << "SKIPPED: there is no python3 here";
  }
  serves({"/usr/bin/env", "python3", std::string(testing::source_dir()) + "/examples/echo-bot/echo.py"});
}

TEST_F(Programs, BotInTypeScript) {
  if (demo::run({"/usr/bin/env", "npm", "--version"}, std::chrono::seconds(20)).exit_code != 0) {
    GTEST_SKIP() << "SKIPPED: there are no node and npm here";
  }
  const std::string made = program_folder() + "/../echo-bot";
  const std::string script =
      "set -e; mkdir -p \"$1\"; cd \"$2\"; cp package.json package-lock.json tsconfig.json .npmrc echo.ts \"$1\"; cd "
      "\"$1\"; "
      "cmp -s package-lock.json node_modules/installed-from.json || { npm ci --ignore-scripts --no-audit --no-fund "
      "--prefer-offline >npm.log 2>&1 || exit 77; cp package-lock.json node_modules/installed-from.json; }; npx tsc";
  const auto compiled =
      demo::run({"/bin/sh", "-c", script, "sh", made, std::string(testing::source_dir()) + "/examples/echo-bot"},
                std::chrono::minutes(3));
  if (compiled.exit_code == 77)
    GTEST_SKIP() << "SKIPPED: npm could not install the compiler; see " << made << "/npm.log";
  ASSERT_EQ(compiled.exit_code, 0) << compiled.out << compiled.err;
  serves({"/usr/bin/env", "node", made + "/echo.js"});
}

TEST_F(Programs, TabKeyInBash) {
  alice_and_bob();
  must(village().cairn("alice-1", {"send", "bob@localhost", "hi"}));
  const auto offered = [&](const std::string& line) {
    const std::string script =
        "PATH=\"$1:$PATH\"; source <(cairn completion bash); COMP_LINE=\"$2\"; COMP_POINT=${#COMP_LINE}; "
        "_cairn; printf '%s\\n' \"${COMPREPLY[@]}\"";
    return demo::run({"/bin/bash", "-c", script, "bash", program_folder(), line}, std::chrono::seconds(20)).out;
  };
  EXPECT_EQ(offered("cairn gro"), "group\n");
  EXPECT_EQ(offered("cairn device rem"), "remove\n");
  EXPECT_EQ(offered("cairn send --fre"), "--fresh\n");
  EXPECT_EQ(offered("cairn conversations --a"), "--archived\n");
  EXPECT_EQ(offered("cairn backup create --fi"), "--files\n");
  EXPECT_EQ(offered("cairn backup create --files --t"), "--to\n") << "how many may be left out";
  EXPECT_EQ(offered("cairn backup restore --wi"), "--without-files\n");
  EXPECT_EQ(offered("cairn invite group walkers --u"), "--uses\n");
  const std::string data = "cairn --data " + village().device_folder("alice-1") + " ";
  EXPECT_EQ(offered(data + "send b"), "bob@localhost\n");
  EXPECT_EQ(offered(data + "send bob@l"), "localhost\n") << "bash breaks words at @";
  EXPECT_EQ(offered(data + "send bob@localhost "), "\n");
}

TEST_F(Programs, HaveManualPages) {
  for (const std::string program : {"cairn", "cairnd", "cairn-witness"}) {
    const auto page = demo::run({program_folder() + "/" + program, "manual"}, std::chrono::seconds(10));
    EXPECT_EQ(page.exit_code, 0);
    EXPECT_TRUE(page.out.starts_with(".TH ")) << page.out.substr(0, 100);
    EXPECT_NE(
        page.out.find("\n.SH COMMANDS\n.SS \"" + std::string(program == "cairn-witness" ? "cairn\\-witness" : program)),
        std::string::npos);
    EXPECT_NE(page.out.find("Exit codes: 0 done"), std::string::npos) << program;
    // Every command and every option says what it is.
    std::istringstream lines(page.out);
    std::size_t said = 0;
    for (std::string line; std::getline(lines, line);) {
      const bool is_option = line == ".TP";
      if (!is_option && !line.starts_with(".SS ")) continue;
      std::string name = line, meaning;
      if (is_option) std::getline(lines, name);
      std::getline(lines, meaning);
      EXPECT_FALSE(meaning.empty() || meaning.starts_with(".")) << program << ": " << name;
      ++said;
    }
    EXPECT_GE(said, 20u) << program;
    EXPECT_EQ(demo::run({program_folder() + "/" + program, "--nonsense"}, std::chrono::seconds(10)).exit_code, 2);
    const auto version = demo::run({program_folder() + "/" + program, "--version"}, std::chrono::seconds(10));
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_FALSE(version.out.empty());
  }
}

}  // namespace
}  // namespace cairn::e2e
