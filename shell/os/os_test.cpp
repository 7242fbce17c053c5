#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/os/file.h"
#include "shell/os/stop_signal.h"
#include "tests/support/scratch_folder.h"

namespace cairn::os {
namespace {

using testing::ScratchFolder;

mode_t mode_of(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

TEST(Clock, IsInThisMillenniumAndGoesOn) {
  EXPECT_GT(now().ms, 1'700'000'000'000u);
  const std::uint64_t start = monotonic_ms();
  ::usleep(3000);
  EXPECT_GE(monotonic_ms(), start + 2);
}

TEST(SystemEntropy, DoesNotRepeatItself) {
  SystemEntropy entropy;
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) {
    Bytes value(300);  // above the 256 bytes that getrandom gives uninterrupted
    entropy.fill(value);
    EXPECT_TRUE(seen.insert(value).second);
  }
}

TEST(File, GivesBackWhatWasWrittenWithAPrivateMode) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder.file("a"), to_bytes("one")));
  ASSERT_TRUE(write_file(folder.file("a"), to_bytes("two")));
  EXPECT_EQ(*read_file(folder.file("a"), 3), to_bytes("two"));
  EXPECT_EQ(mode_of(folder.file("a")), 0600u);
}

TEST(File, IsCreatedOnceAndNeverReplaced) {
  const ScratchFolder folder;
  ASSERT_TRUE(create_file(folder.file("a"), to_bytes("one")));
  EXPECT_EQ(mode_of(folder.file("a")), 0600u);
  EXPECT_EQ(create_file(folder.file("a"), to_bytes("two")).error().code, ErrorCode::duplicate);
  EXPECT_EQ(*read_file(folder.file("a"), 3), to_bytes("one"));
  ASSERT_EQ(::symlink(folder.file("nothing").c_str(), folder.file("link").c_str()), 0);
  EXPECT_EQ(create_file(folder.file("link"), to_bytes("two")).error().code, ErrorCode::duplicate);
  EXPECT_EQ(create_file(folder.file("nowhere/a"), to_bytes("x")).error().code, ErrorCode::not_found);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);  // the file and the link
}

TEST(File, LeavesNothingBesideIt) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder.file("a"), Bytes(100'000, 1)));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(File, RefusesWhatIsMissingTooLargeOrAFolder) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder.file("a"), to_bytes("four")));
  EXPECT_EQ(read_file(folder.file("b"), 10).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_file(folder.file("a"), 3).error().code, ErrorCode::over_limit);
  EXPECT_EQ(read_file(folder.path(), 10).error().code, ErrorCode::storage_failed);
  EXPECT_FALSE(write_file(folder.file("nowhere/a"), to_bytes("x")));
}

// Root may write anywhere, so this says something to others alone; what it wants holds for both.
TEST(File, OfASecretIsWipedThoughItMayNotBeWritten) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder.file("key"), to_bytes("secret")));
  ASSERT_EQ(::link(folder.file("key").c_str(), folder.file("other name").c_str()), 0);
  ASSERT_EQ(::chmod(folder.file("key").c_str(), 0400), 0);
  ASSERT_TRUE(write_over_secret(folder.file("key"), to_bytes("sealed")));
  EXPECT_EQ(*read_file(folder.file("key"), 6), to_bytes("sealed"));
  EXPECT_EQ(*read_file(folder.file("other name"), 6), Bytes(6));
}

TEST(File, OfASecretThatCannotBeWipedIsNotReplaced) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.file("key"));  // what cannot be opened to be written, even by root
  EXPECT_FALSE(write_over_secret(folder.file("key"), to_bytes("sealed")));
  EXPECT_TRUE(std::filesystem::is_directory(folder.file("key")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(DataFolder, IsMadePrivateWithTheFoldersAboveIt) {
  const ScratchFolder scratch;
  const auto folder = DataFolder::open(scratch.file("a/b/c"));
  ASSERT_TRUE(folder) << folder.error().where;
  EXPECT_EQ(mode_of(scratch.file("a/b/c")), 0700u);
  EXPECT_EQ(folder->file("x"), scratch.file("a/b/c/x"));
}

TEST(DataFolder, IsHeldByOneAtATime) {
  const ScratchFolder scratch;
  {
    auto first = DataFolder::open(scratch.file("data"));
    ASSERT_TRUE(first);
    const DataFolder moved = std::move(*first);
    const auto second = DataFolder::open(scratch.file("data"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
  }
  EXPECT_TRUE(DataFolder::open(scratch.file("data")));
}

TEST(DataFolder, IsFreeAgainWhenItsHolderIsKilled) {
  const ScratchFolder scratch;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = DataFolder::open(scratch.file("data"));
    if (::write(ready[1], held ? "y" : "n", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(DataFolder::open(scratch.file("data")));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(DataFolder::open(scratch.file("data")));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(DataFolder, RefusesAFolderIntoWhichOthersLook) {
  const ScratchFolder scratch;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0755), 0);
  const auto folder = DataFolder::open(scratch.path());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::invalid_state);
}

TEST(DataFolder, LiesWhereXdgSays) {
  ::setenv("HOME", "/home/somebody", 1);
  ::setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(*default_data_folder("cairn"), "/data/cairn");
  ::setenv("XDG_DATA_HOME", "relative", 1);
  EXPECT_EQ(*default_data_folder("cairn"), "/home/somebody/.local/share/cairn");
  ::unsetenv("XDG_DATA_HOME");
  ::unsetenv("HOME");
  EXPECT_EQ(default_data_folder("cairn").error().code, ErrorCode::not_found);
}

bool is_readable(int descriptor) {
  pollfd watched = {descriptor, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

TEST(StopSignal, TurnsTheSignalsIntoSomethingReadable) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const StopSignal stop;
    EXPECT_FALSE(is_readable(stop.descriptor()));
    ::kill(::getpid(), signal);
    EXPECT_TRUE(is_readable(stop.descriptor()));
    EXPECT_TRUE(is_readable(stop.descriptor()));
  }
}

TEST(StopSignal, LetsTheNextSignalEndTheProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    { const StopSignal stop; }
    ::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace
}  // namespace cairn::os
