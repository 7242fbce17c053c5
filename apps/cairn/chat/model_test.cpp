#include "apps/cairn/chat/model.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/made_images.h"

namespace cairn::apps::chat {
namespace {

using nlohmann::json;
using Kind = Key::Kind;

json said(std::uint64_t index, const std::string& text, const std::string& sender = "bob@here") {
  return {{"conversation", "c0ffee00"},
          {"index", index},
          {"sender", sender},
          {"text", text},
          {"id", std::to_string(index)},
          {"delivery", "received"},
          {"time_ms", 1'700'000'000'000}};
}

json conversation(bool request = false) {
  return {
      {"id", "c0ffee00"}, {"kind", "pair"}, {"title", ""}, {"names", {"alice@here", "bob@here"}}, {"request", request}};
}

/// A model whose requests a test answers.
class ChatModel : public ::testing::Test {
 protected:
  Model model_{{"bob", "/home/alice/docs", "/home/alice", true}, {24, 80}, 1000};
  std::vector<Request> asked_;

  void collect() {
    for (Request& one : model_.take_requests()) asked_.push_back(std::move(one));
  }
  /// Takes the first question of that method off those that were asked.
  Request take(const std::string& method) {
    collect();
    const auto found =
        std::find_if(asked_.begin(), asked_.end(), [&](const Request& one) { return one.method == method; });
    if (found == asked_.end()) {
      ADD_FAILURE() << method << " was not asked";
      return {};
    }
    Request out = std::move(*found);
    asked_.erase(found);
    return out;
  }
  bool was_asked(const std::string& method) {
    collect();
    return std::any_of(asked_.begin(), asked_.end(), [&](const Request& one) { return one.method == method; });
  }
  void answer(const Request& request, const json& result) {
    model_.heard({{"jsonrpc", "2.0"}, {"id", request.id}, {"result", result}});
  }
  void refuse(const Request& request, const std::string& code, const std::string& sentence,
              json data = json::object()) {
    data["code"] = code;
    model_.heard({{"id", request.id}, {"error", {{"code", -32000}, {"message", sentence}, {"data", data}}}});
  }
  void tell(const std::string& method, const json& params) {
    model_.heard({{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
  }
  void press(Kind kind) { model_.key({kind, ""}); }
  void type(const std::string& text) { model_.key({Kind::text, text}); }
  void line(const std::string& text) {
    type(text);
    press(Kind::enter);
  }

  /// Open, with these messages.
  void open(const json& messages = json::array({said(0, "hi")}), bool request = false) {
    answer(take("status"), {{"name", "alice@here"}, {"connected", true}});
    answer(take("conversations"), {{"conversations", json::array({conversation(request)})}});
    answer(take("read"), {{"messages", messages}, {"cursor", 7}});
    const Request follow = take("follow");
    EXPECT_EQ(follow.params["since"], 7);
    answer(follow, {{"cursor", 7}});
  }
  std::string screen() const {
    std::string out;
    for (const ScreenRow& row : model_.view().rows) {
      for (const Span& span : row) out += span.text;
      out += "\n";
    }
    return out;
  }
  bool shows(const std::string& text) const { return screen().find(text) != std::string::npos; }
};

TEST_F(ChatModel, ShowsWhatWasSaidAndMarksItAsRead) {
  open();
  EXPECT_TRUE(shows("#0 bob: hi")) << screen();
  const Request mark = take("read");
  EXPECT_EQ(mark.params, (json{{"conversation", "c0ffee00"}, {"first", 0}, {"limit", 1}, {"mark", true}}));
}

TEST_F(ChatModel, SendsALineAndShowsItWhenItIsKept) {
  open();
  line("hello bob");
  const Request send = take("send");
  EXPECT_EQ(send.params, (json{{"to", "c0ffee00"}, {"text", "hello bob"}}));
  json own = said(1, "hello bob", "alice@here");
  own["delivery"] = "waiting";
  tell("message", own);
  EXPECT_TRUE(shows("#1 alice: hello bob  (waiting)")) << screen();
  own["delivery"] = "sent";
  own["status"] = "delivered";
  answer(send, own);
  EXPECT_TRUE(shows("#1 alice: hello bob  (delivered)")) << screen();
}

TEST_F(ChatModel, GivesALineBackThatWasRefused) {
  open();
  line("too much");
  refuse(take("send"), "rate_limited", "Too many requests; wait a moment.");
  EXPECT_TRUE(shows("> too much")) << screen();
  EXPECT_TRUE(shows("Too many requests; wait a moment."));
}

TEST_F(ChatModel, GivesNoLineBackThatIsKeptForLater) {
  open();
  line("later");
  refuse(take("send"), "unavailable", "It is kept.", {{"queued", true}});
  EXPECT_FALSE(shows("> later")) << screen();
}

TEST_F(ChatModel, APasteOfSeveralLinesIsOneMessage) {
  open();
  model_.key({Kind::paste, "one\ntwo\nthree"});
  EXPECT_FALSE(was_asked("send"));
  EXPECT_TRUE(shows("> one\n  two\n  three")) << screen();
  press(Kind::enter);
  EXPECT_EQ(take("send").params["text"], "one\ntwo\nthree");
}

TEST_F(ChatModel, ALineThatBeginsWithTwoSlashesIsAText) {
  open();
  line("//etc is a folder");
  EXPECT_EQ(take("send").params["text"], "/etc is a folder");
  line("/nonsense");
  EXPECT_TRUE(shows("There is no command /nonsense"));
  EXPECT_FALSE(was_asked("send"));
}

TEST_F(ChatModel, LoadsOlderMessagesWhenOneScrollsToTheFirst) {
  json newest = json::array();
  for (std::uint64_t i = 300; i < 500; ++i) newest.push_back(said(i, "m" + std::to_string(i)));
  open(newest);
  EXPECT_EQ(take("read").params["mark"], true);
  EXPECT_FALSE(was_asked("read"));
  for (int i = 0; i < 20; ++i) press(Kind::page_up);
  const Request older = take("read");
  EXPECT_EQ(older.params, (json{{"conversation", "c0ffee00"}, {"first", 200}, {"limit", 100}}));
  EXPECT_FALSE(was_asked("read")) << "one at a time";
  json some = json::array();
  for (std::uint64_t i = 200; i < 300; ++i) some.push_back(said(i, "m" + std::to_string(i)));
  answer(older, {{"messages", some}, {"cursor", 7}, {"next", 300}});
  press(Kind::page_up);
  EXPECT_TRUE(shows("bob: m29")) << screen();
  press(Kind::escape);
  EXPECT_TRUE(shows("bob: m499")) << screen();
}

TEST_F(ChatModel, AsksOnForWhatDidNotFitIntoAnAnswer) {
  json newest = json::array();
  for (std::uint64_t i = 100; i < 110; ++i) newest.push_back(said(i, "m"));
  open(newest);
  take("read");  // the mark: it is the first that is asked
  const Request older = take("read");
  EXPECT_EQ(older.params["first"], 0);
  answer(older, {{"messages", json::array({said(0, "first half")})}, {"next", 50}});
  const Request rest = take("read");
  EXPECT_EQ(rest.params["first"], 50);
  answer(rest, {{"messages", json::array({said(60, "second half")})}, {"next", 100}});
  EXPECT_TRUE(shows("first half")) << screen();
  EXPECT_TRUE(shows("second half"));
}

TEST_F(ChatModel, WhatComesWhileOneReadsOlderOnesIsMarkedAsReadLater) {
  json newest = json::array();
  for (std::uint64_t i = 0; i < 60; ++i) newest.push_back(said(i, "m" + std::to_string(i)));
  open(newest);
  take("read");
  press(Kind::page_up);
  tell("message", said(60, "news"));
  EXPECT_FALSE(was_asked("read"));
  EXPECT_FALSE(shows("news"));
  EXPECT_TRUE(shows("older; Esc: newest"));
  press(Kind::escape);
  EXPECT_EQ(take("read").params["first"], 60);
  EXPECT_TRUE(shows("news"));
}

TEST_F(ChatModel, AStrangersRequestIsAnsweredBeforeAnythingIsSaid) {
  json first = said(0, "hi");
  first["request"] = true;
  open(json::array({first}), true);
  EXPECT_TRUE(shows("/accept, /delete or /block"));
  EXPECT_FALSE(was_asked("read")) << "nobody hears that it was read";
  line("who are you?");
  EXPECT_FALSE(was_asked("send"));
  line("/attach a.txt");
  EXPECT_FALSE(was_asked("attachment.send"));
  press(Kind::erase_to_start);
  line("/accept");
  answer(take("request.accept"), conversation());
  answer(take("read"), {{"messages", json::array({said(0, "hi")})}, {"cursor", 9}});
  EXPECT_FALSE(shows("/accept, /delete or /block")) << screen();
  line("hello");
  EXPECT_TRUE(was_asked("send"));
}

TEST_F(ChatModel, RepliesReactsEditsAndTakesBackByNumber) {
  json own = said(1, "mine", "alice@here");
  own["delivery"] = "sent";
  open(json::array({said(0, "hi"), own}));
  line("/reply 0 indeed");
  EXPECT_EQ(take("send").params["reply"], "0");
  line("/reply #0");
  EXPECT_TRUE(shows("answers #0: hi"));
  line("in two steps");
  EXPECT_EQ(take("send").params, (json{{"to", "c0ffee00"}, {"text", "in two steps"}, {"reply", "0"}}));
  EXPECT_FALSE(shows("answers #0"));
  line("/react 0 :heart:");
  EXPECT_EQ(take("message.react").params, (json{{"message", "0"}, {"text", "❤️"}}));
  line("/unreact 0 👍");
  EXPECT_EQ(take("message.react").params["remove"], true);
  line("/react 0 :nosuchthing:");
  EXPECT_FALSE(was_asked("message.react"));
  line("/edit");
  EXPECT_TRUE(shows("> mine"));
  type("!");
  press(Kind::enter);
  EXPECT_EQ(take("message.edit").params, (json{{"message", "1"}, {"text", "mine!"}}));
  line("/unsend 1");
  EXPECT_EQ(take("message.unsend").params["message"], "1");
  line("/unsend 77");
  EXPECT_TRUE(shows("There is no message #77"));
  EXPECT_FALSE(was_asked("message.unsend"));
}

TEST_F(ChatModel, SendsAndSavesFilesAndShowsHowFarTheyAre) {
  json file = said(0, "look");
  file["attachment"] = {{"name", "p.png"}, {"size", 100}};
  open(json::array({file, said(1, "no file")}));
  line("/attach notes.txt read this");
  EXPECT_EQ(take("attachment.send").params,
            (json{{"to", "c0ffee00"}, {"file", "/home/alice/docs/notes.txt"}, {"text", "read this"}, {"wait_ms", 0}}));
  line("/attach \"~/a b.txt\"");
  EXPECT_EQ(take("attachment.send").params["file"], "/home/alice/a b.txt");
  json transfer = {{"conversation", "c0ffee00"}, {"kind", "save"},      {"state", "running"}, {"name", "p.png"},
                   {"size", 100'000'000},        {"doing", "fetching"}, {"done", 50'000'000}};
  tell("attachment", transfer);
  EXPECT_TRUE(shows("fetching p.png: 50.0 MB of 100.0 MB")) << screen();
  transfer["state"] = "done";
  transfer["path"] = "/home/alice/docs/p.png";
  tell("attachment", transfer);
  EXPECT_TRUE(shows("Saved: /home/alice/docs/p.png"));
  line("/save 0");
  EXPECT_EQ(take("attachment.save").params["folder"], "/home/alice/docs");
  line("/save 1");
  EXPECT_TRUE(shows("No file came with that message."));
}

TEST_F(ChatModel, SearchesHereAndGoesToWhatItFound) {
  json newest = json::array();
  for (std::uint64_t i = 300; i < 500; ++i) newest.push_back(said(i, "m" + std::to_string(i)));
  open(newest);
  take("read");
  line("/search old thing");
  const Request search = take("search");
  EXPECT_EQ(search.params["conversation"], "c0ffee00");
  EXPECT_EQ(search.params["words"], "old thing");
  answer(search, {{"messages", json::array({said(400, "an old thing"), said(20, "the old thing")})}});
  EXPECT_TRUE(shows("#20 bob: the old thing")) << screen();
  press(Kind::down);
  press(Kind::enter);
  const Request older = take("read");
  EXPECT_EQ(older.params["first"], 0);
  json some = json::array();
  for (std::uint64_t i = 0; i < 300; ++i) some.push_back(said(i, i == 20 ? "the old thing" : "x"));
  answer(older, {{"messages", some}});
  EXPECT_TRUE(shows("#20 bob: the old thing")) << screen();
  EXPECT_FALSE(shows("m499"));
}

TEST_F(ChatModel, BeginsAConversationWithTheFirstLine) {
  answer(take("status"), {{"name", "alice@here"}});
  answer(take("conversations"), {{"conversations", json::array()}});
  refuse(take("conversation.set"), "not_found", "There is none.");
  take("follow");
  EXPECT_TRUE(shows("what you write begins one"));
  line("/members");
  line("hello");
  const Request send = take("send");
  EXPECT_EQ(send.params["to"], "bob");
  answer(send, said(0, "hello", "alice@here"));
  answer(take("conversations"), {{"conversations", json::array({conversation()})}});
  answer(take("read"), {{"messages", json::array({said(0, "hello", "alice@here")})}, {"cursor", 1}});
  EXPECT_TRUE(shows("#0 alice: hello")) << screen();
  EXPECT_FALSE(was_asked("follow")) << "it follows already";
}

TEST_F(ChatModel, FindsAConversationThatStandsOnALaterPage) {
  answer(take("status"), {{"name", "alice@here"}, {"connected", true}});
  json other = conversation();
  other["id"] = "deadbeef";
  other["names"] = {"alice@here", "eve@here"};
  answer(take("conversations"), {{"conversations", json::array({other})}, {"next", "0102"}});
  const Request second = take("conversations");
  EXPECT_EQ(second.params, (json{{"archived", true}, {"first", "0102"}}));
  answer(second, {{"conversations", json::array({conversation()})}});
  answer(take("conversations"), {{"conversations", json::array({conversation(), other})}});
  answer(take("read"), {{"messages", json::array({said(0, "hi")})}, {"cursor", 7}});
  EXPECT_TRUE(shows("#0 bob: hi")) << screen();
}

TEST_F(ChatModel, EndsWithASentenceWhenMoreThanOneIsMeant) {
  answer(take("status"), {{"name", "alice@here"}});
  json other = conversation();
  other["id"] = "c0ffee01";
  answer(take("conversations"), {{"conversations", json::array({conversation(), other})}});
  refuse(take("conversation.set"), "conflict", "More than one is meant.");
  EXPECT_TRUE(model_.over());
  EXPECT_EQ(model_.last_words(), "More than one is meant.");
}

TEST_F(ChatModel, IgnoresWhatIsSaidElsewhere) {
  open();
  json other = said(1, "elsewhere", "eve@here");
  other["conversation"] = "deadbeef";
  tell("message", other);
  EXPECT_FALSE(shows("elsewhere"));
}

TEST_F(ChatModel, MentionsWhoIsHere) {
  open();
  line("@bob, look; not x@bob nor @carol");
  EXPECT_EQ(take("send").params,
            (json{{"to", "c0ffee00"}, {"text", "@bob, look; not x@bob nor @carol"}, {"mentions", {"bob"}}}));
  line("no mention");
  EXPECT_FALSE(take("send").params.contains("mentions"));
  type("hey @b");
  press(Kind::complete);
  EXPECT_TRUE(shows("> hey @bob ")) << screen();
  press(Kind::complete);
  EXPECT_TRUE(shows("> hey @bob ")) << "there is nothing to complete";
}

TEST_F(ChatModel, ShowsMentionsByNameAndMarksOnesOwn) {
  json first = said(0, "ask [@carol](mimi://here/u/bob) or [@alice](mimi://here/u/alice)");
  first["mentions"] = {"bob@here", "alice@here"};
  open(json::array({first}));
  EXPECT_TRUE(shows("#0 bob: ask @bob or @alice  (mentions you)")) << screen();
}

TEST_F(ChatModel, SaysThatAnotherConversationHasNewsUntilItIsRead) {
  open();
  json other = said(3, "elsewhere", "eve@here");
  other["conversation"] = "deadbeef";
  tell("message", other);
  EXPECT_FALSE(was_asked("conversation.set")) << "it does not ring: it is muted, say";
  other["rings"] = true;
  tell("message", other);
  const Request asked = take("conversation.set");
  EXPECT_EQ(asked.params, (json{{"conversation", "deadbeef"}}));
  EXPECT_FALSE(shows("New elsewhere"));
  const json settings = {{"id", "deadbeef"},
                         {"title", ""},
                         {"names", {"alice@here", "eve@here"}},
                         {"petnames", {{"eve@here", "Evie"}}},
                         {"unread", 2}};
  answer(asked, settings);
  EXPECT_TRUE(shows("New elsewhere: Evie (2)")) << screen();
  EXPECT_FALSE(shows("elsewhere\n")) << "what it is stays there";
  json group = said(1, "x", "dora@here");
  group["conversation"] = "ab";
  group["rings"] = true;
  tell("message", group);
  answer(take("conversation.set"), {{"id", "ab"}, {"title", "walkers\x1b"}, {"names", json::array()}, {"unread", 1}});
  EXPECT_TRUE(shows("New elsewhere: walkers  (1), Evie (2)")) << screen();
  // It is read on another device.
  model_.tick(7'000);
  json read = settings;
  read["unread"] = 0;
  Request again = take("conversation.set");
  if (again.params["conversation"] != "deadbeef") again = take("conversation.set");
  answer(again, read);
  EXPECT_TRUE(shows("New elsewhere: walkers  (1)\n")) << screen();
  press(Kind::escape);
  EXPECT_FALSE(shows("New elsewhere")) << screen();
  json here = said(1, "hi again");
  here["rings"] = true;
  tell("message", here);
  EXPECT_FALSE(shows("New elsewhere")) << screen();
}

TEST_F(ChatModel, AsksAnewOnceHoweverManyNoticesCome) {
  open();
  json notice = said(1, "eve was added.");
  notice["delivery"] = "notice";
  for (std::uint64_t i = 1; i < 10; ++i) {
    notice["index"] = i;
    tell("message", notice);
  }
  const Request first = take("conversations");
  EXPECT_FALSE(was_asked("conversations")) << "it is asked already";
  answer(first, {{"conversations", json::array({conversation()})}});
  json renamed = conversation();
  renamed["title"] = "the two of us";
  answer(take("conversations"), {{"conversations", json::array({renamed})}});
  EXPECT_TRUE(shows("the two of us")) << screen();
  EXPECT_FALSE(was_asked("conversations")) << "once more, and no more";
  notice["index"] = 10;
  tell("message", notice);
  refuse(take("conversations"), "unavailable", "Not now.");
  notice["index"] = 11;
  tell("message", notice);
  EXPECT_TRUE(was_asked("conversations")) << "also after one that failed";
}

TEST_F(ChatModel, ShowsAllVersionsOfAMessageThatComeInSeveralAnswers) {
  open();
  line("/history 0");
  const Request first = take("message.history");
  answer(first, {{"versions", json::array({{{"time_ms", 1}, {"text", "the first words"}}})}, {"next", "0a"}});
  EXPECT_FALSE(shows("the first words")) << "not a part of it";
  const Request second = take("message.history");
  EXPECT_EQ(second.params["message"], first.params["message"]);
  EXPECT_EQ(second.params["first"], "0a");
  answer(second, {{"versions", json::array({{{"time_ms", 2}, {"text", "the last words"}}})}});
  EXPECT_TRUE(shows("the first words")) << screen();
  EXPECT_TRUE(shows("the last words")) << screen();
}

TEST_F(ChatModel, AsksForArchivedConversationsToo) {
  answer(take("status"), {{"name", "alice@here"}, {"connected", true}});
  EXPECT_EQ(take("conversations").params, (json{{"archived", true}}));
}

TEST_F(ChatModel, RingsForWhatRingsUntilThatIsSwitchedOff) {
  open();
  EXPECT_FALSE(model_.take_bell());
  json news = said(1, "news");
  tell("message", news);
  EXPECT_FALSE(model_.take_bell()) << "the client does not say so";
  news["rings"] = true;
  tell("message", news);
  EXPECT_TRUE(model_.take_bell());
  EXPECT_FALSE(model_.take_bell()) << "once";
  line("/bell off");
  EXPECT_TRUE(shows("It does not ring.")) << screen();
  tell("message", news);
  EXPECT_FALSE(model_.take_bell());
  line("/bell loud");
  EXPECT_TRUE(shows("Write /bell on or /bell off.")) << screen();
  line("/bell on");
  tell("message", news);
  EXPECT_TRUE(model_.take_bell());
}

TEST_F(ChatModel, ShowsAnAlarmUntilAKeyIsPressed) {
  open();
  tell("alarm", {{"kind", "device"}, {"sentence", "A device was added."}});
  EXPECT_TRUE(shows("ALARM: A device was added."));
}

TEST_F(ChatModel, TellsNowAndThenThatItsOwnerWrites) {
  open();
  type("h");
  EXPECT_EQ(take("typing").params, (json{{"conversation", "c0ffee00"}}));
  type("e");
  EXPECT_FALSE(was_asked("typing"));
  model_.tick(1000 + 4500);
  type("l");
  EXPECT_TRUE(was_asked("typing"));
  asked_.clear();
  press(Kind::erase_to_start);
  model_.tick(1000 + 20'000);
  type("/search x");
  EXPECT_FALSE(was_asked("typing")) << "that is for nobody else";
}

TEST_F(ChatModel, ShowsWhoWritesUntilTheySaySomethingOrStop) {
  open();
  tell("typing", {{"conversation", "c0ffee00"}, {"typing", "bob@here"}});
  EXPECT_TRUE(shows("bob is writing..."));
  tell("message", said(1, "there"));
  EXPECT_FALSE(shows("is writing"));
  tell("typing", {{"conversation", "c0ffee00"}, {"typing", "bob@here"}});
  tell("typing", {{"conversation", "deadbeef"}, {"typing", "eve@here"}});
  EXPECT_TRUE(shows("bob is writing..."));
  model_.tick(1000 + 6'000);
  EXPECT_FALSE(shows("is writing"));
}

TEST_F(ChatModel, ScreensHaveTheSizeOfTheTerminalWhateverThatIs) {
  open();
  model_.key({Kind::paste, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj"});
  for (const Size size : {Size{24, 80}, Size{6, 20}, Size{3, 5}, Size{1, 1}, Size{60, 200}}) {
    model_.resized(size);
    const Screen screen = model_.view();
    EXPECT_EQ(screen.rows.size(), static_cast<std::size_t>(size.rows));
    EXPECT_LT(screen.cursor_row, size.rows);
    EXPECT_LT(screen.cursor_column, size.columns);
  }
}

TEST_F(ChatModel, DrawsPicturesUnlessItIsToldNotTo) {
  const auto draws = [this] {
    for (const ScreenRow& row : model_.view().rows) {
      if (!row.empty() && row.back().colours) return true;
    }
    return false;
  };
  json message = said(1, "look");
  const Bytes jpeg = testing::jpeg_of(testing::four_quarters(16, 16));
  message["attachment"] = {{"name", "a.jpg"}, {"size", 1}, {"preview", {{"data", to_base64(jpeg)}}}};
  open();
  tell("message", message);
  EXPECT_TRUE(draws());
  line("/pictures off");
  EXPECT_FALSE(draws());
  line("/pictures");
  EXPECT_TRUE(shows("Write /pictures on or /pictures off."));
  line("/pictures on");
  EXPECT_TRUE(draws());
  EXPECT_TRUE(shows("[file: a.jpg, 1 bytes; /save 1]"));
}

TEST_F(ChatModel, SendsNoPictureOfAFileWhenItIsToldNotTo) {
  open();
  line("/attach a.jpg");
  EXPECT_FALSE(take("attachment.send").params.contains("preview"));  // so one is made
  line("/pictures off");
  line("/attach b.jpg look");
  EXPECT_EQ(take("attachment.send").params.value("preview", "none was said"), "");
  line("/pictures on");
  line("/attach c.jpg");
  EXPECT_FALSE(take("attachment.send").params.contains("preview"));
}

TEST_F(ChatModel, DrawsNoPicturesWhereThereAreNoColours) {
  Model plain({"bob", "/home/alice/docs", "/home/alice", false}, {24, 80}, 1000);
  plain.key({Kind::text, "/pictures on"});
  plain.key({Kind::enter, ""});
  std::string all;
  for (const ScreenRow& row : plain.view().rows) {
    for (const Span& span : row) all += span.text;
  }
  EXPECT_NE(all.find("This terminal has no 256 colours"), std::string::npos) << all;
}

TEST_F(ChatModel, KeepsADraftOfALineThatWasNotSent) {
  open();
  type("unfinished");
  press(Kind::interrupt);
  EXPECT_TRUE(model_.over());
  EXPECT_EQ(take("conversation.set").params["draft"], "unfinished");
}

}  // namespace
}  // namespace cairn::apps::chat
