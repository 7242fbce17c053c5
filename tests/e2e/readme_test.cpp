// README's way from a clone to a first message each way: its block of commands to the letter, run by a shell.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <regex>

#include "core/base/check.h"
#include "tests/e2e/village_fixture.h"
#include "tests/support/source_dir.h"

namespace cairn::e2e {
namespace {

namespace fs = std::filesystem;

/// The block of commands below a heading of README.md.
std::string block_below(const std::string& heading) {
  std::ifstream in(std::string(testing::source_dir()) + "/README.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string fence = "\n```\n";
  const std::size_t section = text.find("\n## " + heading + "\n");
  const std::size_t first = section == std::string::npos ? section : text.find(fence, section);
  const std::size_t last = first == std::string::npos ? first : text.find(fence, first + fence.size());
  if (last == std::string::npos || text.find("\n## ", section + 1) < last) return {};
  return text.substr(first + fence.size(), last + 1 - first - fence.size());
}

/// The one rule: each port in it, a number behind "127.0.0.1:", becomes one that is free here, the same the same one.
std::string with_free_ports(std::string block) {
  const std::string host = "127\\.0\\.0\\.1:";
  std::set<std::string> ports;
  const std::regex port(host + "([0-9]+)");
  for (std::sregex_iterator at(block.begin(), block.end(), port), end; at != end; ++at) ports.insert((*at)[1]);
  EXPECT_GE(ports.size(), 3u) << "a server, a witness and an auditor";
  std::vector<std::string> free = testing::free_ports(ports.size());
  for (const std::string& one : ports) {
    block = std::regex_replace(block, std::regex(host + one + "\\b"), "127.0.0.1:<" + one + ">");
  }
  for (const std::string& one : ports) {
    block = std::regex_replace(block, std::regex("<" + one + ">"), free.back());
    free.pop_back();
  }
  return block;
}

class Readme : public VillageTest {
 protected:
  /// Runs it as a person would who has cloned into a folder: build/release/bin there has the programs of this build,
  /// and the home folder is an empty one. What it left running is ended afterwards.
  demo::Finished paste(const std::string& commands) {
    const fs::path clone = folder_ / "clone";
    const fs::path home = folder_ / "home";
    fs::create_directories(clone / "build/release");
    fs::create_directories(home);
    fs::create_directory_symlink(program_folder(), clone / "build/release/bin");
    std::ofstream(folder_ / "commands") << commands;
    const std::string start = "cd \"$1\" && HOME=\"$2\" exec /bin/sh -e \"$3\"";
    demo::Process shell = demo::Process::start({"/usr/bin/setsid", "/bin/sh", "-c", start, "sh", clone.string(),
                                                home.string(), (folder_ / "commands").string()},
                                               (folder_ / "output").string());
    const auto ended = shell.wait(std::chrono::minutes(3));
    for (const int signal : {SIGTERM, SIGKILL}) {
      ::kill(-shell.pid(), signal);
      eventually([&] { return ::kill(-shell.pid(), 0) != 0; }, std::chrono::seconds(5));
    }
    return {ended.value_or(124), shell.output(), {}};
  }
};

TEST_F(Readme, LeadsFromACloneToAFirstMessageEachWayBetweenTwoFolders) {
  const std::string block = block_below("Two laptops");
  ASSERT_FALSE(block.empty()) << "README.md has no block of commands below \"Two laptops\"";
  const demo::Finished done = paste(with_free_ports(block));
  EXPECT_EQ(done.exit_code, 0) << done.out;
  // What both see, in the order in which it was said.
  std::size_t at = 0;
  for (const char* words :
       {"alice@localhost: Shall we walk?", "alice@localhost: Shall we walk?", "bob@localhost: By the lake."}) {
    const std::size_t next = done.out.find(words, at);
    ASSERT_NE(next, std::string::npos) << words << "\n" << done.out;
    at = next + 1;
  }
  // Two laptops: each has a device, a key and a store of its own, which no other may look into.
  for (const char* laptop : {"alice", "bob"}) {
    const fs::path folder = folder_ / "home/two-laptops" / laptop;
    EXPECT_TRUE(fs::exists(folder / "store.sqlite")) << laptop;
    EXPECT_EQ(fs::status(folder).permissions() & fs::perms::all, fs::perms::owner_all) << laptop;
  }
}

}  // namespace
}  // namespace cairn::e2e
