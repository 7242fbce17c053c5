// Whoever carries Cairn's envelopes keeps them, alters them, delivers them again: harvest, replay, oracle, forge-2016,
// metadata.
#include <filesystem>
#include <set>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/cairn/operator.h"
#include "core/client/content.h"
#include "core/client/tables.h"
#include "core/mls/group.h"
#include "shell/os/entropy.h"

namespace cairn::lab {
namespace {

constexpr std::size_t kAllRows = ~std::size_t{0};

/// A thief asks nobody.
class Anything final : public mls::Authenticator, public mls::Membership {
 public:
  Status authenticate(const mls::LeafNode&) override { return ok(); }
  Status check_commit(const mls::CommitSummary&) override { return ok(); }
  Status check_join(const mls::GroupSummary&) override { return ok(); }
};

/// What a stolen device's groups make of a recorded envelope; nothing when none of them opens it.
std::optional<std::string> open_with(const store::Store& stolen, const relay::BodyRow& recorded) {
  Anything anything;
  const mls::NoPsks psks;
  for (const Row& row : stolen.scan(client::tables::kGroups, {}, {}, kAllRows)) {
    auto group = mls::Group::restore(row.value);
    if (!group) continue;
    const auto received = group->process(recorded.body, {anything, anything, psks});
    if (!received) continue;
    const auto* message = std::get_if<mls::ApplicationMessage>(&*received);
    if (message == nullptr) continue;
    const auto plaintext = client::decode_plaintext(message->plaintext.expose());
    if (plaintext && plaintext->content.text) return plaintext->content.text->text;
  }
  return std::nullopt;
}

std::size_t count_text(const std::vector<std::string>& lines, const std::string& line) {
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

/// Texts of a conversation that nobody said.
std::vector<std::string> forged(const std::vector<std::string>& shown, const std::set<std::string>& said) {
  std::vector<std::string> out;
  for (const std::string& line : shown) {
    const std::size_t at = line.find(": ");
    if (!said.contains(line.substr(at + 2))) out.push_back(line.substr(at + 2));
  }
  return out;
}

}  // namespace

Side harvest_cairn(World& world) {
  world.settle();
  std::vector<std::string> said;
  for (int i = 1; i <= 4; ++i) {
    said.push_back("what I wrote on day " + std::to_string(i));
    must(world.run("alice-1", {"send", "bob@localhost", said.back()}));
  }
  std::vector<Operator::Body> recorded;
  {
    const Operator wire(world);
    recorded = wire.messages(said.size());
  }
  must(world.run("bob-1", {"read"}));  // and deletes the keys that he used
  const std::string pending = "what bob has not fetched yet";
  must(world.run("alice-1", {"send", "bob@localhost", pending}));
  const std::string stolen = world.folder() + "/thief";
  std::filesystem::copy(world.village().device_folder("bob-1"), stolen, std::filesystem::copy_options::recursive);
  std::vector<Operator::Body> waiting;
  {
    const Operator wire(world);
    waiting = wire.messages(1);
  }
  os::SystemEntropy entropy;
  std::size_t read = 0, current = 0;
  std::string first;
  {
    const auto rows = open_stolen(stolen, entropy);
    for (const auto& body : recorded) {
      const auto text = open_with(*rows, body.row);
      const bool old = text && std::find(said.begin(), said.end(), *text) != said.end();
      read += old ? 1 : 0;
      if (old && first.empty()) first = *text;
    }
    for (const auto& body : waiting) current += open_with(*rows, body.row) == pending ? 1 : 0;
  }
  std::filesystem::remove_all(stolen);
  must(world.run("bob-1", {"read"}));
  Side side;
  side.step("alice", "recorder", std::to_string(recorded.size()) + " envelopes, recorded");
  side.step("bob", "bob", "reads them; the keys are deleted");
  side.step("bob", "recorder", "later: all keys of bob's device", Step::Kind::swapped);
  side.step("recorder", "recorder",
            std::to_string(read) + " of " + std::to_string(said.size()) + " recorded messages open",
            read == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(read != 0 || recorded.size() < said.size() || current == 0, "messages that bob had read long before");
  if (side.outcome == Outcome::refused)
    side.got =
        "nothing that had been read opens: its keys are gone. What was still on its way opens, and so does whatever "
        "the "
        "device itself keeps to show its owner";
  if (current == 0) side.got = "unclear: the stolen keys did not even open what was on its way";
  side.show("recorded messages that the stolen device's keys open", of(read, said.size()));
  side.show("the first of them", first.empty() ? "-" : first);
  side.show("messages on their way at the theft that they open (the attack's own tool works)", of(current, 1));
  return side;
}

Side replay_cairn(World& world) {
  world.settle();
  // Both have conversations with bob, so that there is another channel to replay into.
  must(world.run("mallory-1", {"send", "bob@localhost", "hello from mallory"}));
  world.settle();
  const std::string text = "yes, I agree";
  must(world.run("alice-1", {"send", "bob@localhost", text}));
  std::vector<Operator::Body> recorded;
  {
    const Operator wire(world);
    recorded = wire.messages(1);
  }
  const std::string line = "alice@localhost: " + text;
  const std::size_t once = count_text(world.texts("bob-1", "alice@localhost"), line);
  std::size_t delivered = 0;
  must(world.run("mallory-1", {"send", "bob@localhost", "one more from mallory"}));
  {
    Operator wire(world);
    ChannelId other;
    for (const auto& body : wire.messages(1)) {
      if (body.row.channel != recorded.back().row.channel) other = body.row.channel;
    }
    relay::BodyRow elsewhere = recorded.back().row;
    elsewhere.channel = other;
    const DeviceId bob = wire.device_of("bob@localhost"), mallory = wire.device_of("mallory@localhost");
    for (const auto& [device, row] : {std::pair(bob, recorded.back().row), std::pair(bob, recorded.back().row),
                                      std::pair(bob, elsewhere), std::pair(mallory, recorded.back().row)}) {
      wire.deliver(device, row);
      ++delivered;
    }
  }
  const std::size_t as_alice = count_text(world.texts("bob-1", "alice@localhost"), line);
  const auto in_mallorys = world.texts("bob-1", "mallory@localhost");
  const std::size_t as_mallory = count_text(in_mallorys, "mallory@localhost: " + text) + count_text(in_mallorys, line);
  std::size_t to_mallory = 0;
  for (const std::string& one : world.texts("mallory-1", "bob@localhost"))
    to_mallory += one.ends_with(": " + text) ? 1 : 0;
  const bool alive = count_text(in_mallorys, "mallory@localhost: one more from mallory") == 1;
  Side side;
  const bool worked = as_alice > 1 || as_mallory + to_mallory > 0;
  side.step("alice", "bob", "\"" + text + "\"");
  side.step("server", "bob", "the same envelope, twice more", worked ? Step::Kind::swapped : Step::Kind::refused);
  side.step("server", "bob", "and in mallory's conversation",
            as_mallory > 0 ? Step::Kind::swapped : Step::Kind::refused);
  side.step("server", "mallory", "and to mallory", to_mallory > 0 ? Step::Kind::stolen : Step::Kind::refused);
  side.conclude(worked || once != 1 || !alive, "an old message was shown as new");
  if (side.outcome == Outcome::refused)
    side.got = "a message is read once, by those of its group alone, under its sender's name";
  side.show("times that bob was shown it: first, and after it was delivered again",
            std::to_string(once) + ", " + std::to_string(as_alice));
  side.show("shown in mallory's conversation or to mallory", as_mallory + to_mallory);
  side.show("copies put into mailboxes by the operator", delivered);
  side.show("what came honestly after them arrived", alive ? "yes" : "no");
  return side;
}

Side oracle_cairn(World& world) {
  world.settle();
  constexpr std::size_t kCopies = 16;
  std::set<std::string> said;
  for (std::size_t i = 0; i < kCopies; ++i) {
    std::string text = "message " + std::to_string(i) + " ";
    text.resize(120, static_cast<char>('a' + i));
    said.insert(text);
    must(world.run("alice-1", {"send", "bob@localhost", text}));
  }
  std::size_t altered = 0;
  {
    Operator wire(world);
    for (Operator::Body body : wire.messages(kCopies)) {
      // Behind what tells the sender; a different place in each, down to the last bytes.
      const std::size_t at = body.row.body.size() * 45 / 100 + altered * 9;
      if (at >= body.row.body.size()) continue;
      body.row.body[at] = static_cast<std::uint8_t>(body.row.body[at] ^ 1);
      wire.replace(body);
      ++altered;
    }
  }
  const auto shown = world.texts("bob-1", "alice@localhost");
  std::size_t arrived = 0;
  for (const std::string& line : shown) arrived += said.contains(line.substr(line.find(": ") + 2)) ? 1 : 0;
  const auto earlier = world.texts("alice-1", "bob@localhost");
  std::set<std::string> ever = said;
  for (const std::string& line : earlier) ever.insert(line.substr(line.find(": ") + 2));
  const auto changed = forged(shown, ever);
  must(world.run("alice-1", {"send", "bob@localhost", "an honest one, after them"}));
  const bool alive = world.shows("bob-1", "alice@localhost", "alice@localhost: an honest one, after them");
  Side side;
  side.step("alice", "server", std::to_string(altered) + " envelopes");
  side.step("server", "bob", "one bit turned in each", Step::Kind::swapped);
  side.step("bob", "bob",
            changed.empty() && arrived == 0 ? "none is shown: \"could not be read\"" : "shows what nobody said",
            changed.empty() && arrived == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(!changed.empty() || arrived != 0 || altered != kCopies || !alive,
                "altered messages were accepted: an oracle");
  if (side.outcome == Outcome::refused)
    side.got =
        "there is nothing to watch: one turned bit and the envelope is refused as a whole, before anything of it is "
        "read. "
        "The sender is not told of it either";
  side.show("altered envelopes delivered", altered);
  side.show("of them shown to bob, altered or not", changed.size() + arrived);
  side.show("an altered text that was shown", changed.empty() ? "-" : changed.front().substr(0, 60));
  side.show("an honest message after them arrived", alive ? "yes" : "no");
  return side;
}

namespace {

/// Where the text of a message stands in an envelope's ciphertext, for whoever knows the format and guesses the text.
std::size_t offset_of_text(const std::string& text, std::uint64_t log_size) {
  client::TextContent content;
  content.text = text;
  const directory::Gossip gossip{"localhost/cairn", {log_size, {}}};
  const SecretBytes plaintext = client::encode_plaintext({gossip}, client::encode_content(content));
  const std::string bytes = as_text(plaintext.expose());
  return bytes.find(text) + 2;  // behind the length of the application data, RFC 9420 s.6.3.1
}

}  // namespace

Side forge_cairn(World& world) {
  world.settle();
  const std::string guessed = "transfer the deed to alice";
  const std::string wanted = "transfer the deed to mallo";
  constexpr std::size_t kPlaces = 9;
  for (std::size_t i = 0; i < kPlaces; ++i) must(world.run("alice-1", {"send", "bob@localhost", guessed}));
  std::size_t tried = 0;
  {
    Operator wire(world);
    for (Operator::Body body : wire.messages(kPlaces)) {
      const auto message = wire::decode<mls::MlsMessage>(body.row.body);
      const auto* sealed = message ? std::get_if<mls::PrivateMessage>(&message->body) : nullptr;
      if (sealed == nullptr) continue;
      // The ciphertext ends the envelope. The place is known but for the length of a number or two.
      const std::size_t start = body.row.body.size() - sealed->ciphertext.size();
      const std::size_t at = start + offset_of_text(guessed, 50) + tried - kPlaces / 2;
      for (std::size_t k = 0; k < guessed.size() && at + k < body.row.body.size(); ++k)
        body.row.body[at + k] = static_cast<std::uint8_t>(body.row.body[at + k] ^ guessed[k] ^ wanted[k]);
      wire.replace(body);
      ++tried;
    }
  }
  const auto shown = world.texts("bob-1", "alice@localhost");
  const std::size_t worked = count_text(shown, "alice@localhost: " + wanted);
  must(world.run("alice-1", {"send", "bob@localhost", "an honest one, after the forgeries"}));
  const bool alive = world.shows("bob-1", "alice@localhost", "alice@localhost: an honest one, after the forgeries");
  Side side;
  side.step("alice", "server", "\"" + guessed + "\", which the attacker guesses");
  side.step("server", "bob", "turned into \"" + wanted + "\"", Step::Kind::swapped);
  side.step("bob", "bob", worked == 0 ? "refused" : "shows the forgery",
            worked == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.conclude(worked != 0 || tried != kPlaces || !alive, "a guessed message was turned into a forged one");
  if (side.outcome == Outcome::refused)
    side.got =
        "a whole guessed message does not help: the check has 128 bits and depends on a key that no guess gives, and "
        "the "
        "sender's signature covers the text besides";
  side.show("forgeries of a fully guessed message, at every place where it can stand", tried);
  side.show("accepted", worked);
  side.show("bits of the tag", "128 (2014: none; 2016: 40)");
  side.show("an honest message after them arrived", alive ? "yes" : "no");
  return side;
}

Side metadata_cairn(World& world) {
  world.settle();
  const std::vector<std::size_t> lengths = {3, 10, 25, 50, 80, 300, 600, 1500, 3000, 6000};
  constexpr std::size_t kShort = 5;  // of them
  std::vector<std::size_t> sizes;
  std::size_t handshakes = 0;
  must(world.run("bob-1", {"read"}));
  for (const std::size_t length : lengths)
    must(world.run("alice-1", {"send", "bob@localhost", std::string(length, 'x')}));
  must(world.run("alice-1", {"group", "create", "walkers", "bob@localhost"}));
  {
    const Operator wire(world);
    for (const auto& body : wire.messages(lengths.size())) sizes.push_back(body.row.body.size());
    for (const auto& body : wire.bodies()) handshakes += body.row.kind != proto::EnvelopeKind::message ? 1 : 0;
  }
  must(world.run("bob-1", {"read"}));
  const std::set<std::size_t> all(sizes.begin(), sizes.end());
  const std::set<std::size_t> of_short(sizes.begin(),
                                       sizes.begin() + std::min<std::ptrdiff_t>(kShort, std::ssize(sizes)));
  std::string listed;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    listed += (i == 0 ? "" : ", ") + std::to_string(lengths[i]) + ": " + std::to_string(sizes[i]);
  Side side;
  side.step(
      "alice", "server",
      "texts of 3 to 80 characters: " + std::to_string(of_short.size()) + (of_short.size() == 1 ? " size" : " sizes"));
  side.step("server", "observer", "which mailbox, when, the padded size", Step::Kind::stolen);
  side.step("observer", "observer", "a long text is seen to be long", Step::Kind::stolen);
  const bool measured = sizes.size() == lengths.size() && of_short.size() < kShort;
  side.outcome = measured ? Outcome::measured : Outcome::succeeded;
  side.got = !measured ? "every length was told apart by its size"
                       : "short texts look alike, long ones are known to within a few percent; who writes to which "
                         "conversation and when is seen by the server";
  side.show("sizes of texts of 3 to 80 characters", of_short.size());
  side.show("different sizes among " + std::to_string(lengths.size()) + " lengths", all.size());
  side.show("characters: bytes of the envelope", listed);
  side.show("welcomes and commits, told apart from messages by their kind", handshakes);
  side.show("padding hides", "lengths below 256 bytes, and above that all but the highest bits (Padme)");
  side.show("padding does not hide", "mailboxes, times, the kind of an envelope, the order of magnitude of a length");
  return side;
}

}  // namespace cairn::lab
