#include "apps/lab/attacks/owner.h"

#include <filesystem>
#include <set>

namespace cairn::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kMostOfACommand{60};

}  // namespace

Owner::Owner(const WorldOptions& options, Clocks clocks) : world_(options, ServerKind::liar, clocks) {
  alices_key_ = enroll("alice-1", "alice@localhost");
  enroll("bob-1", "bob@localhost",
         clocks == Clocks::movable ? std::vector<std::string>{"--reset-delay", "3"} : std::vector<std::string>{});
  mallorys_key_ = enroll("mallory-1", "mallory@localhost");
  for (const std::string& text : said_) must(world_.run("alice-1", {"send", "bob@localhost", text}));
  must(world_.run("bob-1", {"read"}));
}

demo::Said Owner::run(const std::string& device, const std::vector<std::string>& words, const std::string& typed) {
  return world_.village().cairn(device, words, kMostOfACommand, typed.empty() ? typed : typed + "\n");
}

demo::Said Owner::backup(const std::string& device, const std::string& verb, const std::string& key,
                         const std::vector<std::string>& more) {
  std::vector<std::string> words = {"backup", verb, "--recovery-key"};
  words.insert(words.end(), more.begin(), more.end());
  return run(device, words, key);
}

demo::Said Owner::ask(const std::string& how, const std::string& device, const std::string& name,
                      const std::string& typed, const std::vector<std::string>& more) {
  std::vector<std::string> words = {how, name, "--server", world_.village().url(), "--policy", world_.policy_file()};
  words.insert(words.end(), more.begin(), more.end());
  return run(device, words, typed);
}

std::size_t Owner::sentences_on(const std::string& device, const std::vector<std::string>& sentences) {
  const std::string pages = world_.folder() + "/" + device + "-pages";
  run(device, {"export", pages});
  std::set<std::string> found;
  const std::string shown = run(device, {"read", "bob (restored)"}).json.dump();
  for (const std::string& one : sentences) {
    if (shown.find(one) != std::string::npos) found.insert(one);
  }
  for (const std::string& folder : {pages, world_.village().device_folder(device)}) {
    if (!fs::exists(folder)) continue;
    for (const std::string& one : search_files(folder, sentences).found) found.insert(one);
  }
  return found.size();
}

std::string Owner::enroll(const std::string& device, const std::string& name, const std::vector<std::string>& more) {
  const demo::Said enrolled = world_.enroll(device, name, more);
  must(enrolled);
  return enrolled.json["recovery_key"];
}

std::string answer(const demo::Said& said) {
  return said.good() ? "done" : said.error.substr(said.error.rfind('\n') + 1);
}

}  // namespace cairn::lab
