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
  Device phone{"bob's phone"};
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

/// Turns what would be the guessed name into an address of the attacker's, a new one for each try.
std::optional<std::string> confirm(const std::string& guess, ByteView ct, Target& target, const Device& mallory) {
  const Bytes guessed = encode_plist(with_name(guess));
  const std::size_t at = as_text(guessed).find(guess);
  CHECK(at > kInsideBlock);
  const Parties parties{mallory.identity(), target.phone.identity()};
  const std::size_t most = std::size_t{8} << target.tag_bits;
  for (std::size_t i = 0; i < most; ++i) {
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

}  // namespace

Side forge_2016(const ModelOptions& options) {
  const Device alice("alice's phone"), mallory("mallory's phone");
  Target bob;
  bob.tag_bits = options.tag_bits;
  const std::string secret = kGuesses[random_bytes(1)[0] % kGuesses.size()];
  // Not gzipped: a body is only when that is smaller, and which it is the attacker sees by the size.
  const auto wire = seal_2016(encode_plist(with_name(secret)), {alice.identity(), bob.phone.identity()},
                              alice.signing_key(), options.tag_bits);
  const Bytes ct = Envelope::parse(*wire)->ct;
  Side side;
  side.step("alice", "bob", "a document, with the envelope of 2016");
  const auto start = std::chrono::steady_clock::now();
  std::string confirmed, fetched;
  for (const std::string& guess : kGuesses) {
    const auto answer = confirm(guess, ct, bob, mallory);
    if (answer) confirmed = guess, fetched = *answer;
    if (answer) break;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  side.step("mallory", "bob", "the guess turned into her address, " + std::to_string(bob.queries) + " times",
            Step::Kind::swapped);
  side.step("bob", "mallory", "fetches " + (fetched.empty() ? "nothing" : fetched.substr(0, 22)),
            stolen_if(!fetched.empty()));
  const double rate = static_cast<double>(bob.queries) / seconds;
  char years[64];
  std::snprintf(years, sizeof years, "%.0f", std::pow(2.0, kTagBits) / rate / 3600 / 24 / 365.25);
  side.conclude(!confirmed.empty() && confirmed == secret,
                "with a shorter check: which of the guessed documents it was, and a forged message that was accepted");
  side.show("bits of the tag", std::to_string(options.tag_bits) + " (the system: 40)");
  side.show("forged messages sent", bob.queries);
  side.show("confirmed guess", confirmed.empty() ? "-" : confirmed);
  side.reduced.push_back(
      "The check (its tag) has " + std::to_string(options.tag_bits) +
      " bits instead of 40. A forgery is accepted with probability 2^-t, so it takes 2^t tries: 2^40 for "
      "the system (Bellare and Stepanovs 2020), at this machine's " +
      std::to_string(static_cast<int>(rate)) + " tries a second against one phone " + years +
      " years; tries are on line, and can be spread over phones. The key itself is not found.");
  return side;
}

}  // namespace cairn::lab
