#include "shell/files/local_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/proto/api.h"
#include "core/proto/files.h"
#include "tests/support/scratch_folder.h"

namespace cairn::files {
namespace {

namespace fs = std::filesystem;

class LocalFiles : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder.file(name); }
  void make(const std::string& name, const std::string& content) { std::ofstream(path(name)) << content; }
  std::string content(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  template <class Request>
  int ask(std::string_view url, const Request& request) {
    proto::Call call;
    call.url = url;
    call.body = wire::encode(request);
    last = answer_file_call(call);
    return last.status;
  }
  ErrorCode error() const { return wire::decode<proto::ErrorAnswer>(last.body)->code; }
  proto::FilePiece piece() const { return *wire::decode<proto::FilePiece>(last.body); }
  proto::FileHave have() const { return *wire::decode<proto::FileHave>(last.body); }

  testing::ScratchFolder folder;
  proto::FileId id;
  proto::CallReply last;
};

TEST_F(LocalFiles, ReadsPiecesOfOneStateOfAFile) {
  make("a", "0123456789");
  ASSERT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("a"), {}, 0, 0}), 200);
  EXPECT_EQ(piece().size, 10u);
  const auto stamp = piece().stamp;
  ASSERT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("a"), stamp, 4, 3}), 200);
  EXPECT_EQ(as_text(piece().data), "456");
  ASSERT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("a"), stamp, 8, 100}), 200);
  EXPECT_EQ(as_text(piece().data), "89");
  make("b", "0123456789");
  fs::rename(path("b"), path("a"));  // another file of the same content and size
  EXPECT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("a"), stamp, 4, 3}), 409);
  ASSERT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("a"), {}, 0, 0}), 200);
  const auto second = piece().stamp;
  std::ofstream(path("a"), std::ios::app) << "x";
  EXPECT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("a"), second, 4, 3}), 409);
}

TEST_F(LocalFiles, ReadsPlainFilesAlone) {
  EXPECT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("none"), {}, 0, 1}), 404);
  EXPECT_EQ(ask(proto::kUrlFileRead, proto::FileRead{folder.path(), {}, 0, 1}), 501);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(ask(proto::kUrlFileRead, proto::FileRead{path("pipe"), {}, 0, 1}), 501);  // and nobody waits
  proto::FileRead relative{"a", {}, 0, 1};
  EXPECT_EQ(ask(proto::kUrlFileRead, relative), 400);
  EXPECT_EQ(ask("local-file:other", relative), 404);
}

TEST_F(LocalFiles, AFileGathersAndComesToItsPlaceWhole) {
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("new"), id, 0, {}}), 200);
  EXPECT_EQ(have().size, 0u);
  EXPECT_FALSE(have().place_is_taken);
  EXPECT_FALSE(fs::exists(have().part));
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("new"), id, 0, to_bytes("hello ")}), 200);
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("new"), id, 6, to_bytes("wurld")}), 200);
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("new"), id, 6, to_bytes("world")}), 200);  // again
  EXPECT_EQ(have().size, 11u);
  EXPECT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("new"), id, 12, to_bytes("!")}), 409);
  EXPECT_FALSE(fs::exists(path("new")));
  EXPECT_EQ(ask(proto::kUrlFileFinish, proto::FileFinish{path("new"), id, 12}), 409);
  ASSERT_EQ(ask(proto::kUrlFileFinish, proto::FileFinish{path("new"), id, 11}), 200);
  EXPECT_EQ(content("new"), "hello world");
  struct stat facts {};
  ASSERT_EQ(::stat(path("new").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST_F(LocalFiles, OverwritesNothing) {
  make("there", "mine");
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("there"), id, 0, {}}), 200);
  EXPECT_TRUE(have().place_is_taken);
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("there"), id, 0, to_bytes("theirs")}), 200);
  EXPECT_EQ(ask(proto::kUrlFileFinish, proto::FileFinish{path("there"), id, 6}), 409);
  EXPECT_EQ(content("there"), "mine");
  fs::create_symlink(path("elsewhere"), path("link"));
  proto::FileId other;
  other.mutable_view()[0] = 1;
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("link"), other, 0, to_bytes("x")}), 200);
  EXPECT_EQ(ask(proto::kUrlFileFinish, proto::FileFinish{path("link"), other, 1}), 409);
  EXPECT_FALSE(fs::exists(path("elsewhere")));
  ASSERT_EQ(ask(proto::kUrlFileDrop, proto::FileDrop{path("there"), id}), 200);
  EXPECT_EQ(ask(proto::kUrlFileFinish, proto::FileFinish{path("there"), id, 6}), 404);
  ASSERT_EQ(ask(proto::kUrlFileDrop, proto::FileDrop{path("there"), id}), 200);
}

TEST_F(LocalFiles, APartIsNotWrittenThroughALink) {
  make("secret", "mine");
  ASSERT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("new"), id, 0, {}}), 200);
  fs::create_symlink(path("secret"), have().part);
  EXPECT_EQ(ask(proto::kUrlFileWrite, proto::FileWrite{path("new"), id, 0, to_bytes("theirs")}), 409);
  EXPECT_EQ(content("secret"), "mine");
}

TEST_F(LocalFiles, AnEmptyFileIsOneToo) {
  ASSERT_EQ(ask(proto::kUrlFileFinish, proto::FileFinish{path("empty"), id, 0}), 200);
  EXPECT_TRUE(fs::exists(path("empty")));
  EXPECT_EQ(content("empty"), "");
}

}  // namespace
}  // namespace cairn::files
