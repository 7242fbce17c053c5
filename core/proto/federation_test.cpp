#include "core/proto/federation.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_entropy.h"

namespace cairn::proto {
namespace {

template <class T>
void expect_that_one_encoding(const T& value) {
  Bytes bytes = wire::encode(value);
  const auto back = wire::decode<T>(bytes);
  ASSERT_TRUE(back) << back.error().where;
  EXPECT_EQ(wire::encode(*back), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(wire::decode<T>(ByteView(bytes).first(size))) << size;
  }
  bytes.push_back(0);
  EXPECT_FALSE(wire::decode<T>(bytes));
}

Passport sample_passport() {
  testing::SeededEntropy entropy(4);
  return {"one.example",
          "two.example",
          "alice@one.example",
          random_value<DeviceId>(entropy),
          random_value<MailboxId>(entropy),
          77,
          random_value<Signature>(entropy)};
}

ForwardItem sample_item(std::uint64_t sequence) {
  testing::SeededEntropy entropy(sequence);
  ForwardItem item{sequence, EnvelopeKind::commit, random_value<ChannelId>(entropy), 3, Bytes(50, 1), {}, true, {}, {}};
  item.recipients = {*MailboxId::from(Bytes(16, 1)), *MailboxId::from(Bytes(16, 2))};
  return item;
}

TEST(FederationApi, EveryStructHasOneEncoding) {
  expect_that_one_encoding(PassportRequest{"two.example"});
  expect_that_one_encoding(PassportAnswer{"p.abc", 9});
  expect_that_one_encoding(sample_passport());
  ForwardItem welcome{2,     EnvelopeKind::welcome, {},
                      1,     Bytes(5, 2),           {*MailboxId::from(Bytes(16, 3))},
                      false, "alice@one.example",   *JoinToken::from(Bytes(16, 7))};
  expect_that_one_encoding(welcome);
  expect_that_one_encoding(ForwardBatch{"one.example", "two.example", 5, {sample_item(1), welcome}, {}});
  expect_that_one_encoding(ForwardBatch{"one.example", "two.example", 5, {welcome}, {}, welcome.recipients.front()});
  expect_that_one_encoding(ForwardAnswer{5, 2, {*MailboxId::from(Bytes(16, 1)), *MailboxId::from(Bytes(16, 2))}});
}

TEST(FederationApi, NamesSoManyMailboxesAsFullAndNoMore) {
  ForwardAnswer answer{5, 2, {}};
  for (std::size_t i = 0; i < kMaxFull; ++i) {
    Bytes bytes(MailboxId::kSize, 0);
    bytes[0] = static_cast<std::uint8_t>(i >> 8);
    bytes[1] = static_cast<std::uint8_t>(i);
    answer.full.push_back(*MailboxId::from(bytes));
  }
  expect_that_one_encoding(answer);
  EXPECT_LE(wire::encode(answer).size(), kMaxNeighbourReply);
  answer.full.push_back(*MailboxId::from(Bytes(MailboxId::kSize, 0xff)));
  EXPECT_FALSE(wire::decode<ForwardAnswer>(wire::encode(answer)));
}

TEST(FederationApi, APassportHasOneText) {
  const Passport passport = sample_passport();
  const std::string text = passport.to_text();
  EXPECT_TRUE(Passport::is_one(text));
  const auto back = Passport::from_text(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->content(), passport.content());
  EXPECT_FALSE(Passport::from_text(text.substr(2)));
  EXPECT_FALSE(Passport::from_text(text + "a"));
  EXPECT_FALSE(Passport::from_text(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(Passport::from_text("p."));
  EXPECT_FALSE(Passport::from_text("p." + std::string(kMaxPassportSize, 'a')));
  std::string upper = text;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_FALSE(Passport::from_text(upper));
}

TEST(FederationApi, TheLongestPassportHasRoom) {
  Passport longest = sample_passport();
  longest.issuer = longest.audience = std::string(kMaxDomainSize, 'd');
  longest.name = std::string(kMaxNameSize, 'n');
  EXPECT_LE(longest.to_text().size(), kMaxPassportSize);
  EXPECT_TRUE(Passport::from_text(longest.to_text()));
}

TEST(FederationApi, RefusesMailboxesThatAreNotSorted) {
  ForwardItem item = sample_item(1);
  std::swap(item.recipients[0], item.recipients[1]);
  EXPECT_FALSE(wire::decode<ForwardItem>(wire::encode(item)));
  item.recipients[1] = item.recipients[0];
  EXPECT_FALSE(wire::decode<ForwardItem>(wire::encode(item)));
}

}  // namespace
}  // namespace cairn::proto
