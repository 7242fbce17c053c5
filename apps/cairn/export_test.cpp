#include "apps/cairn/export.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/support/scratch_folder.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

/// A client with one conversation of so many messages, read a page at a time.
class FakeSpeaker final : public Speaker {
 public:
  explicit FakeSpeaker(std::uint64_t messages) : messages_(messages) {}

  Reply ask(const std::string& method, json params, const std::function<void(const json&)>&) override {
    if (method == "conversations") {
      return {Exit::done, {{"conversations", {{{"id", "00ff"}, {"names", {"bob@<b>"}}, {"title", ""}}}}}, {}, {}};
    }
    json page = json::array();
    const std::uint64_t first = params["first"];
    for (std::uint64_t i = first; i < messages_ && i < first + params["limit"].get<std::uint64_t>(); ++i) {
      page.push_back({{"index", i}, {"sender", "bob"}, {"text", "<script>" + std::to_string(i)}, {"time_ms", 0}});
    }
    return {Exit::done, {{"messages", page}}, {}, {}};
  }
  void listen(const std::function<void(const json&)>&) override {}

 private:
  std::uint64_t messages_;
};

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Export, WritesAllMessagesAsPagesAndAsJson) {
  const testing::ScratchFolder folder;
  FakeSpeaker speaker(1203);
  const Reply reply = export_all(speaker, folder.file("out"));
  EXPECT_EQ(reply.exit, Exit::done);
  EXPECT_EQ(reply.result["messages"], 1203);
  const json data = json::parse(content(folder.file("out/1.json")));
  EXPECT_EQ(data["messages"].size(), 1203u);
  EXPECT_NE(content(folder.file("out/1.html")).find("&lt;script&gt;1202"), std::string::npos);
  EXPECT_NE(content(folder.file("out/index.html")).find("bob@&lt;b&gt;"), std::string::npos);
}

TEST(Export, WhatOthersWroteIsTextAndNothingElse) {
  const std::string page = export_page("\"><script>", {{{"text", "<img src=x onerror='y'>&"}, {"sender", "<a>"}}});
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("<a>"), std::string::npos);
  EXPECT_NE(page.find("&lt;img src=x onerror=&#39;y&#39;&gt;&amp;"), std::string::npos);
}

TEST(Export, AWarningStandsOnThePageAsText) {
  const json messages = {{{"text", "hello"}}};
  const std::string page = export_page("Walk", messages, "<nobody> checked this");
  const auto at = page.find("&lt;nobody&gt; checked this");
  EXPECT_LT(at, page.find("hello"));
  EXPECT_EQ(export_page("Walk", messages).find("<b>"), std::string::npos);
}

TEST(Export, SaysSoWhenTheFolderCannotBeWritten) {
  const testing::ScratchFolder folder;
  std::ofstream(folder.file("file")) << "x";
  FakeSpeaker speaker(1);
  const Reply reply = export_all(speaker, folder.file("file/out"));
  EXPECT_EQ(reply.exit, Exit::refused);
  EXPECT_TRUE(reply.sentence.ends_with('.'));
}

/// A conversation with files, of which some are saved and others are not.
class FileSpeaker final : public Speaker {
 public:
  explicit FileSpeaker(std::vector<std::string> names) : names_(std::move(names)) {}

  Reply ask(const std::string& method, json params, const std::function<void(const json&)>&) override {
    if (method == "conversations") return {Exit::done, {{"conversations", {{{"id", "00ff"}, {"title", "w"}}}}}, {}, {}};
    if (method == "read") return read(params["first"]);
    asked.push_back(method + " " + params.value("message", params.value("transfer", "")));
    if (method == "attachment.cancel") return {Exit::done, json::object(), {}, {}};
    if (params["message"] == is_gone) return {Exit::refused, {}, why_gone, "not_found"};
    if (unreached.contains(params["message"])) return {Exit::unreachable, {{"transfer", "0a"}}, "No answer.", {}};
    std::ofstream(params["file"].get<std::string>()) << "four";
    return {Exit::done, {{"state", "done"}}, {}, {}};
  }
  void listen(const std::function<void(const json&)>&) override {}

  std::string is_gone;
  std::string why_gone = "It was not saved: it is <gone>.";
  std::set<std::string> unreached;
  std::vector<std::string> asked;

 private:
  Reply read(std::uint64_t first) {
    json page = json::array();
    for (std::uint64_t i = first; i < names_.size(); ++i) {
      page.push_back({{"index", i}, {"id", "id" + std::to_string(i)}, {"text", ""}, {"time_ms", 0}});
      page.back()["attachment"] = {{"name", names_[i]}, {"size", 4}};
    }
    return {Exit::done, {{"messages", page}}, {}, {}};
  }

  std::vector<std::string> names_;
};

TEST(Export, LinksNoFileThatABrowserRuns) {
  const testing::ScratchFolder folder;
  FileSpeaker speaker({"plan.html", "plan.SVG", "plan", "plan.xhtml", "a.mht", "plan.png.htm", "plan.PNG", "plan.pdf"});
  ASSERT_EQ(export_all(speaker, folder.file("out"), ExportFiles::saved).result["files"], 8);
  const std::string page = content(folder.file("out/1.html"));
  for (const char* bad : {"0-plan.html", "1-plan.SVG", "2-plan", "3-plan.xhtml", "4-a.mht", "5-plan.png.htm"}) {
    EXPECT_EQ(page.find(std::string("files-00ff/") + bad + "\">"), std::string::npos) << page;
    EXPECT_NE(page.find(std::string("saved as files-00ff/") + bad + "]"), std::string::npos) << page;
  }
  for (const char* good : {"6-plan.PNG", "7-plan.pdf"}) {
    EXPECT_NE(page.find(std::string("href=\"files-00ff/") + good + "\">"), std::string::npos) << page;
  }
}

TEST(Export, SaysInNoPageWhereItsFolderLies) {
  const testing::ScratchFolder folder;
  FileSpeaker speaker({"a.png"});
  speaker.is_gone = "id0";
  speaker.why_gone = "Something stands at " + folder.file("out") + "/files-00ff/0-a.png already.";
  ASSERT_EQ(export_all(speaker, folder.file("out"), ExportFiles::saved).exit, Exit::done);
  for (const char* file : {"out/1.html", "out/1.json"}) {
    const std::string all = content(folder.file(file));
    EXPECT_EQ(all.find(folder.file("out")), std::string::npos) << all;
    EXPECT_NE(all.find("Something stands at files-00ff/0-a.png already."), std::string::npos) << all;
  }
}

TEST(Export, SavesFilesBesideThePageAndSaysWhatIsGone) {
  const testing::ScratchFolder folder;
  FileSpeaker speaker({"map #1.png", "old \"<b>.txt"});
  speaker.is_gone = "id1";
  const Reply reply = export_all(speaker, folder.file("out"), ExportFiles::saved);
  ASSERT_EQ(reply.exit, Exit::done) << reply.sentence;
  EXPECT_EQ(reply.result["files"], 1);
  ASSERT_EQ(reply.result["not_saved"].size(), 1u);
  EXPECT_EQ(content(folder.file("out/files-00ff/0-map #1.png")), "four");
  const std::string page = content(folder.file("out/1.html"));
  EXPECT_NE(page.find("<a rel=\"noreferrer\" href=\"files-00ff/0-map%20%231.png\">map #1.png</a>"), std::string::npos)
      << page;
  EXPECT_NE(page.find("[file: old &quot;&lt;b&gt;.txt. It is not here. It was not saved: it is &lt;gone&gt;.]"),
            std::string::npos)
      << page;
  const json data = json::parse(content(folder.file("out/1.json")));
  EXPECT_EQ(data["messages"][0]["attachment"]["saved_as"], "files-00ff/0-map #1.png");
  EXPECT_EQ(data["messages"][1]["attachment"]["not_saved"], "It was not saved: it is <gone>.");
  EXPECT_NE(render_export(reply.result).find("Not here: old \"<b>.txt. It was not saved: it is <gone>."),
            std::string::npos);
  // What stands there is not fetched again; what was gone is asked for once more.
  speaker.asked.clear();
  speaker.is_gone.clear();
  EXPECT_EQ(export_all(speaker, folder.file("out"), ExportFiles::saved).result["files"], 2);
  EXPECT_EQ(speaker.asked, std::vector<std::string>{"attachment.save id1"});
}

TEST(Export, AServerThatIsNotReachedKeepsNoFileOfOthersAway) {
  const testing::ScratchFolder folder;
  FileSpeaker speaker({"a", "b", "c"});
  speaker.unreached = {"id1"};
  const Reply reply = export_all(speaker, folder.file("out"), ExportFiles::saved);
  ASSERT_EQ(reply.exit, Exit::done) << reply.sentence;
  EXPECT_EQ(reply.result["files"], 2);
  EXPECT_EQ(reply.result["not_saved"].size(), 1u);
  // And nothing comes there later that no page tells of.
  EXPECT_EQ(speaker.asked, (std::vector<std::string>{"attachment.save id0", "attachment.save id1",
                                                     "attachment.cancel 0a", "attachment.save id2"}));
}

TEST(Export, AfterThreeThatAreNotReachedNoMoreAreWaitedFor) {
  const testing::ScratchFolder folder;
  FileSpeaker speaker({"a", "b", "c", "d", "e"});
  speaker.unreached = {"id1", "id2", "id3"};
  const Reply reply = export_all(speaker, folder.file("out"), ExportFiles::saved);
  EXPECT_EQ(reply.result["files"], 1);
  EXPECT_EQ(reply.result["not_saved"].size(), 4u);
  EXPECT_EQ(std::ranges::count(speaker.asked, "attachment.save id4"), 0);
}

TEST(Export, WithoutBeingAskedToItSavesNoFile) {
  const testing::ScratchFolder folder;
  FileSpeaker speaker({"a.bin"});
  const Reply reply = export_all(speaker, folder.file("out"));
  EXPECT_FALSE(reply.result.contains("files"));
  EXPECT_TRUE(speaker.asked.empty());
  EXPECT_NE(content(folder.file("out/1.html")).find("[file: a.bin]"), std::string::npos);
}

}  // namespace
}  // namespace cairn::apps
