// A PIN behind three realms, and a domain's operator who wants what it protects: escrow.
#include <cstdio>
#include <thread>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/attacks/owner.h"
#include "apps/lab/cairn/realms.h"
#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/crypto/shamir.h"
#include "core/proto/realm.h"
#include "core/vault/pin.h"
#include "shell/os/clock.h"
#include "shell/os/entropy.h"

namespace cairn::lab {
namespace {

constexpr std::size_t kCandidates = 24;
constexpr std::size_t kRightOne = 20;  ///< among them: behind the guesses that three realms of ten each allow
constexpr unsigned kAlicesPin = 583'047;
/// Guesses that the realms' rules allow: each takes a try at so many of them as are needed.
constexpr std::size_t kAllowedGuesses = Realms::kCount * proto::kMaxGuesses / Realms::kThreshold;
static_assert(kAllowedGuesses < kRightOne && kRightOne <= kCandidates);

/// What the attacker tries, in this order.
std::vector<std::string> candidates() {
  std::vector<std::string> out;
  for (std::size_t i = 1; i <= kCandidates; ++i) {
    char pin[16];
    std::snprintf(pin, sizeof pin, "%06u",
                  static_cast<unsigned>((kAlicesPin + 1'000'000 + 7919 * i - 7919 * kRightOne) % 1'000'000));
    out.emplace_back(pin);
  }
  return out;
}

/// The domain's operator, who makes account tokens as his server does and asks the realms himself.
class Guesser {
 public:
  Guesser(const Realms& realms, crypto::SigningKey issuer, std::string domain, const RegistrationId& registration)
      : realms_(realms), issuer_(std::move(issuer)), who_{std::move(domain), registration} {}

  /// One guess, at two realms: each counts it.
  vault::PinRecovery::State guess(const std::string& pin, std::size_t left_out) {
    auto recovery = vault::PinRecovery::begin(realms_.set(), who_.registration, pin, entropy_);
    if (!recovery) return vault::PinRecovery::State::no_quorum;
    for (auto asks = recovery->take_asks(); !asks.empty(); asks = recovery->take_asks()) {
      for (const auto& ask : asks) {
        std::visit([&](const auto& what) { take(*recovery, ask.realm, what, ask.realm != left_out); }, ask.what);
      }
    }
    return recovery->state();
  }

 private:
  template <class Answer>
  Result<Answer> post(std::size_t realm, std::string_view path, const Bytes& body, bool asked) const {
    REQUIRE(asked, ErrorCode::unavailable, "left out");
    const auto answer = realms_.ask(realm, path, body);
    if (answer.status == 200) return wire::decode<Answer>(as_bytes(answer.body));
    const auto error = wire::decode<proto::ErrorAnswer>(as_bytes(answer.body));
    return fail(error ? error->code : ErrorCode::unavailable, "refused");
  }
  void take(vault::PinRecovery& recovery, std::size_t realm, const vault::PinRecovery::AskVersion&, bool asked) {
    auto answer = post<proto::PinVersionAnswer>(realm, proto::kPathPinVersion, wire::encode(who_), asked);
    recovery.take(realm, answer ? Result<PinVersion>(answer->version) : tl::unexpected<Error>(answer.error()));
  }
  void take(vault::PinRecovery& recovery, std::size_t realm, const vault::PinRecovery::AskEvaluation& ask, bool asked) {
    const proto::PinEvaluateRequest request{account_token(realm), ask.version, ask.element};
    auto answer = post<proto::PinEvaluateAnswer>(realm, proto::kPathPinEvaluate, wire::encode(request), asked);
    recovery.take(realm,
                  answer ? Result<PinEvaluation>(std::move(answer->value)) : tl::unexpected<Error>(answer.error()));
  }
  void take(vault::PinRecovery& recovery, std::size_t realm, const vault::PinRecovery::AskRelease& ask, bool asked) {
    const proto::PinReleaseRequest request{who_, ask.version, PinTag(*PinTag::from(ask.tag.expose()))};
    auto answer = post<proto::PinReleaseAnswer>(realm, proto::kPathPinRelease, wire::encode(request), asked);
    recovery.take(realm, answer ? Result<PinRelease>(std::move(answer->value)) : tl::unexpected<Error>(answer.error()));
  }
  Bytes account_token(std::size_t realm) {
    proto::AccountToken token{who_.domain,
                              realms_.set().realms[realm],
                              who_.registration,
                              proto::TokenPurpose::guess,
                              after(os::now(), proto::kAccountTokenLifeMs).ms,
                              random_value<Nonce16>(entropy_),
                              {}};
    token.signature = crypto::sign_labelled(issuer_, crypto::kSignAccountToken, token.content());
    return wire::encode(token);
  }

  const Realms& realms_;
  crypto::SigningKey issuer_;
  proto::RealmWho who_;
  os::SystemEntropy entropy_;
};

struct OnLine {
  std::size_t answered = 0;  ///< guesses that were told to be wrong, or right
  std::string found;
};
OnLine guess_on_line(Guesser& guesser) {
  using State = vault::PinRecovery::State;
  constexpr std::size_t kEnoughRefusals = 3;
  OnLine out;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kCandidates && refused < kEnoughRefusals; ++i) {
    const std::string pin = candidates()[i];
    const State state = guesser.guess(pin, i % Realms::kCount);
    if (state == State::recovered) out.found = pin;
    (state == State::recovered || state == State::wrong_pin ? out.answered : refused) += 1;
    if (!out.found.empty()) break;
  }
  return out;
}

struct OffLine {
  std::string found;
  std::size_t tried = 0;
  double seconds_each = 0;
};
/// With the shares of stolen disks, however many: what t of them make is the key, what fewer make is a number.
OffLine guess_off_line(const std::vector<const PinShare*>& stolen, const RegistrationId& registration) {
  OffLine out;
  std::vector<crypto::ScalarShare> shares;
  for (const PinShare* share : stolen) {
    auto value = crypto::RistrettoScalar::from(share->key_share.expose());
    if (value) shares.push_back({share->shown.index, std::move(*value)});
  }
  const auto key = crypto::combine_scalars(shares);
  if (!key) return out;
  const PinPublic& shown = stolen.front()->shown;
  const Bytes context = concat({shown.version, registration});
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& pin : candidates()) {
    ++out.tried;
    const auto stretched = vault::stretch_pin(as_bytes(pin), shown.version, registration);
    if (!stretched) break;
    const auto output = crypto::oprf_evaluate(crypto::OprfMode::voprf, *key, stretched->access.expose());
    if (!output) break;
    const auto unlock = crypto::kdf<vault::PinUnlockKey>(output->expose(), crypto::kDerivePinUnlock, context);
    PinCommitment commitment;
    crypto::kdf(unlock.expose(), crypto::kDerivePinCommitment, context, commitment.mutable_view());
    if (commitment == shown.commitment) out.found = pin;
    if (!out.found.empty()) break;
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  out.seconds_each = passed.count() / static_cast<double>(out.tried);
  return out;
}

/// The registration that the domain's server names for alice, asked as by anybody.
RegistrationId registration_of_alice(World& world, const vault::RealmSet& set) {
  const std::string url = world.village().url();
  const proto::RealmTokensRequest request{"alice@localhost", 0, proto::TokenPurpose::guess, set.realms, {}};
  const auto answer = demo::http_post(static_cast<unsigned>(std::stoul(url.substr(url.rfind(':') + 1))),
                                      std::string(proto::kPathRealmTokens), as_text(wire::encode(request)));
  const auto tokens = answer && answer->status == 200
                          ? wire::decode<proto::RealmTokensAnswer>(as_bytes(answer->body))
                          : Result<proto::RealmTokensAnswer>(fail(ErrorCode::unavailable, "no account tokens"));
  if (!tokens) must({1, {}, tokens.error().where});
  return tokens->registration;
}

/// What alice's device says of guesses by itself, once it runs again; empty for nothing.
std::string alarm_on(Owner& alice, const std::string& device) {
  alice.world().village().start_daemon(device);
  std::string out;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (out.empty() && std::chrono::steady_clock::now() < until) {
    const demo::Said status = alice.run(device, {"status"});
    for (const auto& one : status.json.value("alarms", nlohmann::json::array())) {
      if (one.value("kind", "") == "pin") out = one.value("sentence", "");
    }
    if (out.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  alice.world().village().stop_daemon(device);
  return out;
}

std::string digits(double value, int places) {
  char out[64];
  std::snprintf(out, sizeof out, "%.*f", places, value);
  return out;
}

/// All that was tried.
struct Guessed {
  OnLine on_line;
  OffLine one_disk, two_disks;
  demo::Said typed, unlocked, checked;
  std::string alarm;
  std::size_t stolen = 0;  ///< sentences that the attacker has
  std::size_t back = 0;    ///< that alice gets back with her PIN, afterwards

  /// At the realms, which told the right one from the others.
  bool by_guesses() const { return stolen != 0 || typed.good() || !on_line.found.empty(); }
  bool opened() const { return by_guesses() || !one_disk.found.empty(); }
  bool counted() const { return on_line.answered <= kAllowedGuesses; }
};

/// What the attacker got; empty for nothing.
std::string got_of(const Guessed& found) {
  if (found.by_guesses()) return "the PIN, and the messages behind it";
  if (found.opened()) return "the PIN, with one realm's disk";
  if (!found.counted()) return "answers to more guesses than the realms' rules allow";
  return found.alarm.empty() ? "guesses of which Alice's device was told nothing" : "";
}

Guessed guess(Owner& alice, Realms& realms) {
  Guessed out;
  const std::string pin = std::to_string(kAlicesPin);
  must(alice.run("alice-1", {"pin", "set", "--realms", realms.file(), "--recovery-key"},
                 alice.alices_key() + "\n" + pin));
  must(alice.run("alice-1", {"backup", "create"}));
  std::optional<crypto::SigningKey> issuer;
  {
    const Operator at_rest(alice.world());
    issuer = at_rest.realm_token_key();
  }
  const RegistrationId registration = registration_of_alice(alice.world(), realms.set());
  Guesser guesser(realms, std::move(*issuer), "localhost", registration);
  out.on_line = guess_on_line(guesser);
  // What he found; and if he found nothing, the right one, as if somebody had told him by now.
  out.typed = alice.ask("recover", "thief-1", "alice@localhost", out.on_line.found.empty() ? pin : out.on_line.found,
                        {"--pin", "--realms", realms.file()});
  out.stolen = alice.sentences_on("thief-1");
  const auto disks = realms.copy_disks("stolen");
  const auto first = RealmDisk(disks[0]).pin(), second = RealmDisk(disks[1]).pin();
  if (!first || !second) must({1, {}, "the realms hold no PIN"});
  out.one_disk = guess_off_line({&*first}, registration);
  out.two_disks = guess_off_line({&*first, &*second}, registration);
  out.alarm = alarm_on(alice, "alice-1");
  out.unlocked = alice.run("alice-1", {"pin", "unlock"});
  out.checked = alice.run("alice-1", {"pin", "check"}, pin);
  must(alice.ask("recover", "alice-2", "alice@localhost", pin, {"--pin", "--realms", realms.file()}));
  out.back = alice.sentences_on("alice-2");
  return out;
}

}  // namespace

Side escrow_cairn(const WorldOptions& options) {
  Owner alice(options);
  Realms realms(alice.world(), options);
  const Guessed found = guess(alice, realms);
  const std::size_t all = alice.said().size();
  const bool guessed = found.by_guesses(), counted = found.counted();
  Side side;
  side.step("Alice", "realms", "a PIN of six digits, in three parts");
  side.step("operator", "realms", std::to_string(found.on_line.answered) + " guesses, with the domain's own keys",
            Step::Kind::swapped);
  side.step("realms", "operator",
            guessed   ? "the right one"
            : counted ? "no more: locked, even for the right PIN"
                      : "more of them than their rules allow",
            stolen_if(guessed || !counted));
  side.step("realms", "operator", "one realm's whole disk", Step::Kind::swapped);
  side.step("operator", "operator", found.one_disk.found.empty() ? "no guess can be told to be right" : "finds the PIN",
            found.one_disk.found.empty() ? Step::Kind::refused : Step::Kind::stolen);
  side.step("realms", "Alice", found.alarm.empty() ? "nothing is said of it" : "somebody has guessed: an alarm",
            found.alarm.empty() ? Step::Kind::swapped : Step::Kind::plain);
  side.show("guesses that were answered, and that the realms' rules allow",
            of(found.on_line.answered, kAllowedGuesses));
  side.show("then the right PIN, typed by the attacker", found.typed.good() ? "opens" : "refused");
  side.said("the attacker with the right PIN, once the realms are locked", answer(found.typed));
  side.said("Alice's phone, by itself", found.alarm.empty() ? "(nothing)" : found.alarm);
  side.show("Alice's sentences that he got", of(found.stolen, all));
  side.show("Alice's phone tells her of the guesses by itself", found.alarm.empty() ? "no" : "yes");
  side.show(
      "guessing without asking the realms, with the server's data and one realm's disk, the right PIN among the "
      "guesses",
      found.one_disk.found.empty() ? "found in none of " + std::to_string(found.one_disk.tried)
                                   : "found: " + found.one_disk.found);
  side.show("the same with the disks of two realms (two of three in league)",
            "found after " + std::to_string(found.two_disks.tried) + " guesses of " +
                digits(found.two_disks.seconds_each, 2) +
                " s each; all PINs of six digits: " + digits(found.two_disks.seconds_each * 1e6 / 3600, 0) +
                " hours of one processor core, less on many machines");
  side.show("Alice unlocks her PIN, and it opens her backup on a new phone", of(found.back, all));
  const bool too_few = !found.opened() && found.on_line.answered < kAllowedGuesses;
  if (found.two_disks.found.empty() || found.back != all || too_few) {
    side.got = "nothing to conclude: Alice's own PIN brought " + of(found.back, all) +
               " sentences back, on two disks the attack's own program found " +
               (found.two_disks.found.empty() ? "nothing" : "it") + ", and of the guesses that are allowed " +
               of(found.on_line.answered, kAllowedGuesses) + " were answered";
    return side;
  }
  const std::string got = got_of(found);
  side.conclude(!got.empty(), got);
  if (side.outcome == Outcome::refused)
    side.got =
        "after " + std::to_string(found.on_line.answered) +
        " wrong guesses the realms answered no more, with one realm's disk no guess could be checked, Alice's phone " +
        "told her of the guesses, and on it she unlocked her PIN: nothing of hers was lost";
  if (side.outcome == Outcome::refused)
    side.besides = "with the disks of two realms the PIN is found. And without them " +
                   std::to_string(found.on_line.answered) + " guesses may hit, by a chance of " +
                   std::to_string(found.on_line.answered) + " in a million";
  side.reduced.push_back({"The attacker tries " + std::to_string(kCandidates) + " PINs, of which the " +
                              std::to_string(kRightOne) + "th is right, not the million that six digits make.",
                          ""});
  return side;
}

}  // namespace cairn::lab
