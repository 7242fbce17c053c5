// A village in a scratch folder for one test, with the programs of this build.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "apps/demo/village.h"

namespace cairn::e2e {

inline std::string program_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path().string(); }

/// Waits until `condition` holds; false when it does not within `most`.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds most = std::chrono::seconds(15)) {
  const auto until = std::chrono::steady_clock::now() + most;
  do {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

/// A field of what the kernel says of a process, in KiB: "VmRSS" is the memory it has, "VmHWM" the most it ever had.
inline std::uint64_t memory_kib(pid_t process, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1));
  }
  return 0;
}

/// The address sanitizer holds back what was freed, up to 256 MiB of it: that is no memory of the programs' own. While
/// this lives, the programs that are started keep it small.
class SmallQuarantine {
 public:
  SmallQuarantine() {
    if (const char* options = std::getenv("ASAN_OPTIONS")) before_ = options;
    setenv("ASAN_OPTIONS", (before_ + ":quarantine_size_mb=8").c_str(), 1);
  }
  ~SmallQuarantine() { setenv("ASAN_OPTIONS", before_.c_str(), 1); }
  SmallQuarantine(const SmallQuarantine&) = delete;
  SmallQuarantine& operator=(const SmallQuarantine&) = delete;

 private:
  std::string before_;
};

class VillageTest : public ::testing::Test {
 protected:
  /// Whether any file below holds the text.
  static bool holds(const std::filesystem::path& folder, const std::string& text) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string all(std::istreambuf_iterator<char>(in), {});
      if (all.find(text) != std::string::npos) return true;
    }
    return false;
  }
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    // Short: the path of a socket in it has at most 107 bytes.
    std::string name = std::string(info->name()).substr(0, 24);
    std::replace(name.begin(), name.end(), '/', '-');
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("cairn-e2e-" + std::to_string(getpid()) + "-" + std::to_string(++count) + "-" + name);
  }
  void TearDown() override {
    village_.reset();
    std::filesystem::remove_all(trouble_folder());
    if (!HasFailure()) std::filesystem::remove_all(folder_);
  }

  demo::Village& village(const std::string& server = "cairnd", std::vector<std::string> arguments = {}) {
    if (!village_) {
      demo::VillageOptions options;
      options.programs = program_folder();
      options.folder = folder_.string();
      options.server = server;
      options.server_arguments = std::move(arguments);
      options.sign_up = sign_up_;
      options.tls = tls_;
      options.prefix = [this](const std::string& who) { return prefix_for(who); };
      village_.emplace(std::move(options));
    }
    return *village_;
  }

  /// alice and bob with two devices each, all daemons running.
  void two_people_with_two_devices() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().link_device("alice-2", "alice@localhost", "alice-1"));
    must(village().link_device("bob-2", "bob@localhost", "bob-1"));
  }

  std::uint16_t server_port() {
    return static_cast<std::uint16_t>(std::stoul(village().url().substr(village().url().rfind(':') + 1)));
  }

  // ---- other clocks, a full disk, one that can only be read (tests/e2e/shim/trouble.cpp) ----

  /// "cairnd", "cosigner0" and so on, or a device; it needs trouble() before its program starts.
  void trouble(const std::string& who) {
    std::filesystem::create_directories(trouble_folder());
    troubled_.insert(who);
  }
  /// From now on its clock goes ahead by so much.
  void set_clock(const std::string& who, std::chrono::seconds ahead) { control(who + ".clock", ahead); }
  /// Likewise of the clock that nobody sets; never less than before.
  void set_uptime(const std::string& who, std::chrono::seconds ahead) { control(who + ".uptime", ahead); }
  /// From now on there are so many free bytes on its disk.
  void set_free(const std::string& who, std::uint64_t bytes) {
    std::ofstream(trouble_folder() + "/" + who + ".disk") << bytes;
  }

  /// From now on its disk can only be read, or can be written again.
  void set_read_only(const std::string& who, bool read_only) {
    const std::string path = trouble_folder() + "/" + who + ".readonly";
    if (!read_only) std::filesystem::remove(path);
    if (read_only) std::ofstream(path) << "1";
  }

  // ---- days that pass ----
  //
  // Auditors count a delay by a clock that nobody sets, and no more than two minutes of it at a time
  // (docs/spec/witness.md). So days are brought to them in steps of less; for all others the clock of the day is
  // enough.

  static constexpr std::size_t kFirstAuditor = 2;  // behind the witnesses
  static constexpr std::chrono::seconds kStep{110};

  /// Where the auditors take requests.
  std::vector<unsigned> auditor_ports() {
    std::vector<unsigned> out;
    std::ifstream in(village().policy_file());
    const std::string mark = "http://127.0.0.1:";
    for (std::string line; std::getline(in, line);) {
      const std::size_t at = line.find(mark);
      const bool is_auditor = line.find("localhost/cosigner2") != std::string::npos ||
                              line.find("localhost/cosigner3") != std::string::npos;
      if (is_auditor && at != std::string::npos) {
        out.push_back(static_cast<unsigned>(std::stoul(line.substr(at + mark.size()))));
      }
    }
    return out;
  }
  /// So much time passes for the auditors. A timer is heard before what comes next, so after the second answer the step
  /// has been counted.
  void wait_at_auditors(std::chrono::seconds most) {
    const std::vector<unsigned> ports = auditor_ports();
    ASSERT_EQ(ports.size(), 2u);
    for (std::chrono::seconds passed{0}; passed < most; passed += kStep) {
      for (std::size_t i = 0; i < ports.size(); ++i) {
        const std::string who = "cosigner" + std::to_string(kFirstAuditor + i);
        set_clock(who, passed + kStep);
        set_uptime(who, passed + kStep);
        for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(demo::http_get(ports[i], "/vkey")) << passed.count();
      }
    }
    at_auditors_ = (most / kStep + 1) * kStep;
  }
  /// Then for everybody.
  void set_all_clocks() {
    for (const std::string& who : troubled_) set_clock(who, at_auditors_);
  }

  static void must(const demo::Said& said) { ASSERT_TRUE(said.good()) << said.exit_code << " " << said.error; }

  /// The texts of a conversation on a device, in order, with their senders: "alice@localhost: hi".
  std::vector<std::string> texts(const std::string& device, const std::string& conversation) {
    std::vector<std::string> out;
    const demo::Said said = village_->cairn(device, {"read", conversation});
    if (!said.good()) return out;
    for (const auto& message : said.json["messages"]) {
      if (message["delivery"] == "notice") continue;
      out.push_back(message["sender"].get<std::string>() + ": " + message["text"].get<std::string>());
    }
    return out;
  }

  bool has_text(const std::string& device, const std::string& conversation, const std::string& line) {
    const auto all = texts(device, conversation);
    return std::find(all.begin(), all.end(), line) != all.end();
  }

  /// `cairn` for a device's folder, to be started by the test itself.
  std::vector<std::string> command_of(const std::string& device, const std::vector<std::string>& words) {
    std::vector<std::string> out = {program_folder() + "/cairn", "--data", village().device_folder(device)};
    out.insert(out.end(), words.begin(), words.end());
    return out;
  }

  /// What `conversations` says of a group by its title, or of the pair with a name; an empty object when there is none.
  nlohmann::json conversation(const std::string& device, const std::string& words) {
    const demo::Said said = village().cairn(device, {"conversations", "--archived"});
    if (!said.good()) return nlohmann::json::object();
    for (const nlohmann::json& one : said.json["conversations"]) {
      if (one["title"] == words || (one["kind"] == "pair" && one["names"].dump().find(words) != std::string::npos))
        return one;
    }
    return nlohmann::json::object();
  }
  /// Waits until that has this value under `key`; null: until it has none.
  bool shows(const std::string& device, const std::string& words, const std::string& key, const nlohmann::json& value) {
    return eventually([&] { return conversation(device, words).value(key, nlohmann::json()) == value; },
                      std::chrono::minutes(1));
  }

  /// `cairn link` on a device without a name, which waits to be let in; code_of() what it shows.
  demo::Process begin_link(const std::string& device, const std::string& name) {
    return demo::Process::start(
        command_of(device, {"--json", "link", name, "--server", village().url(), "--policy", village().policy_file()}),
        (folder_ / (device + "-link.log")).string());
  }
  static std::string code_of(const demo::Process& link) {
    std::string code;
    EXPECT_TRUE(eventually([&] {
      const std::string text = link.output();
      const auto shown = nlohmann::json::parse(text.substr(0, text.find('\n')), nullptr, false);
      if (shown.is_object()) code = shown.value("code", "");
      return !code.empty();
    }));
    return code;
  }

  /// At once: a program that reads it meanwhile sees no empty file, which would set its clock back.
  void control(const std::string& file, std::chrono::seconds value) {
    const std::string path = trouble_folder() + "/" + file;
    std::ofstream(path + ".new") << value.count();
    std::filesystem::rename(path + ".new", path);
  }
  std::string trouble_folder() const { return folder_.string() + "-trouble"; }
  std::vector<std::string> prefix_for(const std::string& who) const {
    if (!troubled_.contains(who)) return {};
    return {"/usr/bin/env", "LD_PRELOAD=" + program_folder() + "/libcairn_trouble.so",
            "CAIRN_TROUBLE=" + trouble_folder() + "/" + who};
  }

  std::string sign_up_ = "open";
  std::optional<demo::VillageOptions::Tls> tls_;
  std::set<std::string> troubled_;
  std::chrono::seconds at_auditors_{0};
  std::filesystem::path folder_;
  std::optional<demo::Village> village_;
};

}  // namespace cairn::e2e
