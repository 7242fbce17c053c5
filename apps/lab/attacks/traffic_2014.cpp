// Whoever carries messages: harvest, replay, metadata.
#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/sizes.h"
#include "apps/lab/legacy/envelope_2016.h"
#include "apps/lab/legacy/person.h"

namespace cairn::lab {
namespace {

using namespace legacy;

/// One thing that a person did.
struct Act {
  std::string kind;
  Message message;
};

std::vector<Act> acts(std::size_t seed) {
  const std::string me = "alice@example.org", you = "bob@example.org";
  std::vector<Act> out;
  for (std::size_t i = 0; i < 12; ++i) {
    const std::size_t n = seed + 7 * i;
    out.push_back({"read receipt", {{me, you}, "", {}}});
    out.push_back({"short text", {{me, you}, some_text(8 + n % 30, n), {}}});
    out.push_back({"long text", {{me, you}, some_text(250 + (n * 13) % 150, n), {}}});
    AttachmentReference photo{"IMG_" + std::to_string(1000 + n) + ".jpg",
                              "https://content.example/" + std::to_string(n),
                              "M" + std::to_string(n),
                              std::string(40, 'a'),
                              std::string(64, 'b'),
                              100'000 + n};
    for (std::size_t k = 0; k < 40; ++k) photo.signature_hex[k] = "0123456789abcdef"[(n * 7 + k * k) % 16];
    for (std::size_t k = 0; k < 64; ++k) photo.key_hex[k] = "0123456789abcdef"[(n * 11 + k * k * 3) % 16];
    out.push_back({"photo", {{me, you}, "\uFFFC", photo}});
  }
  return out;
}

/// What stands beside a message on its way, readable for the push service.
std::string beside_a_message() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  CHECK(alice.send(bob.name(), "hello").has_value());
  const Push push = service.apns.seen().back();
  std::string out;
  const auto note = [&](bool seen, const std::string& what) {
    if (seen) out += (out.empty() ? "" : ", ") + what;
  };
  note(push.sender == alice.name(), "sender");
  note(push.to == bob.device().token(), "recipient");
  note(push.at == service.now, "time");
  return out;
}

}  // namespace

Side harvest_2014() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  std::vector<std::string> said;
  for (int month = 1; month <= 12; ++month) {
    said.push_back("What I wrote in month " + std::to_string(month) + ".");
    CHECK(alice.send(bob.name(), said.back()).has_value());
    bob.receive();
    service.now = after(service.now, 30 * kDayMs);
  }
  Side side;
  side.step("Alice", "recorder", "a year of encrypted messages");
  side.step("Bob", "recorder", "Bob's key, a year later", Step::Kind::swapped);
  const auto key = RsaKey::from_der(bob.device().keychain.at("message encryption key"));
  std::vector<std::string> read;
  for (const Push& push : service.apns.seen()) {
    const auto envelope = Envelope::parse(push.payload);
    const auto opened =
        envelope && key ? decrypt_body(envelope->ct, *key) : Result<Opened>(fail(ErrorCode::malformed, "-"));
    const auto message = opened ? decode_body(opened->body) : Result<Message>(fail(ErrorCode::malformed, "-"));
    if (message) read.push_back(message->text);
  }
  side.step("recorder", "recorder", "reads the whole year", stolen_if(read == said));
  side.conclude(read == said, "every message of the year: one key opens them all");
  side.show("recorded messages read", of(read.size(), said.size()));
  side.show("the oldest", read.empty() ? "-" : read.front());
  return side;
}

Side replay_2014() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org"), mallory(service, "mallory@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  mallory.add_device("Mallory's phone");
  const std::string text = "Yes, I agree.";
  CHECK(alice.send(bob.name(), text).has_value());
  const Push taken = service.apns.seen().back();
  bob.receive();
  service.now = after(service.now, 60 * kDayMs);
  Push again = taken;
  again.at = service.now;
  CHECK(service.apns.send(again).has_value());
  Push renamed = again;
  renamed.sender = mallory.name();
  renamed.payload = sign_envelope(Envelope::parse(taken.payload)->ct, mallory.device().signing_key()).encode();
  CHECK(service.apns.send(renamed).has_value());
  Push elsewhere = again;
  elsewhere.to = mallory.device().token();
  CHECK(service.apns.send(elsewhere).has_value());
  bob.receive();
  const std::size_t to_mallory = mallory.receive();
  std::size_t as_alice = 0, as_mallory = 0;
  for (const Shown& one : bob.device().conversation) {
    as_alice += one.from == alice.name() && one.text == text ? 1 : 0;
    as_mallory += one.from == mallory.name() && one.text == text ? 1 : 0;
  }
  Side side;
  side.step("Alice", "Bob", "\"" + text + "\"");
  side.step("operator", "Bob", "the same again, two months later", Step::Kind::swapped);
  side.step("operator", "Bob", "the same, signed by Mallory", Step::Kind::swapped);
  side.step("operator", "Mallory", "the same, to Mallory's phone",
            to_mallory == 0 ? Step::Kind::refused : Step::Kind::stolen);
  const bool accepted = as_alice == 2 && as_mallory == 1;
  // The repair of 2016 stops both.
  const Parties honest{alice.device().identity(), bob.device().identity()};
  const Parties false_sender{mallory.device().identity(), bob.device().identity()};
  const auto wire =
      seal_2016(encode_body({{alice.name(), bob.name()}, text, {}}), honest, alice.device().signing_key());
  Receiver2016 receiver;
  const bool first = receiver.open(*wire, bob.device().encryption_key(), honest).has_value();
  const bool second = receiver.open(*wire, bob.device().encryption_key(), honest).has_value();
  const Bytes resigned = sign_envelope(Envelope::parse(*wire)->ct, mallory.device().signing_key()).encode();
  const bool other = Receiver2016().open(resigned, bob.device().encryption_key(), false_sender).has_value();
  const auto said = [](bool shown) { return shown ? "shown" : "refused"; };
  side.conclude(accepted, std::string("an old message was shown as new, and once more as somebody else's") +
                              (first && !second && !other ? "; the envelope of 2016 refuses both" : ""));
  side.show("shown as Alice's", as_alice);
  side.show("shown as Mallory's", as_mallory);
  side.show("shown to Mallory, to whom it was delivered too (it is locked for Bob's phone)", to_mallory);
  side.show("with the envelope of 2016, for the first time", said(first));
  side.show("with that envelope, once more", said(second));
  side.show("with that envelope, under Mallory's name", said(other));
  return side;
}

Side metadata_2014() {
  const Device bob("Bob's phone"), alice("Alice's phone");
  const auto size_of = [&](const Message& message) {
    return static_cast<double>(
        seal_2014(encode_body(message), bob.identity().rsa_modulus, alice.signing_key())->size());
  };
  const auto seen = [&](std::size_t seed) {
    std::vector<Seen> out;
    for (const Act& act : acts(seed)) out.push_back({act.kind, size_of(act.message)});
    return out;
  };
  const auto tested = seen(1000);
  const std::size_t right = told_by_size(seen(3), tested);
  std::map<std::string, double> shown;  // a size of each kind
  for (const Seen& one : tested) shown.emplace(one.kind, one.size);
  const auto of_text = [&](const std::string& text) {
    return size_of({{"alice@example.org", "bob@example.org"}, text, {}});
  };
  const auto texts = seen_texts(kTextsTested, 1000, of_text);
  const std::size_t right_texts = told_by_size(seen_texts(kTextsLearned, 3, of_text), texts);
  std::string listed;
  for (const auto& [kind, size] : shown)
    listed += (listed.empty() ? "" : ", ") + kind + ": " + std::to_string(static_cast<long>(size)) + " bytes";
  Side side;
  side.step("Alice", "push service", listed);
  const std::string beside = beside_a_message();
  side.step("push service", "observer", beside + (beside.empty() ? "size" : ", size"), Step::Kind::stolen);
  side.step("observer", "observer", "tells which of the four it was, in " + of(right, tested.size()) + " cases",
            Step::Kind::stolen);
  side.outcome = Outcome::measured;
  side.got = "what Alice did was told from the size alone in " + of(right, tested.size()) +
             " cases (by chance it would be " + std::to_string(tested.size() / shown.size()) +
             "); of texts alone, in " + of(right_texts, texts.size()) + " (by chance " +
             std::to_string(texts.size() / kTextKinds) + ")";
  side.show("kinds of action (receipt, short text, long text, photo)", shown.size());
  side.show("guessed rightly from the size", of(right, tested.size()));
  side.show("by chance it would be", of(tested.size() / shown.size(), tested.size()));
  side.show(kToldOfTexts, of(right_texts, texts.size()));
  side.show("by chance that would be", of(texts.size() / kTextKinds, texts.size()));
  side.show("also in the clear", beside.empty() ? "nothing" : beside);
  return side;
}

}  // namespace cairn::lab
