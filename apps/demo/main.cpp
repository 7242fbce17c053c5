// cairn-demo: one domain on this machine, two people with two devices each, a conversation, a group, and one lie.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "apps/demo/input.h"
#include "apps/demo/signals.h"
#include "apps/demo/village.h"

namespace {

using namespace cairn::demo;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr std::chrono::seconds kTypingMost{60};  // without a word the show goes on by itself
constexpr std::chrono::seconds kArrivalMost{10};

const std::string kAfterTheLie = "Did you get anything strange?";
const std::vector<std::string> kDevices = {"alice-1", "alice-2", "bob-1", "bob-2"};
const std::vector<Line> kPairLines = {
    {"alice-1", "bob@localhost", "Hi Bob, this goes to both your devices and to my other one."},
    {"bob-2", "alice@localhost", "It does. And nobody had to compare anything."},
};
const std::vector<Line> kGroupLines = {
    {"alice-2", "walkers", "Shall we build one more cairn on Sunday?"},
    {"bob-1", "walkers", "Yes, by the lake."},
};

std::vector<Line> read_script(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read; check that it exists.\n", path.c_str());
    std::exit(2);
  }
  std::vector<Line> lines;
  for (std::string text; std::getline(file, text);) {
    if (says_nothing(text)) continue;
    auto line = parse_line(text);
    if (!line) {
      std::fprintf(stderr, "%s: \"%s\" is not DEVICE TO TEXT.\n", path.c_str(), text.c_str());
      std::exit(2);
    }
    lines.push_back(std::move(*line));
  }
  return lines;
}

class Demo {
 public:
  Demo(std::string programs, std::string folder) : folder_(std::move(folder)) {
    VillageOptions options;
    options.programs = std::move(programs);
    options.folder = folder_;
    step("Starting a domain, two witnesses and two auditors on loopback");
    village_.emplace(std::move(options));
    done("all keys made on this machine; the clients pin the four cosigners and nothing else");
  }

  void people() {
    step("alice and bob register, with two devices each");
    must(village_->register_person("alice-1", "alice@localhost"));
    must(village_->register_person("bob-1", "bob@localhost"));
    must(village_->link_device("alice-2", "alice@localhost", "alice-1"));
    must(village_->link_device("bob-2", "bob@localhost", "bob-1"));
    done("each device saw itself in an epoch that the quorum cosigned");
  }

  void group() {
    step("A group of alice and bob");
    must(village_->cairn("alice-1", {"group", "create", "walkers", "bob@localhost"}));
    done("created");
  }

  void speak(const Line& line) {
    const auto start = Clock::now();
    must(say(line));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    std::printf("  %-8s -> %-16s %s\n", line.device.c_str(), line.to.c_str(), line.text.c_str());
    verified(line.device, line.device.starts_with("alice") ? "bob@localhost" : "alice@localhost", took);
  }

  /// The lines of a pipe, as they come.
  void speak_all(Input& input) {
    while (const auto text = input.next(kTypingMost)) {
      if (!says_nothing(*text)) speak(spoken_line(*text));
    }
  }

  /// What somebody types is said, and shown as it arrives, until an empty line, the end, or a minute without a word.
  void converse(Input& input) {
    std::printf(
        "\nNow you: what you type, alice says to bob (or write DEVICE TO TEXT, as in \"bob-2 walkers hello\").\n"
        "An empty line goes on with the show; so does a minute without a word.\n");
    for (;;) {
      std::printf("  > ");
      std::fflush(stdout);
      const auto text = input.next(kTypingMost);
      if (!text || text->empty()) break;
      const auto start = Clock::now();
      const Said said = say(spoken_line(*text));
      if (!said.good()) {
        std::printf("    %s\n", said.error.c_str());
        continue;
      }
      show_arrival(start);
    }
    std::printf("\n");
  }

  void received() {
    step("What each device has received");
    for (const std::string& device : kDevices) {
      const std::size_t count = await_all(device);
      std::printf("  %s: %zu of %zu messages\n", device.c_str(), count, said_.size());
      if (count != said_.size()) fail("A device has not received everything.");
    }
  }

  void server_reads_nothing() {
    step("What the server has stored, searched for every sentence that was sent");
    std::size_t bytes = 0, found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(village_->server_folder())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      bytes += content.size();
      for (const std::string& text : said_) found += content.find(text) != std::string::npos ? 1 : 0;
    }
    std::printf("  %zu bytes in its files, %zu of %zu sentences found in them\n", bytes, found, said_.size());
    if (found != 0) fail("The server's files contain what was said.");
  }

  void lie() {
    step("Now another program serves the same domain, and lies: a device of its own is in every answer about bob");
    const std::string lie = folder_ + "/lie";
    std::ofstream(lie) << "unsigned-device";
    village_->exchange_server("cairn-lying-server", {"--about", "bob@localhost", "--lie-file", lie});
    const std::string text = "This must not leave.";
    const Said said = village_->cairn("alice-1", {"send", "bob@localhost", text, "--fresh"});
    if (said.good()) fail("The lie was believed.");
    std::printf("  alice's client: %s\n", said.error.c_str());
    village_->exchange_server("cairnd", {});
    must(village_->cairn("alice-1", {"send", "bob@localhost", kAfterTheLie, "--fresh"}));
    said_.push_back(kAfterTheLie);
    for (const std::string& device : kDevices) {
      if (await_all(device) != said_.size()) fail("A device has not received everything.");
      if (has(device, text)) fail("What was refused has arrived all the same.");
    }
    std::printf(
        "  The honest program is back: what alice writes now comes to all, and what was refused has come to nobody.\n");
  }

 private:
  /// On whose word the device wrote to the name, and how large the proof was.
  void verified(const std::string& device, const std::string& name, std::chrono::milliseconds took) {
    const Said said = village_->cairn(device, {"contact", "show", name});
    must(said);
    std::string cosigners;
    for (const json& one : said.json["cosigners"])
      cosigners += (cosigners.empty() ? "" : ", ") + one.get<std::string>();
    std::printf(
        "           verified first: %d devices of %s, by %s; proof of %d bytes in a log of %d epochs, %.1f s old; sent "
        "after %d ms\n",
        said.json["devices_active"].get<int>(), name.c_str(), cosigners.c_str(), said.json["answer_bytes"].get<int>(),
        said.json["log_size"].get<int>(), said.json["age_ms"].get<double>() / 1000, static_cast<int>(took.count()));
    std::fflush(stdout);
  }

  Said say(const Line& line) {
    Said said = village_->cairn(line.device, {"send", "--", line.to, line.text});
    if (said.good()) said_.push_back(line.text);
    return said;
  }

  void show_arrival(Clock::time_point start) {
    for (const std::string& device : kDevices) {
      const bool there = await_all(device) == said_.size();
      const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
      std::printf("    %s: %s after %d ms\n", device.c_str(), there ? "there" : "NOT there",
                  static_cast<int>(passed.count()));
    }
  }

  /// How many messages the device has when it has all, or when it took too long.
  std::size_t await_all(const std::string& device) {
    std::size_t count = 0;
    const auto until = Clock::now() + kArrivalMost;
    while ((count = texts_on(device)) < said_.size() && Clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return count;
  }

  bool has(const std::string& device, const std::string& text) {
    const Said said = village_->cairn(device, {"read"});
    return !said.good() || said.json.dump().find(text) != std::string::npos;
  }

  std::size_t texts_on(const std::string& device) {
    const Said said = village_->cairn(device, {"read"});
    std::size_t count = 0;
    if (!said.good()) return 0;
    for (const json& message : said.json["messages"]) {
      const std::string text = message["text"];
      if (message["delivery"] != "notice" && std::find(said_.begin(), said_.end(), text) != said_.end()) ++count;
    }
    return count;
  }

  void step(const std::string& what) {
    began_ = Clock::now();
    std::printf("\n%s\n", what.c_str());
    std::fflush(stdout);
  }
  void done(const std::string& what) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_).count();
    std::printf("  %s (%lld ms)\n", what.c_str(), static_cast<long long>(took));
    std::fflush(stdout);
  }
  void must(const Said& said) {
    if (!said.good()) fail(said.error);
  }
  [[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "%s\nWhat the programs wrote is in %s.\n", why.c_str(), folder_.c_str());
    village_.reset();
    std::exit(1);
  }

  std::string folder_;
  std::optional<Village> village_;
  std::vector<std::string> said_;
  Clock::time_point began_ = Clock::now();
};

}  // namespace

int main(int argc, char** argv) {
  std::string script;
  CLI::App app{
      "A domain, two witnesses, two auditors, alice and bob with two devices each, on this machine alone. They say "
      "what "
      "the script, or what comes through standard input, tells them; at a terminal you may type."};
  app.add_option("--script", script,
                 "lines of DEVICE TO TEXT; devices alice-1, alice-2, bob-1, bob-2; TO a name or walkers");
  CLI11_PARSE(app, argc, argv);
  const auto lines = script.empty() ? std::vector<Line>{} : read_script(script);

  char folder[] = "/tmp/cairn-demo-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    std::perror("/tmp");
    return 1;
  }
  end_children_when_told(folder);
  const auto began = Clock::now();
  Input input(STDIN_FILENO);
  {
    Demo demo(std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), folder);
    demo.people();
    std::printf("\nThey talk\n");
    demo.group();
    const Input::Kind kind = input.kind();
    if (!script.empty()) {
      for (const Line& line : lines) demo.speak(line);
    } else if (kind == Input::Kind::lines) {
      demo.speak_all(input);
    } else {
      for (const Line& line : kPairLines) demo.speak(line);
      for (const Line& line : kGroupLines) demo.speak(line);
    }
    if (kind == Input::Kind::terminal) demo.converse(input);
    demo.received();
    demo.server_reads_nothing();
    demo.lie();
  }
  std::filesystem::remove_all(folder);
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::printf("\nDone in %.1f s; nothing is left running, and %s is gone.\n", seconds, folder);
  return 0;
}
