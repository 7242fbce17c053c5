// README's way from a clone to a first message each way: its block of commands to the letter, run by a shell; and that
// the commands and options which README and docs/operating name are there.

#include <algorithm>
#include <csignal>
#include <regex>
#include <set>
#include <sstream>

#include "core/base/check.h"
#include "tests/e2e/village_fixture.h"
#include "tests/support/ports.h"
#include "tests/support/source_dir.h"

namespace cairn::e2e {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& document) {
  std::ifstream in(std::string(testing::source_dir()) + "/" + document);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The blocks of commands below a heading of README.md, in their order.
std::vector<std::string> blocks_below(const std::string& heading) {
  const std::string text = text_of("README.md");
  const std::size_t first = text.find("\n## " + heading + "\n");
  if (first == std::string::npos) return {};
  std::istringstream section(text.substr(first, text.find("\n## ", first + 1) - first));
  std::vector<std::string> out;
  bool in_block = false;
  for (std::string line; std::getline(section, line);) {
    if (line == "```") {
      in_block = !in_block;
      if (in_block) out.emplace_back();
    } else if (in_block) {
      out.back() += line + "\n";
    }
  }
  return out;
}

/// As a person types them who reads what is shown: CODE is that of the line before, ID that of the message.
std::string with_what_is_shown(const std::string& block) {
  std::string out = "echo lake > map.png\n";
  std::istringstream lines(block);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with(" &")) {
      out += line.substr(0, line.size() - 1) + "> code &\n";
      out += "until grep -q 'device approve' code; do sleep 0.1; done\n";
      out += "code=$(sed -n 's/.*device approve //p' code)\n";
    } else if (line.ends_with(" CODE")) {
      out += line.substr(0, line.size() - 4) + "\"$code\" --yes\n";
    } else if (line.ends_with(" read Walk")) {
      out += "until " + line + " > shown && grep -q '; save ' shown; do sleep 1; done\n";
      out += "cat shown\nid=$(sed -n 's/.*; save \\([0-9a-f]*\\)\\].*/\\1/p' shown)\n";
    } else if (line.ends_with(" ID")) {
      out += line.substr(0, line.size() - 2) + "\"$id\"\n";
    } else {
      out += line + "\n";
    }
  }
  return out;
}

/// Later: the servers were ended, and are started by the same lines.
std::string again(const std::string& block) {
  std::string out = "kill $(jobs -p) || true\nwait\n";
  std::istringstream lines(block);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with(" &")) out += line + "\n";
  }
  out += "cairn --data alice send bob@localhost 'Again.' || true\n";  // kept, where no server listens yet
  out += "until cairn --data alice read bob@localhost > there && cairn --data bob read alice@localhost > here && ";
  return out + "grep -q 'Again.' here; do sleep 1; done\necho It goes on.\n";
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

/// The words of each command of ours in a document: in backticks within a line, or a line of a block. Of more than one
/// command on a line, with && or a pipe between them, the first.
std::vector<std::vector<std::string>> commands_in(const std::string& text) {
  std::vector<std::vector<std::string>> out;
  const auto take = [&](const std::string& command) {
    std::istringstream in(command);
    std::vector<std::string> words;
    for (std::string word; in >> word && word != "&&" && word != "|" && word != "#";) words.push_back(word);
    static const std::set<std::string> kPrograms = {"cairn", "cairnd", "cairn-witness", "cairn-lab"};
    const auto is_drawn = [](const std::string& word) { return word.starts_with("---"); };  // of a picture
    if (words.size() > 1 && kPrograms.contains(words.front()) && !std::ranges::any_of(words, is_drawn)) {
      out.push_back(std::move(words));
    }
  };
  bool in_block = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      in_block = !in_block;
    } else if (in_block) {
      take(line);
    } else {
      static const std::regex kQuoted("`([^`]+)`");
      for (std::sregex_iterator at(line.begin(), line.end(), kQuoted), end; at != end; ++at) take((*at)[1]);
    }
  }
  return out;
}

bool is_verb(const std::string& word) {
  return std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; }) && word[0] != '-';
}

class Readme : public VillageTest {
 protected:
  /// What a program says of a command of it; empty when it has none of that name.
  std::string help_of(std::vector<std::string> verbs) {
    std::string path;
    for (std::size_t i = 1; i < verbs.size(); ++i) path += " " + verbs[i];
    verbs.front() = program_folder() + "/" + verbs.front();
    verbs.emplace_back("--help");
    fs::remove(folder_ / "help");
    demo::Process asked = demo::Process::start(verbs, (folder_ / "help").string());
    if (asked.wait(std::chrono::seconds(20)) != 0) return {};
    // A word that is no command is taken for an argument, and the help is that of what stands before it.
    const std::string help = asked.output();
    return path.empty() || help.find(path + " [OPTIONS]") != std::string::npos ? help : std::string();
  }

  /// Runs it as a person would who has cloned into a folder: build/release/bin there has the programs of this build,
  /// and the home folder is an empty one. What it left running is ended afterwards.
  demo::Finished paste(const std::string& commands) {
    const fs::path clone = folder_ / "clone";
    const fs::path home = folder_ / "home";
    fs::create_directories(clone / "build/release");
    fs::create_directories(home);
    if (!fs::exists(clone / "build/release/bin")) {
      fs::create_directory_symlink(program_folder(), clone / "build/release/bin");
    }
    std::ofstream(folder_ / "commands") << commands;
    const std::string start = "cd \"$1\" && HOME=\"$2\" exec /bin/bash -e \"$3\"";
    demo::Process shell = demo::Process::start({"/usr/bin/setsid", "/bin/sh", "-c", start, "sh", clone.string(),
                                                home.string(), (folder_ / "commands").string()},
                                               (folder_ / "output").string());
    const auto ended = shell.wait(std::chrono::minutes(5));
    for (const int signal : {SIGTERM, SIGKILL}) {
      ::kill(-shell.pid(), signal);
      eventually([&] { return ::kill(-shell.pid(), 0) != 0; }, std::chrono::seconds(5));
    }
    return {ended.value_or(124), shell.output(), {}};
  }
};

TEST_F(Readme, LeadsFromACloneToAFirstMessageEachWayBetweenTwoFolders) {
  const std::vector<std::string> blocks = blocks_below("Two laptops");
  ASSERT_EQ(blocks.size(), 2u) << "README.md has not its blocks of commands below \"Two laptops\"";
  const demo::Finished done = paste(with_free_ports(blocks[0] + with_what_is_shown(blocks[1]) + again(blocks[0])));
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
  for (const char* words : {"The device was added.", "alice@localhost: The map.", "Saved: ", "It goes on."}) {
    EXPECT_NE(done.out.find(words), std::string::npos) << words << "\n" << done.out;
  }
  // Pasted once more it changes nothing, there or here.
  const fs::path logs = folder_ / "home/two-laptops/operator/logs";
  const auto size = fs::file_size(logs);
  EXPECT_GT(size, 0u);
  EXPECT_NE(paste(with_free_ports(blocks[0])).exit_code, 0);
  EXPECT_EQ(fs::file_size(logs), size);
  std::vector<std::string> in_clone;
  for (const auto& entry : fs::directory_iterator(folder_ / "clone"))
    in_clone.push_back(entry.path().filename().string());
  EXPECT_EQ(in_clone, std::vector<std::string>{"build"});
}

TEST_F(Readme, AndTheManualsNameCommandsAndOptionsThatThereAre) {
  fs::create_directories(folder_);
  std::size_t count = 0;
  for (const char* document :
       {"README.md", "docs/operating/domain.md", "docs/operating/witness.md", "docs/operating/realm.md"}) {
    for (const std::vector<std::string>& words : commands_in(text_of(document))) {
      SCOPED_TRACE(::testing::Message() << document << ": " << ::testing::PrintToString(words));
      ++count;
      // Options of the program itself, with their values, stand before its command.
      std::size_t at = 1;
      while (at < words.size() && words[at].starts_with("--")) at += words[at] == "--json" ? 1 : 2;
      std::vector<std::string> verbs = {words.front()};
      std::string help = help_of(verbs);
      const std::string of_program = help;
      while (at < words.size() && is_verb(words[at]) && help.find("SUBCOMMAND") != std::string::npos) {
        verbs.push_back(words[at++]);
        help = help_of(verbs);
        ASSERT_FALSE(help.empty()) << "there is no such command";
      }
      for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string option = words[i].substr(0, words[i].find('='));
        if (!option.starts_with("--")) continue;
        EXPECT_NE((help + of_program).find(option), std::string::npos) << option << "\n" << help;
      }
    }
  }
  EXPECT_GE(count, 25u);
  EXPECT_TRUE(help_of({"cairn", "chatter"}).empty()) << "what there is not is found out";
}

}  // namespace
}  // namespace cairn::e2e
