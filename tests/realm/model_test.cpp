// A slow, obvious model of a realm against the real one, from random operations: same answers, whatever the order.
#include <gtest/gtest.h>

#include "tests/support/realm_village.h"

namespace cairn {
namespace {

using proto::TokenPurpose;
using testing::RealmVillage;
using testing::refusal_of;

using Code = std::optional<ErrorCode>;  // nothing: it was done

/// What the specification says, in the fewest words: lists and numbers.
struct PinModel {
  struct Registration {
    std::size_t which = 0;  // of the registrations that the test made
    unsigned counter = 0;
    std::uint64_t sequence = 0;
  };
  std::optional<Registration> here;

  Code enrol(std::size_t which, bool with_token, std::optional<std::size_t> signed_by) {
    if (here && here->which == which) return {};
    if (here && !signed_by) return ErrorCode::conflict;
    if (here && signed_by != here->which) return ErrorCode::invalid_signature;
    if (!here && signed_by) return ErrorCode::not_found;
    if (!here && !with_token) return ErrorCode::malformed;
    here = Registration{which, 0, here ? here->sequence + 1 : 1};
    return {};
  }
  Code evaluate(std::size_t which, bool fresh_token) {
    if (!fresh_token) return ErrorCode::duplicate;
    if (!here) return ErrorCode::not_found;
    if (here->which != which) return ErrorCode::stale;
    if (here->counter >= 10) return ErrorCode::invalid_state;
    ++here->counter;
    ++here->sequence;
    return {};
  }
  Code release(std::size_t which, bool right_tag) {
    if (!here) return ErrorCode::not_found;
    if (here->which != which) return ErrorCode::stale;
    if (!right_tag) return ErrorCode::not_authorised;
    if (here->counter > 0) ++here->sequence;
    here->counter = 0;
    return {};
  }
  Code own(std::size_t which, PinOwnerAction action, std::uint64_t sequence, bool right_key) {
    if (!here) return ErrorCode::not_found;
    if (here->which != which) return ErrorCode::stale;
    if (!right_key) return ErrorCode::invalid_signature;
    if (sequence != (action == PinOwnerAction::log ? 0 : here->sequence)) return ErrorCode::stale;
    if (action == PinOwnerAction::unlock) {
      here->counter = 0;
      ++here->sequence;
    }
    if (action == PinOwnerAction::erase) here.reset();
    return {};
  }
};

/// The realm and its model, side by side.
class Pair {
 public:
  explicit Pair(std::uint64_t seed) : random(seed) {
    for (int i = 0; i < 3; ++i) made.push_back(village.make("correct horse " + std::to_string(i)));
  }
  void step() {
    switch (random.below(12)) {
      case 0:
      case 1: return enrol();
      case 2:
      case 3:
      case 4:
      case 5: return evaluate();
      case 6: return release();
      case 7: return own(PinOwnerAction::unlock);
      case 8: return random.below(4) == 0 ? own(PinOwnerAction::erase) : own(PinOwnerAction::log);
      case 9: return own(PinOwnerAction::log);
      case 10: return village.realms[0]->driver.pass(random.below(20) * kSecondMs);
      default: return village.realms[0]->restart();
    }
  }
  PinModel model;
  std::map<std::string, std::size_t> seen;  // what happened how often

 private:
  std::size_t any() { return random.below(made.size()); }
  /// Mostly the one that is there, so that things happen.
  std::size_t likely() { return model.here && random.below(8) != 0 ? model.here->which : any(); }

  void expect(const std::string& what, Code wanted, const proto::Call& call) {
    const Code got = refusal_of(village.realms[0]->ask(call.method, call.url, call.body));
    ASSERT_EQ(got.has_value(), wanted.has_value()) << what << " " << (got ? to_string(*got) : "done");
    if (got) {
      ASSERT_EQ(to_string(*got), std::string(to_string(*wanted))) << what;
    }
    ++seen[what + (got ? std::string(" ") + to_string(*got) : " done")];
  }
  void enrol() {
    const std::size_t which = any();
    const bool with_token = random.below(4) != 0;
    std::optional<std::size_t> by;
    if (random.below(2) == 0) by = likely();
    std::optional<Signature> replaces;
    if (by) {
      const PinVersion old = model.here ? made[model.here->which].version : made[*by].version;
      replaces = vault::sign_pin_replacement(made[*by].auth, village.set.realms[0], village.who.registration, old,
                                             made[which].shares[0]);
    }
    const Bytes token = with_token ? village.token(0, TokenPurpose::register_pin) : Bytes{};
    expect("enrol", model.enrol(which, with_token, by),
           client::pin_register_call("", village.who, made[which].shares[0], token, replaces));
  }
  void evaluate() {
    const std::size_t which = likely();
    const bool fresh = used_token.empty() || random.below(5) != 0;
    const Bytes token = fresh ? village.token(0, TokenPurpose::guess) : used_token;
    const vault::PinRecovery::Ask ask{
        0, vault::PinRecovery::AskEvaluation{made[which].version,
                                             *EncodedElement::from(crypto::RistrettoElement::base())}};
    const Code wanted = model.evaluate(which, fresh);
    expect("evaluate", wanted, client::pin_call("", village.who, ask, token));
    if (!wanted) {
      used_token = token;
      used_until = after(village.realms[0]->driver.now, proto::kAccountTokenLifeMs);
    }
    if (village.realms[0]->driver.now.ms + kMinuteMs > used_until.ms) used_token.clear();
  }
  void release() {
    const std::size_t which = likely();
    const bool right = random.below(3) != 0;
    PinTag tag = made[which].shares[0].tag.clone();
    if (!right) tag.expose_mutable()[random.below(32)] ^= 1;
    const vault::PinRecovery::Ask ask{0, vault::PinRecovery::AskRelease{made[which].version, std::move(tag)}};
    expect("release", model.release(which, right), client::pin_call("", village.who, ask, {}));
  }
  void own(PinOwnerAction action) {
    const std::size_t which = likely();
    const bool right_key = random.below(6) != 0;
    const std::size_t signer = right_key ? which : (which + 1) % made.size();
    std::uint64_t sequence = model.here && action != PinOwnerAction::log ? model.here->sequence : 0;
    if (random.below(5) == 0) ++sequence;
    const auto signature = vault::sign_pin_owner(made[signer].auth, village.set.realms[0], village.who.registration,
                                                 made[which].version, action, sequence);
    const proto::PinOwnerRequest request{village.who, made[which].version, action, sequence, signature};
    expect("own", model.own(which, action, sequence, right_key), client::pin_owner_call("", request));
  }

  testing::SeededEntropy random;
  RealmVillage village;
  std::vector<vault::PinRegistration> made;
  Bytes used_token;
  Time used_until;

 public:
  void check_rows() {
    const auto row = village.realms[0]->driver.store.get(witness::realm_table::kPins, witness::pin_key(village.who));
    ASSERT_EQ(row.has_value(), model.here.has_value());
    if (!row) return;
    const auto stored = wire::decode<witness::PinRow>(*row);
    EXPECT_EQ(stored->counter, model.here->counter);
    EXPECT_EQ(stored->sequence, model.here->sequence);
  }
};

TEST(RealmModel, AgreesWithTheRealmAboutPins) {
  std::map<std::string, std::size_t> seen;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Pair pair(seed);
    for (int i = 0; i < 250; ++i) {
      pair.step();
      pair.check_rows();
      if (HasFatalFailure()) return;
    }
    for (const auto& [what, times] : pair.seen) seen[what] += times;
  }
  // Everything that can happen did.
  for (const char* what :
       {"enrol done", "enrol conflict", "enrol invalid_signature", "enrol not_found", "enrol malformed",
        "evaluate done", "evaluate duplicate", "evaluate not_found", "evaluate stale", "evaluate invalid_state",
        "release done", "release not_found", "release stale", "release not_authorised", "own done", "own not_found",
        "own stale", "own invalid_signature"}) {
    EXPECT_GT(seen[what], 0u) << what;
  }
}

// ---- shares of tokens ----

struct TokenModel {
  bool stored = false;
  bool erased = false;
  std::uint64_t change = 0;
  std::uint64_t due_ms = 0;

  void pass(Time now) {
    if (due_ms == 0 || now.ms < due_ms) return;
    erased = true;
    due_ms = 0;
    ++change;
  }
  /// By the key that it says; `right` when that key signed.
  Code request(TokenAction action, TokenKeyKind by, std::uint64_t number, bool right, Time now) {
    const bool changes = action == TokenAction::erase || action == TokenAction::cancel;
    if (!stored) return ErrorCode::not_found;
    if (by == TokenKeyKind::erase && !changes) return ErrorCode::not_authorised;
    if (!right) return ErrorCode::invalid_signature;
    if (erased) return changes || number == 0 ? Code{} : ErrorCode::stale;
    if (number != (changes ? change : 0)) return ErrorCode::stale;
    if (action == TokenAction::erase && by == TokenKeyKind::erase) {
      erased = true;
      due_ms = 0;
      ++change;
    } else if (action == TokenAction::erase && due_ms == 0) {
      due_ms = now.ms + proto::kErasureDelayMs;
      ++change;
    } else if (action == TokenAction::cancel && due_ms != 0) {
      due_ms = 0;
      ++change;
    }
    return {};
  }
};

TEST(RealmModel, AgreesWithTheRealmAboutTokens) {
  std::size_t erased_by_time = 0;
  std::size_t erased_at_once = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    testing::SeededEntropy random(seed);
    RealmVillage village;
    auto& realm = *village.realms[0];
    const auto root = random_secret<vault::BackupRoot>(random);
    const auto shared = vault::share_token(village.set, root, random);
    const auto record = vault::token_record_id(root, realm.id);
    const auto release = vault::token_release_key(root);
    const auto erase = vault::token_erase_key(root.expose());
    TokenModel model;
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t choice = random.below(10);
      if (choice == 0) {
        const Code got = refusal_of(
            realm.ask(proto::Method::post, "/realm/token/store",
                      client::token_store_call("", record, release.public_key(), erase.public_key(), shared->shares[0],
                                               village.token(0, TokenPurpose::store_token))
                          .body));
        ASSERT_EQ(got, model.erased ? Code(ErrorCode::conflict) : Code());
        model.stored = true;
      } else if (choice == 1) {
        realm.restart();
      } else if (choice == 2) {
        realm.driver.pass(random.below(40) * kHourMs);
        const bool before = model.erased;
        model.pass(realm.driver.now);
        erased_by_time += !before && model.erased ? 1 : 0;
      } else {
        const auto action = static_cast<TokenAction>(1 + random.below(4));
        const auto by = random.below(7) == 0 ? TokenKeyKind::erase : TokenKeyKind::release;
        const bool changes = action == TokenAction::erase || action == TokenAction::cancel;
        const std::uint64_t number = (changes ? model.change : 0) + (random.below(6) == 0 ? 1 : 0);
        const bool right = random.below(6) != 0;
        vault::TokenAsk ask{0, record, action, by, number, {}};
        const auto& key = (by == TokenKeyKind::release) == right ? release : erase;
        ask.signature = crypto::sign_labelled(key, crypto::kSignTokenRequest,
                                              token_request_content(realm.id, record, action, by, number));
        const bool before = model.erased;
        const Code wanted = model.request(action, by, number, right, realm.driver.now);
        erased_at_once += !before && model.erased ? 1 : 0;
        const auto answer = client::token_reply(realm.call(client::token_call(realm.url, ask)));
        ASSERT_EQ(answer ? Code() : Code(answer.error().code), wanted);
        if (!answer) continue;
        ASSERT_EQ(answer->change, model.change);
        ASSERT_EQ(answer->erase_at_ms, model.due_ms);
        ASSERT_EQ(answer->receipt.has_value(), model.erased);
        ASSERT_EQ(answer->share.has_value(), action == TokenAction::release && !model.erased);
      }
      ASSERT_EQ(realm.shares_kept(), model.stored && !model.erased ? 1u : 0u);
    }
  }
  EXPECT_GT(erased_by_time, 0u);
  EXPECT_GT(erased_at_once, 0u);
}

}  // namespace
}  // namespace cairn
