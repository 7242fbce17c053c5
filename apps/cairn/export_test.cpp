#include "apps/cairn/export.h"

#include <gtest/gtest.h>

#include <fstream>

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

TEST(Export, SaysSoWhenTheFolderCannotBeWritten) {
  const testing::ScratchFolder folder;
  std::ofstream(folder.file("file")) << "x";
  FakeSpeaker speaker(1);
  const Reply reply = export_all(speaker, folder.file("file/out"));
  EXPECT_EQ(reply.exit, Exit::refused);
  EXPECT_TRUE(reply.sentence.ends_with('.'));
}

}  // namespace
}  // namespace cairn::apps
