#include "apps/lab/cairn/world.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace cairn::lab {
namespace {

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

World::World(const WorldOptions& options, ServerKind kind)
    : folder_(scratch_folder()), lie_file_(folder_ + "-lie"), policy_file_(folder_ + "-colluders") {
  tell("none");
  demo::VillageOptions village;
  village.programs = options.programs;
  village.folder = folder_;
  village.server = "cairn-lying-server";
  village.server_arguments = {"--about", "bob@localhost", "--accomplice", "mallory@localhost", "--lie-file", lie_file_};
  if (kind == ServerKind::colluder)
    village.server_arguments.insert(village.server_arguments.end(), {"--colluders", policy_file_});
  village.client = options.client;
  village.prefix = [words = weakened_by(options)](const std::string& who) {
    return who == "cairnd" || who.starts_with("cosigner") ? std::vector<std::string>{} : words;
  };
  village_.emplace(std::move(village));
  if (kind == ServerKind::liar) policy_file_ = village_->policy_file();
}

World::~World() {
  village_.reset();
  std::filesystem::remove_all(folder_);
  std::filesystem::remove(lie_file_);
  std::filesystem::remove(folder_ + "-colluders");
}

void World::tell(const std::string& lie) { std::ofstream(lie_file_) << lie; }

demo::Said World::run(const std::string& device, const std::vector<std::string>& arguments) {
  return village_->cairn(device, arguments);
}

demo::Said World::enroll(const std::string& device, const std::string& name) {
  return run(device, {"register", name, "--server", village_->url(), "--policy", policy_file_});
}

void World::make_people() {
  if (std::exchange(has_people_, true)) return;
  for (const std::string person : {"alice", "bob", "mallory"}) must(enroll(person + "-1", person + "@localhost"));
}

void World::settle() {
  make_people();
  for (const std::string device : {"alice-1", "bob-1", "mallory-1"}) must(run(device, {"read"}));
}

demo::Said World::link(const std::string& device, const std::string& name, const std::string& by) {
  demo::Said said = village_->link_device(device, name, by);
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
