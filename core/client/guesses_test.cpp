// Guess logs of realms, as one device reads them: no guess is hidden behind what another log has counted.
#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/client/realm_owner.h"
#include "core/tlog/note.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

using proto::GuessEntry;
using proto::GuessKind;

class Guesses : public ::testing::Test {
 protected:
  Guesses() {
    const tlog::VerifierKey key(*tlog::KeyName::from("realm.example/r0"), tlog::SignatureType::ed25519,
                                crypto::SigningKey::generate(entropy_).public_key());
    list_ = {{{key.to_text(), "https://realm.example"}}, 1};
  }
  RealmHouse house(std::uint8_t registration) const { return {list_, {"example.org", id(registration)}, {}}; }
  static RegistrationId id(std::uint8_t registration) {
    return *RegistrationId::from(Bytes(RegistrationId::kSize, registration));
  }
  /// A log that begins at `begin_ms`: registered, then so many guesses, a second apart.
  static std::vector<GuessEntry> log_of(std::uint64_t begin_ms, std::uint8_t guesses) {
    std::vector<GuessEntry> out = {{1, begin_ms, GuessKind::registered, 0}};
    for (std::uint8_t i = 1; i <= guesses; ++i) out.push_back({1u + i, begin_ms + 1000u * i, GuessKind::guess, i});
    return out;
  }
  /// Looks at the log of this registration.
  void look(std::uint8_t registration, const std::vector<GuessEntry>& log,
            const std::optional<DeviceId>& told_by = {}) {
    OwnerReply reply;
    reply.state = vault::RealmFate::good;
    reply.answer = {log.back().number, log.back().counter, log};
    Context context{store_, Time{5'000'000}, entropy_, sends_, events_};
    take_logs(context, house(registration), {reply}, 0, told_by);
  }
  std::uint32_t unseen(std::uint8_t registration) const {
    return load_guesses(store_, id(registration), list_.realms[0].id()).unseen;
  }
  void know(std::uint8_t registration) {
    Context context{store_, Time{5'000'000}, entropy_, sends_, events_};
    know_guesses(context, id(registration), list_);
  }

  testing::SeededEntropy entropy_{1};
  RealmList list_;
  MemoryView rows_;
  Overlay store_{rows_};
  std::vector<proto::Send> sends_;
  std::vector<proto::Event> events_;
};

TEST_F(Guesses, AtOneRegistrationAreNotHiddenByTheCountOfAnother) {
  look(1, log_of(1'000'000, 8));
  EXPECT_EQ(unseen(1), 8u);
  look(2, log_of(2'000'000, 9));  // its first nine entries have numbers that were read of the other
  EXPECT_EQ(unseen(2), 9u);
  know(2);
  EXPECT_EQ(unseen(1), 8u);
  look(1, log_of(1'000'000, 9));
  look(2, log_of(2'000'000, 9));
  EXPECT_EQ(unseen(1), 9u);
  EXPECT_EQ(unseen(2), 0u);
}

TEST_F(Guesses, AtARegistrationThatWasDeletedAndMadeAgainAreNotHiddenByWhatItHadCounted) {
  look(1, log_of(1'000'000, 3));
  know(1);
  look(1, log_of(3'000'000, 3));  // the same numbers
  EXPECT_EQ(unseen(1), 3u);
  know(1);
  look(1, log_of(4'000'000, 7));  // more of them
  EXPECT_EQ(unseen(1), 7u);
  look(1, log_of(4'000'000, 8));  // it goes on
  EXPECT_EQ(unseen(1), 8u);
  look(1, log_of(4'500'000, 1));  // fewer
  EXPECT_EQ(unseen(1), 9u);
}

TEST_F(Guesses, OfALogThatNoLongerShowsWhatWasReadAreAllNew) {
  std::vector<GuessEntry> log = log_of(1'000'000, 2);
  look(1, log);
  know(1);
  log.clear();
  for (std::uint64_t number = 50; number < 55; ++number) log.push_back({number, 9'000'000, GuessKind::guess, 5});
  look(1, log);
  EXPECT_EQ(unseen(1), 5u);
}

TEST_F(Guesses, AreNotHiddenByWhatARealmSaysThatAnotherDeviceHasNamed) {
  const auto thief = *DeviceId::from(Bytes(DeviceId::kSize, 7));
  const auto honest = *DeviceId::from(Bytes(DeviceId::kSize, 8));
  std::vector<GuessEntry> log = log_of(1'000'000, 3);
  look(1, log, honest);
  std::vector<GuessEntry> false_log = log_of(1'000'000, 6);  // of another realm, under the same key
  for (GuessEntry& one : false_log) one.kind = GuessKind::registered;
  look(1, false_log, thief);
  log = log_of(1'000'000, 6);
  look(1, log, honest);
  EXPECT_EQ(load_guesses(store_, id(1), list_.realms[0].id(), honest).unseen, 6u);
  EXPECT_EQ(unseen(1), 0u);
}

}  // namespace
}  // namespace cairn::client
