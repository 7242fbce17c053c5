#include "apps/lab/attacks/passing.h"

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/sizes.h"

namespace cairn::lab {
namespace {

constexpr std::chrono::seconds kMostOfAnAct{60};
constexpr std::size_t kRounds = 3;  // of which one is learned from

/// Something that passed through the server, as it tells itself.
struct Passed {
  std::string what;  ///< "message", "signal" or "file"
  std::size_t size = 0;
};

class Watcher {
 public:
  explicit Watcher(World& world) : world_(world) {}

  /// What passes from now on until one of these has, and until `act` is over.
  std::vector<Passed> during(const std::function<void()>& act, const std::string& awaited) {
    const std::size_t before = all().size();
    act();
    const auto until = std::chrono::steady_clock::now() + kMostOfAnAct;
    for (;;) {
      auto seen = all();
      seen.erase(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(std::min(before, seen.size())));
      for (const Passed& one : seen) {
        if (one.what == awaited) return seen;
      }
      if (std::chrono::steady_clock::now() > until) must({1, {}, "no " + awaited + " passed"});
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

 private:
  std::vector<Passed> all() const {
    static const std::string kMark = "passes: ";
    std::vector<Passed> out;
    std::istringstream in(world_.village().server().output());
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with(kMark) || in.eof()) continue;
      std::istringstream words(line.substr(kMark.size()));
      Passed one;
      if (words >> one.what >> one.size) out.push_back(one);
    }
    return out;
  }

  World& world_;
};

double size_of(const std::vector<Passed>& seen, const std::string& what) {
  for (const Passed& one : seen) {
    if (one.what == what) return static_cast<double>(one.size);
  }
  return 0;
}

/// Bob begins to write, and his program tells it: a method that no command has. It waits until what is to be sent
/// before has been.
void write_as_bob(World& world) {
  const nlohmann::json request = {
      {"jsonrpc", "2.0"}, {"id", 1}, {"method", "typing"}, {"params", {{"conversation", "alice@localhost"}}}};
  const auto until = std::chrono::steady_clock::now() + kMostOfAnAct;
  while (std::chrono::steady_clock::now() < until) {
    const auto answer = nlohmann::json::parse(world.rpc("bob-1", request.dump() + "\n").out, nullptr, false);
    const bool told = answer.is_object() && answer.contains("result") && answer["result"].value("told", false);
    if (told) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  must({1, {}, "Bob's phone does not tell that he writes"});
}

std::string photo_file(World& world, std::size_t round) {
  std::mt19937 random(static_cast<unsigned>(round));
  std::string path = world.folder() + "/round" + std::to_string(round) + ".jpg";
  std::ofstream out(path, std::ios::binary);
  for (std::size_t i = 0; i < 100'000 + 7 * round; ++i) out.put(static_cast<char>(random()));
  return path;
}

/// One of everything.
std::vector<Seen> round_of(World& world, std::size_t round, Passing& out) {
  Watcher watcher(world);
  std::vector<Seen> seen;
  const auto note = [&](const char* kind, const std::vector<Passed>& passed) {
    seen.push_back({kind, size_of(passed, "message")});
  };
  const auto send = [&](const std::string& text) { must(world.run("alice-1", {"send", "bob@localhost", text})); };
  note("short text", watcher.during([&] { send(some_text(8 + 11 * round, round)); }, "message"));
  note("long text", watcher.during([&] { send(some_text(260 + 31 * round, round)); }, "message"));
  const std::string photo = photo_file(world, round);
  const auto sent =
      watcher.during([&] { must(world.send_file("alice-1", "bob@localhost", "a photo", photo)); }, "message");
  note("photo", sent);
  ++out.photos;
  out.uploads += size_of(sent, "file") > 0 ? 1 : 0;

  note("receipt", watcher.during([&] { world.village().start_daemon("bob-1"); }, "message"));  // what has arrived
  note("receipt", watcher.during([&] { must(world.run("bob-1", {"read", "alice@localhost"})); }, "message"));
  ++out.typing;
  const auto signal = watcher.during([&] { write_as_bob(world); }, "signal");
  out.signals += size_of(signal, "signal") > 0 && size_of(signal, "message") == 0 ? 1 : 0;
  world.village().stop_daemon("bob-1");
  return seen;
}

}  // namespace

Passing watch(World& world) {
  Passing out;
  std::vector<Seen> learned, tested;
  std::map<std::string, double> shown;
  // Whom one writes to hears what arrived. Alice's phone reports nothing, so that what it sends is what she says.
  must(world.run("bob-1", {"send", "alice@localhost", "write to me"}));
  must(world.run("alice-1", {"read"}));
  must(world.run("alice-1", {"conversation", "receipts", "bob@localhost", "off"}));
  Passing before;  // what Bob's phone still had to report of earlier attacks goes first
  (void)round_of(world, kRounds, before);
  for (std::size_t round = 0; round < kRounds; ++round) {
    const auto seen = round_of(world, round, out);
    auto& to = round == 0 ? learned : tested;
    to.insert(to.end(), seen.begin(), seen.end());
    for (const Seen& one : seen) shown.emplace(one.kind, one.size);
  }
  out.tested = tested.size();
  out.right = told_by_size(learned, tested);
  out.kinds = shown.size();
  for (const auto& [kind, size] : shown)
    out.sizes += (out.sizes.empty() ? "" : ", ") + kind + ": " + std::to_string(static_cast<long>(size)) + " bytes";
  return out;
}

void show(Side& side, const Passing& found) {
  side.show("of receipts, short and long texts, and photos: guessed rightly from the size of the message alone",
            of(found.right, found.tested));
  side.show("one of each kind", found.sizes);
  side.show("photos before whose message parts of a file were seen to pass, which tell them at once",
            of(found.uploads, found.photos));
  side.show("times that somebody was writing and a signal passed, which is no message and tells itself",
            of(found.signals, found.typing));
}

}  // namespace cairn::lab
