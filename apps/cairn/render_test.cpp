#include "apps/cairn/render.h"

#include <gtest/gtest.h>

#include "apps/cairn/attachment.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

/// The line of a received message without its time.
std::string line(const std::string& text) {
  const std::string whole = render_message({{"delivery", "received"}, {"sender", "bob@example.org"}, {"text", text}});
  EXPECT_GT(whole.size(), 21u);
  return whole.substr(21);
}

TEST(Render, ShowsAMessageOnALine) {
  EXPECT_EQ(line("hello"), "bob@example.org: hello\n");
  EXPECT_EQ(line("gr\u00fc\u00dfe \u4f60\u597d \U0001F468\u200D\U0001F469"),
            "bob@example.org: gr\u00fc\u00dfe \u4f60\u597d \U0001F468\u200D\U0001F469\n");
}

TEST(Render, KeepsOtherPeoplesControlCharactersFromTheTerminal) {
  EXPECT_EQ(line("a\x1b[2Jb\x07\rc\x7f"), "bob@example.org: a [2Jb  c \n");
  EXPECT_EQ(line("a\u009b31mb"), "bob@example.org: a 31mb\n");     // C1: CSI in one character
  EXPECT_EQ(line("a\u202eb\u2066c"), "bob@example.org: a b c\n");  // right-to-left override, isolate
  EXPECT_EQ(line("a\u2028b\ufeffc\u200bd"), "bob@example.org: a b c d\n");
}

TEST(Render, ALineOfATextCannotPassForAMessage) {
  EXPECT_EQ(line("a\n2026-01-01 00:00:00  carol@example.org: lies"),
            "bob@example.org: a\n    2026-01-01 00:00:00  carol@example.org: lies\n");
}

TEST(Render, SaysWhatBecameOfAMessage) {
  const auto shown = [](const json& message) { return render_message(message).substr(21); };
  EXPECT_EQ(shown({{"delivery", "waiting"}, {"sender", "a@b.c"}, {"text", "x"}}), "a@b.c: x  (waiting)\n");
  EXPECT_EQ(shown({{"delivery", "refused"}, {"sender", "a@b.c"}, {"text", "x"}}), "a@b.c: x  (not sent)\n");
  EXPECT_EQ(shown({{"delivery", "notice"}, {"text", "a@b.c added d@b.c."}}), "-- a@b.c added d@b.c.\n");
  EXPECT_EQ(shown({{"delivery", "received"}, {"sender", "a@b.c"}, {"text", ""}, {"unknown_type", "image/png\x1b"}}),
            "a@b.c: [a image/png  that this version does not show]\n");
  const json reaction = {{"text", "+1"}, {"names", json::array({"d@b.c"})}, {"names_left_out", 7}};
  const json liked = {{"delivery", "received"},
                      {"sender", "a@b.c"},
                      {"text", "x"},
                      {"reactions", json::array({reaction})},
                      {"reactions_left_out", 1600}};
  EXPECT_EQ(shown(liked), "a@b.c: x  {+1 d@b.c and 7 more}  {and 1600 more}\n");
}

TEST(Render, ShowsWhoIsMentioned) {
  const json message = {
      {"delivery", "received"}, {"sender", "a@b.c"}, {"text", "see [@x](mimi://b.c/u/d)"}, {"mentions", {"d@b.c"}}};
  EXPECT_EQ(render_message(message).substr(21), "a@b.c: see @d@b.c\n");
}

TEST(Render, CallsNoFaultWhatIsNone) {
  json status = {{"state", "active"}, {"name", "a@b.c"}, {"device", "00"}, {"connected", false}, {"daemon", false}};
  EXPECT_EQ(render("status", status).find("not connected"), std::string::npos);
  status["daemon"] = true;
  EXPECT_NE(render("status", status).find("active, not connected"), std::string::npos);
  status["connected"] = true;
  EXPECT_NE(render("status", status).find("active, connected"), std::string::npos);
}

TEST(Render, SaysThatSomebodyIsInTheGroupAlready) {
  EXPECT_EQ(render("group.add", {{"conversation", "00"}}), "Done.\n");
  EXPECT_EQ(render("group.add", {{"conversation", "00"}, {"already", true}}), "They are in the group already.\n");
}

TEST(Render, SaysHowManyConversationsAreArchived) {
  const json one = {{"id", "00112233aa"}, {"title", "walkers"}, {"names", {"a@b.c"}}, {"messages", 1}};
  const std::string list = render("conversations", {{"conversations", {one}}, {"left_out", 2}});
  EXPECT_NE(list.find("walkers"), std::string::npos);
  EXPECT_TRUE(list.ends_with("2 archived; conversations --archived lists them too.\n")) << list;
  EXPECT_EQ(render("conversations", {{"conversations", json::array()}, {"left_out", 1}}),
            "1 archived; conversations --archived lists them too.\n");
  EXPECT_EQ(render("conversations", {{"conversations", json::array()}}), "No conversations yet.\n");
}

TEST(Render, SaysHowManyNamesOfALargeGroupItDoesNotSay) {
  const json one = {{"id", "00112233aa"},
                    {"title", "walkers"},
                    {"names", json::array({"a@b.c", "b@b.c"})},
                    {"messages", 1},
                    {"names_left_out", 4000}};
  const json list = {{"conversations", json::array({one})}};
  EXPECT_NE(render("conversations", list).find("(a@b.c, b@b.c and 4000 more)"), std::string::npos)
      << render("conversations", list);
}

TEST(Render, ShowsConversationsThatWereFoundBeforeMessages) {
  const json place = {
      {"id", "00112233aa"}, {"title", ""}, {"names", json::array({"bob@b.c"})}, {"petnames", {{"bob@b.c", "Bo\x1b"}}}};
  const json message = {{"delivery", "received"}, {"sender", "bob@b.c"}, {"text", "hi"}};
  const std::string both =
      render("search", {{"conversations", json::array({place})}, {"messages", json::array({message})}});
  EXPECT_TRUE(both.starts_with("bob@b.c, bob@b.c is Bo   [00112233]\n")) << both;
  EXPECT_TRUE(both.ends_with("bob@b.c: hi\n")) << both;
  EXPECT_EQ(render("search", {{"messages", json::array()}}), "Nothing has these words.\n");
}

TEST(Render, ShowsWhatOthersVerified) {
  EXPECT_EQ(render("gossip.list", {{"claims", json::array()}, {"evidence", json::array()}}),
            "What others verified is what this device verified.\n");
  const json claim = {{"name", "b@b.c\x1b"}, {"domain", "b.c"}, {"size", 7}, {"state", "waiting"}, {"sentence", ""}};
  const json found = {{"sentence", "Two histories."}};
  EXPECT_EQ(render("gossip.dismiss", {{"claims", {claim}}, {"evidence", {found}}}),
            "ALARM: Two histories.\nb@b.c  verified 7 epochs of b.c: waiting\n");
  EXPECT_EQ(render("evidence.verify", {{"sentence", "The key signed two."}}), "The key signed two.\n");
}

TEST(Render, ShowsWhatOtherDevicesSayOfADomain) {
  const json domain = {{"domain", "b.c"},  {"own_policy", false},     {"strength", 1},
                       {"device", "00ff"}, {"device_words", "phone"}, {"server_url", "https://b.c"}};
  const std::string known =
      "b.c: judged by a policy of its own (1 auditors have to lie for a fork that nobody sees), at https://b.c, by the "
      "word of your device phone\n";
  json question = {{"sentence", "Look."}, {"server_url", "https://e.f"}, {"own_policy", false}};
  question["policy"] = {{"auditors", 2}, {"auditors_needed", 1}, {"witnesses", json::array()}};
  question["policy"]["witnesses"].push_back({{"name", "w\x1b"}, {"key", "k1"}, {"auditor", false}});
  question["policy"]["witnesses"].push_back({{"name", "a"}, {"key", "k2"}, {"auditor", true}, {"url", "https://a.b"}});
  EXPECT_EQ(render("domain.list", {{"domains", json::array({domain})}, {"questions", json::array({question})}}),
            known +
                "\nTo be decided: Look.\n  It says: at https://e.f, on the word of 1 of 2 auditors:\n"
                "  witness  w   k1\n  auditor  a  k2  at https://a.b\n");
  EXPECT_EQ(render("domain.keep", domain), known);
  EXPECT_EQ(render("domain.confirm", {{"domain", "b.c"}}),
            "Nothing is said of b.c on this device; it is judged as any other.\n");
}

TEST(Render, ShowsAlarmsWithTheStatus) {
  const json status = {{"state", "active"},
                       {"name", "a@b.c"},
                       {"device", "00"},
                       {"connected", true},
                       {"alarms", {{{"sentence", "The device 01 was added."}}}},
                       {"trouble", "No server."}};
  const std::string text = render("status", status);
  EXPECT_NE(text.find("ALARM: The device 01 was added.\n"), std::string::npos);
  EXPECT_NE(text.find("No server.\n"), std::string::npos);
  EXPECT_EQ(render("status", {{"state", "none"}}), "No name yet: register one, or link this device to one.\n");
  EXPECT_EQ(render("status", {{"state", "none"}, {"trouble", "It was vetoed."}}),
            "It was vetoed.\nNo name yet: register one, or link this device to one.\n");
}

TEST(Render, ShowsWithTheStatusWhatIsNotSentYetAndWhy) {
  json status = {{"state", "active"}, {"name", "a@b.c"}, {"device", "00"}, {"connected", true}};
  const std::string without = render("status", status);
  status["waiting"] = {
      {"messages", 2}, {"conversations", 1}, {"conversation", "0123456789abcdef"}, {"trouble", "Too old\x1b."}};
  EXPECT_EQ(render("status", status), without + "Not sent yet: 2 message(s) [01234567]; they are kept. Too old .\n");
  status["waiting"]["conversations"] = 3;
  EXPECT_EQ(render("status", status),
            without + "Not sent yet: 2 message(s) of 3 conversations; they are kept. Too old .\n");
}

TEST(Render, ShowsDevicesWithWhatTheyAreCalledHere) {
  const json list = {{"devices",
                      {{{"id", "00"}, {"active", true}, {"own", true}},
                       {{"id", "01"}, {"active", false}, {"own", false}, {"name", "the phone"}}}}};
  EXPECT_EQ(render("device.list", list), "00  active  (this one)\n01  removed  the phone\n");
  EXPECT_EQ(render("device.name", {{"device", "01"}, {"name", "phone"}}), "That device is called phone here.\n");
  EXPECT_EQ(render("domain.server", {{"domain", "a.example"}, {"server_url", "https://b.example"}}),
            "This device goes to https://b.example now; status says whether it is connected.\n");
  EXPECT_EQ(render("device.name", {{"device", "01"}, {"name", ""}}), "That device has no name here any more.\n");
}

TEST(Render, ShowsHowFarAVetoHasCome) {
  const json veto = {
      {"auditors", {{{"name", "a1"}, {"state", "has it"}}, {{"name", "a2\x1b"}, {"state", "waits"}, {"status", 404}}}},
      {"auditors_have", 1},
      {"auditors_enough", 2}};
  const std::string expected =
      "  a1: has it\n  a2 : waits (it answered 404)\n"
      "  1 auditor(s) have the veto; with 2 of them the reset cannot be completed.\n";
  EXPECT_NE(render("status", {{"state", "active"}, {"veto", veto}}).find(expected), std::string::npos);
  json result = veto;
  result["vetoed"] = false;
  EXPECT_NE(render("veto", result).find(expected), std::string::npos);
  result["vetoed"] = true;
  EXPECT_EQ(render("veto", result), "The reset is vetoed.\n");
}

TEST(Render, ShowsAFileByItsNameSizeAndType) {
  const json file = {{"name", "a\u202eb.png"}, {"size", 1'234'567}, {"media_type", "image/png\x1b"}};
  json message = {{"delivery", "received"}, {"sender", "a@b.c"}, {"text", "look"}, {"id", std::string(64, 'f')}};
  message["attachment"] = file;
  EXPECT_EQ(render_message(message).substr(21),
            "a@b.c: look  [file: a b.png, 1.2 MB, image/png ; save ffffffffffff]  [ffffffffffff]\n");
  message["text"] = "";
  EXPECT_EQ(render_message(message).substr(21, 20), "a@b.c: [file: a b.pn");
  message["attachment"] = {{"name", "b.jpg"}, {"size", 5}, {"media_type", "image/jpeg"}};
  message["attachment"]["preview"] = {{"media_type", "image/jpeg"}, {"width", 160}, {"height", 90}, {"data", "AAAA"}};
  EXPECT_EQ(render_message(message).substr(21),
            "a@b.c: [file: b.jpg, 5 bytes, image/jpeg, preview 160x90; save ffffffffffff]  [ffffffffffff]\n");
}

TEST(Render, SaysHowFarAFileIs) {
  const json half = {{"doing", "sending"},  {"name", "film.mp4"},  {"size", 40'000'000}, {"done", 20'000'000},
                     {"bytes", 10'000'000}, {"elapsed_ms", 2'000}, {"state", "running"}, {"trouble", ""}};
  EXPECT_EQ(transfer_line(half), "sending film.mp4: 20.0 MB of 40.0 MB, 5.0 MB/s, about 4 s left");
  json stuck = half;
  stuck["bytes"] = 0;
  stuck["trouble"] = "The server does not answer; it is asked again.";
  EXPECT_EQ(transfer_line(stuck),
            "sending film.mp4: 20.0 MB of 40.0 MB; The server does not answer; it is asked again.");
  EXPECT_EQ(render_attachment("attachment.save", {{"path", "/home/bob/film.mp4"}}), "Saved: /home/bob/film.mp4\n");
  EXPECT_EQ(render_attachment("attachment.status", {{"transfers", json::array()}}), "No files are on their way.\n");
}

/// Answers as a mind would, one after the other; the last again and again.
class ScriptedSpeaker final : public Speaker {
 public:
  explicit ScriptedSpeaker(std::vector<json> answers) : answers_(std::move(answers)) {}
  Reply ask(const std::string&, json, const std::function<void(const json&)>&) override {
    const std::size_t at = std::min(asked++, answers_.size() - 1);
    return {Exit::done, answers_[at], {}, {}};
  }
  void listen(const std::function<void(const json&)>&) override {}
  std::size_t asked = 0;

 private:
  std::vector<json> answers_;
};

TEST(Render, WaitsForAFileUntilItIsThereOrNothingMoves) {
  const json running = {{"state", "running"}, {"kind", "send"}, {"transfer", "00"}, {"trouble", ""}};
  json waiting = {{"state", "done"}, {"kind", "send"}};
  waiting["message"] = {{"delivery", "waiting"}};
  json sent = waiting;
  sent["message"]["delivery"] = "sent";
  ScriptedSpeaker good({running, running, waiting, sent});
  EXPECT_EQ(run_transfer(good, "attachment.send", json::object()).result, sent);
  EXPECT_EQ(good.asked, 4u);
  json stuck = running;
  stuck["trouble"] = "The server does not answer; it is asked again.";
  ScriptedSpeaker bad({running, stuck});
  const Reply reply = run_transfer(bad, "attachment.send", json::object(), 5);
  EXPECT_EQ(reply.exit, Exit::unreachable);
  EXPECT_TRUE(reply.sentence.starts_with("The server does not answer; it is asked again. It goes on by itself"));
}

}  // namespace
}  // namespace cairn::apps
