// What people type about realms: lists, tokens on paper, and the rows that are kept of a PIN.
#include "core/client/realm_list.h"

#include <gtest/gtest.h>

#include "core/client/pin_records.h"
#include "core/client/printed_token.h"
#include "tests/support/realm_net.h"
#include "tests/support/refused.h"

namespace cairn::client {
namespace {

using testing::accepted;
using testing::refused;

std::string vkey(std::uint64_t seed, const std::string& name = "realm.example/r") {
  testing::SeededEntropy entropy(seed);
  const auto key = crypto::SigningKey::generate(entropy);
  return tlog::VerifierKey(*tlog::KeyName::from(name), tlog::SignatureType::ed25519, key.public_key()).to_text();
}
std::string line(std::uint64_t seed, const std::string& url = "https://r.example") {
  return "realm " + vkey(seed) + " " + url + "\n";
}

TEST(RealmListText, GivesRealmsInTheirOrderAndMoreThanHalfOfThem) {
  const auto list = RealmList::parse("# three of them\n\n" + line(1, "https://a.example/") + "realm\t" + vkey(2) +
                                     "  http://127.0.0.1:8460\n" + line(3));
  ASSERT_TRUE(accepted(list));
  EXPECT_EQ(list->threshold, 2);
  ASSERT_EQ(list->realms.size(), 3u);
  EXPECT_EQ(list->realms[0].url, "https://a.example");
  EXPECT_EQ(list->realms[0].name(), "realm.example/r");
  EXPECT_EQ(RealmList::parse(line(1) + line(2) + line(3) + "threshold 3")->threshold, 3);
  const auto again = RealmList::from(list->entries());
  ASSERT_TRUE(accepted(again));
  EXPECT_EQ(*again, *list);
  EXPECT_EQ(*wire::decode<RealmList>(wire::encode(*list)), *list);
}

TEST(RealmListText, RefusesWhatIsNoList) {
  const std::string three = line(1) + line(2) + line(3);
  EXPECT_TRUE(refused(RealmList::parse(""), "number of realms"));
  EXPECT_TRUE(refused(RealmList::parse(three + line(1)), "a realm twice"));
  for (const char* number : {"1", "4"}) {
    EXPECT_TRUE(refused(RealmList::parse(three + "threshold " + number), "threshold of realms")) << number;
  }
  for (const char* number : {"0", "x", "2x", "256", "-1"}) {
    EXPECT_TRUE(refused(RealmList::parse(three + "threshold " + number), "realm list: threshold")) << number;
  }
  EXPECT_TRUE(refused(RealmList::parse(three + "threshold 2\nthreshold 2"), "realm list: unknown line"));
  EXPECT_TRUE(refused(RealmList::parse("peer " + vkey(1) + " https://r.example"), "realm list: unknown line"));
  EXPECT_TRUE(refused(RealmList::parse("realm " + vkey(1)), "realm list: unknown line"));
  EXPECT_FALSE(RealmList::parse("realm nobody https://r.example"));
  for (const char* url : {"r.example", "https://", "https:///x", "https://a.example/?x", "https://u@a.example"}) {
    EXPECT_TRUE(refused(RealmList::parse(line(1, url)), "realm list: url")) << url;
  }
  // In the clear to this machine alone.
  for (const char* url : {"http://r.example", "http://localhost.example", "http://127.0.0.1.example", "http://[::2]",
                          "http://[::1].example", "http://[::1]x"}) {
    EXPECT_TRUE(refused(RealmList::parse(line(1, url)), "realm list: url without TLS")) << url;
  }
  for (const char* url : {"http://localhost:1", "http://[::1]", "http://[::1]:1", "http://[::1]/x"}) {
    EXPECT_TRUE(accepted(RealmList::parse(line(1, url)))) << url;
  }
  std::string many;
  for (std::uint64_t i = 0; i <= kMaxRealms; ++i) many += line(i + 1);
  EXPECT_TRUE(refused(RealmList::parse(many), "realm list: realms"));
  EXPECT_TRUE(refused(RealmList::parse(std::string(kMaxRealmListText + 1, '#')), "realm list"));
}

TEST(RealmListEntries, OfTwoThresholdsAreRefused) {
  auto entries = RealmList::parse(line(1) + line(2) + line(3))->entries();
  entries[1].bytes[0] = 3;
  EXPECT_TRUE(refused(RealmList::from(entries), "realm list: two thresholds"));
  entries = RealmList::parse(line(1))->entries();
  entries[0].bytes.push_back(0);
  EXPECT_FALSE(RealmList::from(entries));
  EXPECT_FALSE(RealmList::from({}));
}

TEST(PrintedTokenText, ComesBackAndFindsEverySlip) {
  testing::SeededEntropy entropy(1);
  const PrintedToken token{7, random_secret<vault::BackupToken>(entropy)};
  const std::string text = printed_token_text(token);
  const auto again = parse_printed_token(text);
  ASSERT_TRUE(accepted(again));
  EXPECT_EQ(again->generation, 7u);
  EXPECT_TRUE(equal(again->token.expose(), token.token.expose()));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    if (wrong[i] == '-') continue;
    wrong[i] = wrong[i] == '2' ? '3' : '2';
    EXPECT_FALSE(parse_printed_token(wrong)) << i;
  }
  EXPECT_FALSE(parse_printed_token(text + "2"));
  EXPECT_FALSE(parse_printed_token(text.substr(1)));
  EXPECT_FALSE(parse_printed_token(std::string(600, '2')));
}

TEST(PinRows, ComeBackAsTheyWere) {
  testing::SeededEntropy entropy(2);
  PinRow row;
  row.sent.push_back({random_value<PinVersion>(entropy), crypto::SigningKey::generate(entropy)});
  row.finished = false;
  row.checked_ms = 5;
  row.check_days = 32;
  const SecretBytes bytes = row.encode();
  const auto again = PinRow::decode(bytes.expose());
  ASSERT_TRUE(accepted(again));
  EXPECT_TRUE(equal(again->encode().expose(), bytes.expose()));
  EXPECT_FALSE(PinRow::decode(bytes.expose().first(bytes.size() - 1)));
  row.check_days = 33;
  EXPECT_TRUE(refused(PinRow::decode(row.encode().expose()), "row of a PIN: days"));
  EXPECT_FALSE(PinRow{}.check_due(Time{kDayMs - 1}));
  EXPECT_TRUE(PinRow{}.check_due(Time{kDayMs}));
}

}  // namespace
}  // namespace cairn::client
