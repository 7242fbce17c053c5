#include "apps/lab/cairn/world.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

namespace cairn::lab {
namespace {

// A command ends by itself long before; these are for a machine that has much else to do.
constexpr std::chrono::seconds kMostOfACommand{120}, kMostOfAStart{60};
constexpr const char* kOthers = "others";
const std::vector<std::string> kAuditors = {"cosigner2", "cosigner3"};  // behind the witnesses

/// Whose clocks there are.
std::vector<std::string> clocks() {
  std::vector<std::string> out = kAuditors;
  out.emplace_back(kOthers);
  return out;
}

std::string scratch_folder() {
  static std::atomic<int> count = 0;
  // Short: the path of a socket in it has at most 107 bytes.
  return (std::filesystem::temp_directory_path() /
          ("cairn-lab-" + std::to_string(getpid()) + "-" + std::to_string(++count)))
      .string();
}

}  // namespace

void must(const demo::Said& said) {
  if (said.good()) return;
  throw CannotPrepare("The lab could not prepare an attack: " + said.error);
}

std::vector<std::string> weakened_by(const WorldOptions& options) {
  if (options.weakness.empty()) return {};
  return {"/usr/bin/env", "CAIRN_WEAKNESS=" + options.weakness};
}

World::World(const WorldOptions& options, ServerKind kind, Clocks clocks)
    : options_(options),
      clocks_(clocks),
      folder_(scratch_folder()),
      lie_file_(folder_ + "-lie"),
      policy_file_(folder_ + "-colluders") {
  tell("none");
  demo::VillageOptions village;
  village.programs = options.programs;
  village.folder = folder_;
  village.server = options.server;
  village.server_arguments = {"--about", "bob@localhost", "--accomplice", "mallory@localhost", "--lie-file", lie_file_};
  if (kind == ServerKind::colluder)
    village.server_arguments.insert(village.server_arguments.end(), {"--colluders", policy_file_});
  village.client = options.client;
  village.cosigner = options.auditor;
  village.prefix = [this](const std::string& who) { return prefix_of(who); };
  village_.emplace(std::move(village));
  if (kind == ServerKind::liar) policy_file_ = village_->policy_file();
}

World::~World() {
  programs_.clear();
  village_.reset();
  for (const std::string& whose : clocks()) {
    for (const char* clock : {".clock", ".uptime"}) std::filesystem::remove(clock_file(whose) + clock);
  }
  std::filesystem::remove_all(folder_);
  std::filesystem::remove(lie_file_);
  std::filesystem::remove(folder_ + "-colluders");
}

std::vector<std::string> World::prefix_of(const std::string& who) const {
  std::vector<std::string> out = weakened_by(options_);
  if (clocks_ == Clocks::the_machines) return out;
  if (out.empty()) out.emplace_back("/usr/bin/env");
  const bool is_auditor = std::find(kAuditors.begin(), kAuditors.end(), who) != kAuditors.end();
  out.push_back("LD_PRELOAD=" + options_.programs + "/libcairn_trouble.so");
  out.push_back("CAIRN_TROUBLE=" + clock_file(is_auditor ? who : kOthers));
  return out;
}

void World::start_program(const std::string& device) {
  std::vector<std::string> words = prefix_of(device);
  words.push_back(options_.programs + "/" + options_.client);
  words.insert(words.end(), {"--data", village_->device_folder(device), "daemon"});
  programs_.push_back(demo::Process::start(words, folder_ + "/" + device + ".log"));
  // Before it holds the folder a command would hold it in its place.
  const auto until = std::chrono::steady_clock::now() + kMostOfAStart;
  while (programs_.back().output().find("listening on") == std::string::npos) {
    if (std::chrono::steady_clock::now() > until) must({1, {}, "the program of " + device + " did not start"});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// At once: a program that reads it meanwhile sees no empty file, which would set its clock back.
void World::set(const std::string& whose, const std::string& clock, std::chrono::seconds ahead) const {
  const std::string path = clock_file(whose) + "." + clock;
  std::ofstream(path + ".new") << ahead.count();
  std::filesystem::rename(path + ".new", path);
}

void World::set_clocks(std::chrono::seconds ahead) {
  ahead_ = ahead;
  for (const std::string& whose : clocks()) set(whose, "clock", ahead);
}

std::vector<unsigned> World::auditor_ports() const {
  std::vector<unsigned> out;
  std::ifstream in(village_->policy_file());
  const std::string mark = "http://127.0.0.1:";
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find(mark);
    if (!line.starts_with("witness auditor") || at == std::string::npos) continue;
    out.push_back(static_cast<unsigned>(std::stoul(line.substr(at + mark.size()))));
  }
  return out;
}

void World::pass_at(const std::string& auditor, unsigned port, std::chrono::seconds time) const {
  constexpr std::chrono::seconds kStep{120};  // what is longer counts as this
  for (std::chrono::seconds step = kStep; step <= time; step += kStep) {
    // A timer fires by the clock of the day, and then the other one is read: it is set before.
    set(auditor, "uptime", passed_ + step);
    set(auditor, "clock", ahead_ + step);
    // A timer is heard before what comes next, so after the second answer the step has been counted.
    for (int twice = 0; twice < 2; ++twice) {
      if (!demo::http_get(port, "/vkey")) must({1, {}, "an auditor does not answer"});
    }
  }
}

void World::pass_at_auditors(std::chrono::seconds least, const std::function<bool()>& counted) {
  const auto ports = auditor_ports();
  if (ports.size() != kAuditors.size()) must({1, {}, "there are not two auditors"});
  const std::chrono::seconds most = passed_ + 3 * least;
  for (std::chrono::seconds next = least; !counted(); next = std::chrono::hours(1)) {
    if (passed_ >= most) must({1, {}, "the auditors have not counted the time that passed"});
    std::vector<std::future<void>> lanes;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      lanes.push_back(std::async(std::launch::async, [&, i] { pass_at(kAuditors[i], ports[i], next); }));
    }
    for (auto& lane : lanes) lane.wait();
    for (auto& lane : lanes) lane.get();
    passed_ += next;
    ahead_ += next;
  }
  set_clocks(ahead_);
}

void World::tell(const std::string& lie) { std::ofstream(lie_file_) << lie; }

demo::Said World::run(const std::string& device, const std::vector<std::string>& arguments) {
  return village_->cairn(device, arguments, kMostOfACommand);
}

std::set<std::string> World::devices(const std::string& device, const std::vector<std::string>& arguments) {
  std::set<std::string> out;
  const demo::Said said = run(device, arguments);
  if (!said.good() || !said.json.contains("devices")) return out;
  for (const auto& one : said.json["devices"]) {
    if (one["active"].get<bool>()) out.insert(one["id"].get<std::string>());
  }
  return out;
}

demo::Finished World::rpc(const std::string& device, const std::string& request) const {
  std::vector<std::string> words = prefix_of(device);
  words.push_back(options_.programs + "/" + options_.client);
  words.insert(words.end(), {"--data", village_->device_folder(device), "rpc"});
  return demo::run(words, kMostOfACommand, request);
}

demo::Said World::send_file(const std::string& device, const std::string& to, const std::string& text,
                            const std::string& path) {
  return village_->cairn(device, {"send", to, text, "--attach", path}, kMostOfACommand);
}

demo::Said World::back_up(const std::string& person, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"backup", "create"};
  words.insert(words.end(), more.begin(), more.end());
  std::string typed;
  if (const auto paper = papers_.extract(person)) {
    words.emplace_back("--recovery-key");
    typed = paper.mapped() + "\n";
  }
  return village_->cairn(person + "-1", words, kMostOfACommand, typed);
}

demo::Said World::enroll(const std::string& device, const std::string& name, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"register", name, "--server", village_->url(), "--policy", policy_file_};
  words.insert(words.end(), more.begin(), more.end());
  return run(device, words);
}

void World::make_people(const std::vector<std::string>& of_bob) {
  if (std::exchange(has_people_, true)) return;
  for (const std::string person : {"alice", "bob", "mallory"}) {
    const bool is_bob = person == "bob";
    const auto said = enroll(person + "-1", person + "@localhost", is_bob ? of_bob : std::vector<std::string>{});
    must(said);
    papers_[person] = said.json["recovery_key"];
  }
}

void World::settle() {
  make_people();
  for (const std::string device : {"alice-1", "bob-1", "mallory-1"}) must(run(device, {"read"}));
}

demo::Said World::link(const std::string& device, const std::string& name, const std::string& by) {
  demo::Said said = village_->link_device(device, name, by, policy_file_);
  village_->stop_daemon(device);
  return said;
}

nlohmann::json World::messages(const std::string& device, const std::string& conversation) {
  const demo::Said said = run(device, {"read", conversation});
  return said.good() ? said.json["messages"] : nlohmann::json::array();
}

std::vector<std::string> World::texts(const std::string& device, const std::string& conversation) {
  std::vector<std::string> out;
  for (const auto& message : messages(device, conversation)) {
    if (message["delivery"] != "notice")
      out.push_back(message["sender"].get<std::string>() + ": " + message["text"].get<std::string>());
  }
  return out;
}

bool World::shows(const std::string& device, const std::string& conversation, const std::string& line) {
  const auto all = texts(device, conversation);
  return std::find(all.begin(), all.end(), line) != all.end();
}

}  // namespace cairn::lab
