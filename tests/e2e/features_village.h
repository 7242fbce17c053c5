// Two people with two devices each who have met, and what a message is on each of the four.
#pragma once

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {

constexpr const char* kFourDevices[] = {"alice-1", "alice-2", "bob-1", "bob-2"};

class FeaturesTest : public VillageTest {
 protected:
  static std::string other(const std::string& device) {
    return device.starts_with("alice") ? "bob@localhost" : "alice@localhost";
  }
  nlohmann::json run(const std::string& device, const std::vector<std::string>& words,
                     std::chrono::milliseconds most = std::chrono::seconds(30)) {
    const demo::Said said = village().cairn(device, words, most);
    must(said);
    return said.json;
  }
  /// What a method of the RPC that no command has gives.
  nlohmann::json ask(const std::string& device, const std::string& method, const nlohmann::json& params) {
    const nlohmann::json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}};
    const auto ended = demo::run(command_of(device, {"rpc"}), std::chrono::seconds(60), request.dump() + "\n");
    const auto answer = nlohmann::json::parse(ended.out, nullptr, false);
    if (answer.is_object() && answer.contains("result")) return answer["result"];
    ADD_FAILURE() << device << " " << method << ": " << ended.out << ended.err;
    return nlohmann::json::object();
  }

  /// The message with this id on that device, left unread; null when there is none. Where that could not be read: the
  /// sentence that says why, which is neither.
  nlohmann::json message(const std::string& device, const std::string& id, const std::string& conversation = {}) {
    const demo::Said said =
        village().cairn(device, {"read", conversation.empty() ? other(device) : conversation, "--peek"});
    if (!said.good()) return said.error;
    for (const nlohmann::json& one : said.json["messages"]) {
      if (one.value("id", "") == id) return one;
    }
    return nullptr;
  }
  /// Waits until this holds of that message on all four devices.
  template <class Holds>
  void everywhere(const std::string& id, Holds holds, const std::string& conversation = {}) {
    for (const std::string device : kFourDevices) {
      EXPECT_TRUE(eventually([&] { return holds(message(device, id, conversation)); }, std::chrono::seconds(30)))
          << device << " " << message(device, id, conversation).dump();
    }
  }
  void arrives_everywhere(const std::string& id, const std::string& conversation = {}) {
    everywhere(
        id, [](const nlohmann::json& one) { return one.is_object(); }, conversation);
  }
  /// A device's owner who watches what comes.
  demo::Process watch(const std::string& device) {
    return demo::Process::start(command_of(device, {"--json", "read", "--follow"}),
                                (folder_ / (device + "-watch")).string());
  }
  static bool sees(const demo::Process& watcher, const std::string& words) {
    return eventually([&] { return watcher.output().find(words) != std::string::npos; });
  }
  /// On all four devices, each of which has shown these words by now. What it showed once stays in its output.
  std::vector<demo::Process> watch_all(const std::string& words) {
    std::vector<demo::Process> out;
    for (const std::string device : kFourDevices) out.push_back(watch(device));
    watchers_see(out, words);
    return out;
  }
  static void watchers_see(const std::vector<demo::Process>& watchers, const std::string& words) {
    for (const demo::Process& one : watchers) EXPECT_TRUE(sees(one, words)) << words << " in " << one.output();
  }
  void meet() {
    two_people_with_two_devices();
    run("alice-1", {"send", "bob@localhost", "hello bob"});
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hello bob"); }));
    arrives_everywhere(say("bob-1", "hello alice"));
  }
  std::string say(const std::string& device, const std::string& text) {
    return run(device, {"send", other(device), text})["id"];
  }
  /// How many messages have all these words on a device.
  std::size_t found(const std::string& device, const std::vector<std::string>& words) {
    std::vector<std::string> all = {"search"};
    all.insert(all.end(), words.begin(), words.end());
    return run(device, all)["messages"].size();
  }
  /// Whether a notice with these words stands in a conversation.
  bool has_notice(const std::string& device, const std::string& conversation, const std::string& words) {
    const demo::Said said = village().cairn(device, {"read", conversation, "--peek"});
    if (!said.good()) return false;
    for (const nlohmann::json& one : said.json["messages"]) {
      if (one["delivery"] == "notice" && one["text"].get<std::string>().find(words) != std::string::npos) return true;
    }
    return false;
  }
};

}  // namespace cairn::e2e
