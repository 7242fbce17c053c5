// alice's devices and bob, with a server that keeps blobs; and the rooms of one of them, to be told by hand what no
// honest device says.
#pragma once

#include <gtest/gtest.h>

#include "core/base/overlay.h"
#include "core/client/own_devices.h"
#include "core/client/tables.h"
#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/fake_blobs.h"
#include "tests/support/fake_files.h"

namespace cairn::client {

using nlohmann::json;
using testing::bad;
using testing::good;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;
using testing::Texts;

class OwnDevicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (auto reply = machine.answer(call)) return reply;
      constexpr std::string_view kBase = "https://example.org";
      if (village.server.down || !call.url.starts_with(kBase)) return std::nullopt;
      const bool is_logged_in = village.server.post.mailbox_of(call.bearer).has_value();
      return blobs.answer(call.url.substr(kBase.size()), call, is_logged_in);
    };
    good(village.register_person("alice-1", kAlice));
    good(village.register_person("bob-1", kBob));
  }

  void meet() {
    say("alice-1", kBob, "hello bob");
    ASSERT_TRUE(village.until([&] { return texts("bob-1", kAlice).size() == 1; }));
    say("bob-1", kAlice, "hello alice");
    ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 2; }));
  }
  json say(const std::string& device, const std::string& to, const std::string& text) {
    return good(village.ask(device, "send", {{"to", to}, {"text", text}}));
  }
  json link(const std::string& device, const std::string& by = "alice-1", bool no_history = false) {
    const json code = good(village.ask(device, "link", {{"name", kAlice}, {"policy", village.server.policy_text()}}));
    const auto id = village.begin(device, "link.wait", {});
    good(village.ask(by, "device.approve",
                     {{"code", code["code"].get<std::string>()},
                      {"confirm", "this device will read everything"},
                      {"no_history", no_history}}));
    json linked;
    village.until([&] { return !(linked = village.answer(device, id)).is_null(); });
    return good(linked);
  }
  json status(const std::string& device) { return good(village.ask(device, "status")); }
  std::string id_of(const std::string& device) { return status(device)["device"]; }
  /// Nothing while it does not answer.
  json history(const std::string& device) {
    const json answer = village.ask(device, "status", {}, kMinuteMs);
    return answer.is_object() ? answer["result"].value("history", json::object()) : json::object();
  }
  bool is_done(const std::string& device) { return history(device).value("state", "") == "done"; }
  ::testing::AssertionResult comes_to_an_end(const std::string& device) {
    if (village.until([&] { return is_done(device); }, 30 * kMinuteMs)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << status(device);
  }
  std::vector<json> messages(const std::string& device, const std::string& conversation) {
    std::vector<json> out;
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    if (!answer.contains("result")) return out;
    for (const json& one : answer["result"]["messages"]) {
      if (one["delivery"] != "notice") out.push_back(one);
    }
    return out;
  }
  Texts texts(const std::string& device, const std::string& conversation) {
    Texts out;
    for (const json& one : messages(device, conversation)) out.push_back(one["text"]);
    return out;
  }
  json conversation(const std::string& device, const std::string& other) {
    const json all = good(village.ask(device, "conversations", {{"archived", true}}));
    for (const json& one : all["conversations"]) {
      for (const json& name : one["names"]) {
        if (name == other || one["title"] == other) return one;
      }
    }
    return json::object();
  }
  std::size_t rows(const std::string& device, Table table) {
    return village.device(device).store().scan(table, {}, {}, ~std::size_t{0}).size();
  }
  bool remove(const std::string& device, const std::string& by) {
    return village.ask(by, "device.remove", {{"device", id_of(device)}}).contains("result");
  }

  testing::ClientVillage village;
  testing::FakeFiles machine;
  testing::FakeBlobs blobs;
};

/// Rooms over the store of a device, as it is: what they write stays here.
class Aside {
 public:
  Aside(testing::ClientVillage& village, const std::string& device)
      : overlay_(village.device(device).store()),
        context_{overlay_, village.now, entropy_, sends_, events_},
        account_(*load_account(overlay_)) {
    own_.step(context_, account_);
    events_.clear();
  }

  /// Told by `by`, a device of `name`, in the conversation at `home`.
  void hear(const SelfWords& words, const DeviceId& by, const std::string& name, const ChannelId& home) {
    own_.heard(context_, account_,
               {home, {name}, *directory::Name::from(name), by, {}, Control(encode_self_words(words))});
    own_.step(context_, account_);
  }
  void hear(const SelfWords& words, const DeviceId& by) { hear(words, by, account_.name.text(), self()); }
  ChannelId self() const {
    return *conversations_.find_room(overlay_, {ConversationKind::self, {}, {account_.name.text()}});
  }
  ChannelId home(const std::string& other) const {
    std::vector<std::string> names = {account_.name.text(), other};
    std::sort(names.begin(), names.end());
    return *conversations_.find_room(overlay_, {ConversationKind::pair, {}, names});
  }
  Room room(const std::string& other) const { return room_of(*conversations_.find(overlay_, home(other))); }
  DeviceId own() const { return account_.device_id(); }
  const Account& account() const { return account_; }
  Time now() const { return context_.now; }
  const Overlay& store() const { return overlay_; }
  Entropy& entropy() { return entropy_; }
  std::size_t rows(Table table) const { return overlay_.scan(table, {}, {}, ~std::size_t{0}).size(); }
  /// What was noted since the last time.
  std::string noted() {
    std::string out;
    for (const proto::Event& event : std::exchange(events_, {}))
      out += (out.empty() ? "" : "; ") + std::string(event.what);
    return out;
  }
  std::vector<proto::Send>& sends() { return sends_; }
  HistoryTaker& taker() { return own_.taker(); }
  Sharing& sharing() { return own_.sharing(); }
  Conversations& conversations() { return conversations_; }
  Context& context() { return context_; }
  void step() { own_.step(context_, account_); }
  void answer(const proto::CallDone& done) {
    calls_.done(context_, done);
    own_.step(context_, account_);
  }

 private:
  testing::SeededEntropy entropy_{77};
  Overlay overlay_;
  std::vector<proto::Send> sends_;
  std::vector<proto::Event> events_;
  Context context_;
  Account account_;
  Calls calls_;
  Session session_{calls_};
  Views views_{calls_};
  Conversations conversations_{calls_, views_, session_};
  Receipts receipts_{conversations_, session_};
  Search search_{conversations_};
  OwnDevices own_{OwnRooms{calls_, views_, session_, conversations_, receipts_, search_}};
};

}  // namespace cairn::client
