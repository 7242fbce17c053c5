#include "apps/lab/attacks/false_log.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/cairn/operator.h"
#include "apps/lab/conditions.h"
#include "core/tlog/witness_request.h"

namespace cairn::lab {
namespace {

constexpr std::chrono::seconds kMostOfAnAnswer{180};
constexpr const char* kCosigned = "cosigned";

unsigned port_in(const std::string& url) { return static_cast<unsigned>(std::stoul(url.substr(url.rfind(':') + 1))); }

/// Where those who sign take requests.
std::vector<unsigned> cosigner_ports(World& world) {
  std::vector<unsigned> out;
  std::ifstream in(world.village().policy_file());
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("witness ")) out.push_back(port_in(line));
  }
  return out;
}

/// What each of them has said of the newest log since the server began, as the lying one tells; but for the size that
/// one names where the server thought that it knew another.
std::vector<std::string> answers(World& world) {
  static const std::string kMark = "a cosigner of the log of size ";
  std::vector<std::string> out;
  std::istringstream in(world.village().server().output());
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(kMark)) continue;
    const std::string words = line.substr(line.find(": ") + 2);
    if (words.find_first_not_of("0123456789") != std::string::npos) out.push_back(words);
  }
  return out;
}

/// The server begins again, with the epoch in its log, and offers it; until all have answered.
void put_into_log(World& world, const std::string& epoch, FalseLog& out) {
  world.tell(epoch);
  world.village().stop_server(SIGTERM);
  world.village().start_server();
  const auto until = std::chrono::steady_clock::now() + kMostOfAnAnswer;
  while (answers(world).size() < out.asked && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  if (answers(world).size() < out.asked) must({1, {}, "not all witnesses and auditors answered"});
  std::set<std::string> words;
  for (const std::string& answer : answers(world)) {
    if (answer == kCosigned) continue;
    ++out.refused;
    words.insert(answer);
  }
  for (const std::string& one : words) out.why += (out.why.empty() ? "" : "; ") + one;
}

/// Asks each of them to sign another tree of the sizes that they may know.
std::size_t offer_second_log(World& world) {
  const auto note = demo::http_get(port_in(world.village().url()), "/log/checkpoint");
  const auto served = note ? tlog::SignedCheckpoint::parse(*note, tlog::ExtensionLines::refuse)
                           : Result<tlog::SignedCheckpoint>(fail(ErrorCode::unavailable, "no checkpoint is served"));
  if (!served) must({1, {}, served.error().where});
  std::optional<crypto::SigningKey> key;
  {
    const Operator at_rest(world);
    key = at_rest.log_key();
  }
  std::size_t out = 0;
  for (const unsigned port : cosigner_ports(world)) {
    bool signs = false;
    for (const std::uint64_t more : {std::uint64_t{0}, std::uint64_t{1}}) {
      tlog::Checkpoint claim = served->claim();
      claim.tree.size += more;
      claim.tree.root.mutable_view()[0] ^= 1;
      const auto second = tlog::SignedCheckpoint::sign(claim, *key);
      const auto answer =
          demo::http_post(port, "/add-checkpoint", tlog::AddCheckpoint{claim.tree.size, {}, second}.encode());
      if (!answer) must({1, {}, "a witness or an auditor does not answer"});
      signs = signs || answer->status == 200;
    }
    out += signs ? 1 : 0;
  }
  return out;
}

}  // namespace

FalseLog offer_false_log(const WorldOptions& options) {
  FalseLog out;
  World world(options);
  world.make_people();
  must(world.enroll("carol-1", "carol@localhost"));
  const auto bobs = world.devices("bob-1", {"device", "list"});
  out.asked = cosigner_ports(world).size();
  put_into_log(world, "epoch-flash", out);
  world.tell("false-epoch");
  const demo::Said said = world.run("carol-1", {"contact", "verify", "bob@localhost"});
  out.sentence = said.good() ? "(nothing)" : said.error;
  const auto taken = world.devices("carol-1", {"contact", "show", "bob@localhost"});
  out.believed = !std::includes(bobs.begin(), bobs.end(), taken.begin(), taken.end());
  world.tell("none");
  out.signed_second = offer_second_log(world);
  return out;
}

void show(Side& side, const FalseLog& found) {
  side.show("witnesses and auditors that were offered a log with a false history of Bob's in it", found.asked);
  side.show(
      "of them, refused to sign it (auditors read every change, witnesses see to it that the directory only grows)",
      found.refused);
  side.show("a phone that is shown it, with the signatures that there are",
            found.believed ? "believes it" : in_plain_words(found.sentence));
  side.show("of them, signed a second directory as large as the first", of(found.signed_second, found.asked));
  side.said("those who refused the false history", found.why);
  side.said("the phone that was shown it", found.sentence);
}

}  // namespace cairn::lab
