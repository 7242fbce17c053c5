// Whoever carries Cairn's envelopes keeps them, alters them, delivers them again: harvest, replay, oracle, forge-2016,
// metadata.
#include <cstdio>
#include <filesystem>
#include <set>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/attacks/passing.h"
#include "apps/lab/attacks/sizes.h"
#include "apps/lab/cairn/operator.h"
#include "apps/lab/legacy/envelope_2016.h"
#include "core/client/content.h"
#include "core/client/tables.h"
#include "core/crypto/aead.h"
#include "core/mls/group.h"
#include "core/mls/suite.h"
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

std::string nothing_of(const std::string& what) { return "nothing came of " + what; }

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
  const auto shown = world.texts("bob-1", "alice@localhost");  // and deletes the keys that he used
  std::size_t kept = 0;                                        // by the phone itself, to show its owner
  for (const std::string& text : said) kept += count_text(shown, "alice@localhost: " + text);
  const std::string pending = "what Bob has not fetched yet";
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
  side.step("Alice", "recorder", std::to_string(recorded.size()) + " envelopes, recorded");
  side.step("Bob", "Bob", "reads them; the keys are deleted");
  side.step("Bob", "recorder", "then: all that is on Bob's device", Step::Kind::swapped);
  side.step("recorder", "recorder",
            std::to_string(read) + " of " + std::to_string(said.size()) + " recorded messages open",
            read == 0 ? Step::Kind::refused : Step::Kind::stolen);
  if (read == 0 && (recorded.size() < said.size() || current == 0)) {
    side.got = "nothing to conclude: " + of(recorded.size(), said.size()) +
               " messages were recorded, and of what was on its way the stolen keys opened " + of(current, 1);
    return side;
  }
  side.conclude(read != 0, "messages that Bob had read long before");
  if (side.outcome == Outcome::refused) {
    side.got = "no recording of a message that Bob had read opens: its key is gone";
    side.besides =
        "what was still on its way opens. And the phone keeps the text of what was read: unlocked, it shows " +
        of(kept, said.size()) + " of those same messages to the thief. Only the recording stays shut";
  }
  side.show("recorded messages that the stolen device's keys open", of(read, said.size()));
  if (!first.empty()) side.show("the first of them", first);
  side.show("of the same messages, shown by the phone itself to whoever holds it unlocked", of(kept, said.size()));
  side.show("messages on their way at the theft that they open (the attack's own tool works)", of(current, 1));
  return side;
}

Side replay_cairn(World& world) {
  world.settle();
  // Both have conversations with bob, so that there is another channel to replay into.
  must(world.run("mallory-1", {"send", "bob@localhost", "hello from Mallory"}));
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
  must(world.run("mallory-1", {"send", "bob@localhost", "one more from Mallory"}));
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
  const bool alive = count_text(in_mallorys, "mallory@localhost: one more from Mallory") == 1;
  Side side;
  const bool worked = as_alice > 1 || as_mallory + to_mallory > 0;
  side.step("Alice", "Bob", "\"" + text + "\"");
  side.step("server", "Bob", "the same envelope, twice more", worked ? Step::Kind::swapped : Step::Kind::refused);
  side.step("server", "Bob", "and in Mallory's conversation",
            as_mallory > 0 ? Step::Kind::swapped : Step::Kind::refused);
  side.step("server", "Mallory", "and to Mallory", to_mallory > 0 ? Step::Kind::stolen : Step::Kind::refused);
  if (!worked && (once != 1 || !alive)) {
    side.got = "nothing to conclude: " + nothing_of(once != 1 ? "the message itself" : "what was sent after it");
    return side;
  }
  side.conclude(worked, "an old message was shown as new");
  if (side.outcome == Outcome::refused)
    side.got = "Bob was shown the message once, and nobody was shown it in Mallory's name or conversation";
  side.show("times that Bob was shown it: first, and after it was delivered again",
            std::to_string(once) + ", " + std::to_string(as_alice));
  side.show("shown in Mallory's conversation or to Mallory", as_mallory + to_mallory);
  side.show("copies put into mailboxes by the operator", delivered);
  side.show("what came honestly after them arrived", alive ? "yes" : "no");
  return side;
}

namespace {

std::set<Bytes> stored_envelopes(World& world) {
  std::set<Bytes> out;
  const Operator wire(world);
  for (const Operator::Body& body : wire.bodies()) out.insert(body.row.body);
  return out;
}

/// Envelopes that somebody who carries them sees come from a phone.
struct Answers {
  std::size_t here = 0;       ///< messages in the conversation that is attacked
  std::size_t elsewhere = 0;  ///< all others, which may have nothing to do with it
};
Answers sent_since(World& world, const std::set<Bytes>& before, const std::set<ChannelId>& attacked) {
  Answers out;
  const Operator wire(world);
  for (const Operator::Body& body : wire.bodies()) {
    if (before.contains(body.row.body)) continue;
    const bool here = body.row.kind == proto::EnvelopeKind::message && attacked.contains(body.row.channel);
    ++(here ? out.here : out.elsewhere);
  }
  return out;
}

/// What came of envelopes that were altered on their way from alice to bob.
struct Altered {
  std::size_t count = 0;             ///< that were altered
  std::vector<std::string> changed;  ///< texts that bob was shown, and that nobody said
  std::size_t arrived = 0;           ///< texts that he was shown all the same
  Answers answers;                   ///< that his phone sent while it took them
  bool alive = false;                ///< an honest one after them arrived
  Answers to_an_honest_one;          ///< that his phone sent while it took that
  bool accepted() const { return !changed.empty() || arrived != 0; }
};

constexpr std::size_t kCopies = 16;

std::string text_of(const std::string& line) { return line.substr(line.find(": ") + 2); }

Altered alter(World& world) {
  Altered out;
  std::set<std::string> said;
  for (std::size_t i = 0; i < kCopies; ++i) {
    std::string text = "message " + std::to_string(i) + " ";
    text.resize(120, static_cast<char>('a' + i));
    said.insert(text);
    must(world.run("alice-1", {"send", "bob@localhost", text}));
  }
  std::set<ChannelId> channels;
  {
    Operator wire(world);
    for (Operator::Body body : wire.messages(kCopies)) {
      // Behind what tells the sender; a different place in each, down to the last bytes.
      const std::size_t at = body.row.body.size() * 45 / 100 + out.count * 9;
      if (at >= body.row.body.size()) continue;
      body.row.body[at] = static_cast<std::uint8_t>(body.row.body[at] ^ 1);
      wire.replace(body);
      channels.insert(body.row.channel);
      ++out.count;
    }
  }
  const std::set<Bytes> before = stored_envelopes(world);
  const auto shown = world.texts("bob-1", "alice@localhost");
  out.answers = sent_since(world, before, channels);
  for (const std::string& line : shown) out.arrived += said.contains(text_of(line)) ? 1 : 0;
  std::set<std::string> ever = said;
  for (const std::string& line : world.texts("alice-1", "bob@localhost")) ever.insert(text_of(line));
  out.changed = forged(shown, ever);
  must(world.run("alice-1", {"send", "bob@localhost", "an honest one, after them"}));
  const std::set<Bytes> with_honest = stored_envelopes(world);
  out.alive = world.shows("bob-1", "alice@localhost", "alice@localhost: an honest one, after them");
  out.to_an_honest_one = sent_since(world, with_honest, channels);
  return out;
}

}  // namespace

Side oracle_cairn(World& world) {
  world.settle();
  const Altered found = alter(world);
  const bool accepted = found.accepted(), answered = found.answers.here != 0;
  Side side;
  side.step("Alice", "server", std::to_string(found.count) + " envelopes");
  side.step("server", "Bob", "each altered in one place", Step::Kind::swapped);
  side.step("Bob", "Bob", accepted ? "shows what nobody said" : "shows none of them",
            accepted ? Step::Kind::stolen : Step::Kind::refused);
  if (answered) side.step("Bob", "server", "answers some of them by itself", Step::Kind::stolen);
  side.show("altered envelopes delivered", found.count);
  side.show("envelopes that Bob's phone sent in that conversation while it took them", found.answers.here);
  side.show("and elsewhere", found.answers.elsewhere);
  side.show("of them shown to Bob, altered or not", found.changed.size() + found.arrived);
  if (!found.changed.empty()) side.show("an altered text that was shown", found.changed.front().substr(0, 60));
  side.show("an honest message after them arrived", found.alive ? "yes" : "no");
  side.show("envelopes that Bob's phone sent while it took that", found.to_an_honest_one.here);
  if (!accepted && !answered && (found.count != kCopies || !found.alive || found.answers.elsewhere != 0)) {
    side.got = "nothing to conclude: " + of(found.count, kCopies) + " messages were altered, Bob's phone sent " +
               std::to_string(found.answers.elsewhere) + " envelopes of which it is not known what for, and " +
               (found.alive ? "an honest one arrived" : nothing_of("an honest one after them"));
    return side;
  }
  side.conclude(accepted || answered, accepted ? "altered messages were accepted: an oracle"
                                               : "Bob's phone answered altered messages by itself: an oracle");
  if (side.outcome == Outcome::refused)
    side.got = "of " + std::to_string(found.count) +
               " messages that were altered in one place none was shown, and Bob's phone sent no envelope while it "
               "took them (when an honest one came, " +
               std::to_string(found.to_an_honest_one.here) + ")";
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
  const std::string guessed = "give the deed to Alice today";
  const std::string wanted = "give the deed to Carol today";
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
  side.step("Alice", "server", "\"" + guessed + "\", which the attacker guesses");
  side.step("server", "Bob", "altered, so that it would read \"" + wanted + "\"", Step::Kind::swapped);
  side.step("Bob", "Bob", worked == 0 ? "drops all " + std::to_string(tried) : "shows the forgery",
            worked == 0 ? Step::Kind::refused : Step::Kind::stolen);
  if (worked == 0 && (tried != kPlaces || !alive)) {
    side.got = "nothing to conclude: " + of(tried, kPlaces) + " messages were altered, and " +
               (alive ? "an honest one arrived" : nothing_of("an honest one after them"));
    return side;
  }
  side.conclude(worked != 0, "a guessed message was turned into a forged one");
  if (side.outcome == Outcome::refused)
    side.got = "the attacker guessed the whole message, and none of " + std::to_string(tried) +
               " forgeries of it was accepted";
  side.show("forgeries of a fully guessed message, one for each place at which its text may begin", tried);
  side.show("accepted", worked);
  side.show("bits of the check, in the kind of encryption that conversations have",
            8 * crypto::aead_tag_size(mls::cipher_suite(mls::kDefaultSuite).hpke.aead));
  side.show("bits of it in 2016 (in 2014 there was none)", legacy::kTagBits);
  side.show("an honest message after them arrived", alive ? "yes" : "no");
  return side;
}

namespace {

/// Sends these texts to bob, and what the server then sees of each.
std::vector<std::size_t> sizes_of(World& world, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) must(world.run("alice-1", {"send", "bob@localhost", text}));
  std::vector<std::size_t> out;
  {
    const Operator wire(world);
    for (const auto& body : wire.messages(texts.size())) out.push_back(body.row.body.size());
  }
  must(world.run("bob-1", {"read"}));
  if (out.size() != texts.size()) must({1, {}, "not every message reached the server"});
  return out;
}

/// The same texts as on the system of 2014, told apart in the same way.
std::pair<std::size_t, std::size_t> texts_told(World& world) {
  std::vector<std::string> texts;
  const auto note = [&](const std::string& text) {
    texts.push_back(text);
    return 0.0;
  };
  auto learned = seen_texts(kTextsLearned, 3, note);
  auto tested = seen_texts(kTextsTested, 1000, note);
  const auto sizes = sizes_of(world, texts);
  for (std::size_t i = 0; i < sizes.size(); ++i)
    (i < learned.size() ? learned[i] : tested[i - learned.size()]).size = static_cast<double>(sizes[i]);
  return {told_by_size(learned, tested), tested.size()};
}

std::string percent(double share) {
  char out[32];
  std::snprintf(out, sizeof out, "%.0f", share * 100);
  return out;
}

/// Envelopes that wait at the server.
struct Waiting {
  std::size_t handshakes = 0;  ///< that change a group
  std::size_t all = 0;
  std::size_t dated = 0;          ///< of which it stores when they came
  std::size_t conversations = 0;  ///< that they belong to
};

Waiting what_waits(World& world) {
  Waiting out;
  std::set<ChannelId> conversations;
  const Operator wire(world);
  for (const auto& body : wire.bodies()) {
    out.handshakes += body.row.kind != proto::EnvelopeKind::message ? 1 : 0;
    out.dated += body.row.received_ms != 0 ? 1 : 0;
    conversations.insert(body.row.channel);
    ++out.all;
  }
  out.conversations = conversations.size();
  return out;
}

}  // namespace

Side metadata_cairn(World& world) {
  world.settle();
  must(world.run("bob-1", {"read"}));
  // The last four are near one another: how far apart are lengths that are told apart?
  const std::vector<std::size_t> lengths = {3, 10, 25, 50, 80, 300, 600, 1500, 6000, 3000, 3064, 3128, 3192};
  constexpr std::size_t kShort = 5, kNear = 9;  // of them
  std::vector<std::string> texts;
  for (const std::size_t length : lengths) texts.emplace_back(length, 'x');
  const auto sizes = sizes_of(world, texts);
  std::set<std::size_t> of_short(sizes.begin(), sizes.begin() + kShort), all(sizes.begin(), sizes.end());
  const std::set<std::size_t> near(sizes.begin() + kNear, sizes.end());
  const double step = static_cast<double>(*near.rbegin() - *near.begin()) /
                      static_cast<double>(std::max<std::size_t>(near.size() - 1, 1));
  std::string listed, alike;  // those of the short ones that are as large as the shortest
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    listed += (i == 0 ? "" : ", ") + std::to_string(lengths[i]) + ": " + std::to_string(sizes[i]);
    if (i < kShort && sizes[i] == sizes[0]) alike += (i == 0 ? "" : ", ") + std::to_string(lengths[i]);
  }
  const auto [right, tested] = texts_told(world);
  const Passing passing = watch(world);
  must(world.run("alice-1", {"group", "create", "walkers", "bob@localhost"}));
  const auto [handshakes, waiting, dated, conversations] = what_waits(world);
  must(world.run("bob-1", {"read"}));
  Side side;
  side.step("Alice", "server", "texts of " + alike + " characters: of one size");
  side.step("server", "observer",
            std::string("which conversation, when, about which size") +
                (passing.signals == 0 ? "" : "; and that somebody is writing just now"),
            Step::Kind::stolen);
  side.step(
      "observer", "observer",
      "tells receipts, short and long texts, and photos by size in " + of(passing.right, passing.tested) + " cases",
      Step::Kind::stolen);
  side.step("observer", "observer", "tells how long a text is, roughly, in " + of(right, tested) + " cases",
            Step::Kind::stolen);
  const bool measured = of_short.size() < kShort;
  side.outcome = measured ? Outcome::measured : Outcome::succeeded;
  side.got =
      !measured
          ? "every length was told apart by its size"
          : "of texts alone, the size told which kind it was in " + of(right, tested) +
                " cases (by chance it would be " + std::to_string(tested / kTextKinds) + "). Texts of " + alike +
                " characters look alike; of receipts, short and long texts, and photos the size of the message told " +
                of(passing.right, passing.tested) + " (by chance " + std::to_string(passing.tested / passing.kinds) +
                "); " + of(passing.uploads, passing.photos) + " photos were told by the file that passed beside, and " +
                of(passing.signals, passing.typing) +
                " times that somebody was writing by a signal of its own. Near 3000 characters the length is known to "
                "within " +
                percent(step / 3000) +
                " percent. In which conversation something is sent, and when, the server stores of " +
                of(dated, waiting) + " envelopes";
  side.show(kToldOfTexts, of(right, tested));
  side.show("by chance that would be", of(tested / kTextKinds, tested));
  show(side, passing);
  side.show("different sizes among texts of 3, 10, 25, 50 and 80 characters", of_short.size());
  side.show("different sizes among all " + std::to_string(lengths.size()) + " lengths", all.size());
  side.show("characters: bytes of the envelope", listed);
  side.show("messages that change a group, told apart from others by a mark on the envelope", handshakes);
  side.show("envelopes that waited at the server then, of which it stores the time and the conversation",
            of(dated, waiting));
  side.show("conversations that they are seen to belong to", conversations);
  return side;
}

}  // namespace cairn::lab
