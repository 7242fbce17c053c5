// A history of which pieces, offers, or answers are lost on the way (docs/spec/client.md s.16).
#include "core/client/own_fixture.h"

namespace cairn::client {
namespace {

class HistoryLoss : public OwnDevicesTest {
 protected:
  static std::string contact(std::size_t number) { return "contact" + std::to_string(number) + "@example.org"; }
  /// On alice's first device: more settings than one piece holds. Some were set by a device that is no more.
  void set_petnames(std::size_t count) {
    auto& store = village.device("alice-1").store();
    const Account account = *load_account(store);
    std::vector<Write> rows;
    for (std::size_t i = 0; i < count; ++i) {
      ContactSettings one;
      one.name = contact(i);
      one.petname = "friend";
      const Bytes key = name_key(account, one.name);
      const auto field = static_cast<std::uint8_t>(SharedField::petname);
      const DeviceId by = i % 2 == 0 ? account.device_id() : *DeviceId::from(Bytes(DeviceId::kSize, 7));
      rows.push_back({tables::kContactSettings, key, wire::encode(one)});
      rows.push_back({tables::kSharedStamps, concat({{&field, 1}, key}), wire::encode(Stamp{1000 + i, by})});
    }
    ASSERT_TRUE(store.apply(rows));
  }
  std::size_t petnames(const std::string& device, std::size_t count) {
    const auto& store = village.device(device).store();
    const Account account = *load_account(store);
    std::size_t out = 0;
    for (std::size_t i = 0; i < count; ++i) out += contact_of(store, account, contact(i)).petname == "friend" ? 1 : 0;
    return out;
  }
};

// ---- settings ----

/// The first pieces are lost while a later one is on its way.
class HistoryLossOfSome : public HistoryLoss, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(HistoryLossOfSome, PiecesOfSettingsBringsThemOnceMore) {
  constexpr std::size_t kMany = 600;
  const std::size_t lost = GetParam();
  set_petnames(kMany);
  std::size_t puts = 0, spoilt = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobPut) && ++puts == lost + 1) {
      village.device("alice-1").hold_answers_to(proto::kPathBlobPut);
    }
    if (!call.url.ends_with(proto::kPathBlobGet) || spoilt == lost) return;
    ++spoilt;
    blobs.blobs.at(wire::decode<proto::BlobGet>(call.body)->blob).bytes[100] ^= 1;
  };
  link("alice-2");
  ASSERT_TRUE(village.until([&] { return spoilt == lost; }, 10 * kMinuteMs));
  village.pass_all(5 * kSecondMs);  // alice-1 hears of it
  ASSERT_EQ(village.device("alice-1").answers_held(), 1u);
  village.device("alice-1").release_answers();
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_EQ(petnames("alice-2", kMany), kMany);
  EXPECT_GE(puts, 4u);
}

INSTANTIATE_TEST_SUITE_P(OneOrTwo, HistoryLossOfSome, ::testing::Values(1, 2));

TEST_F(HistoryLoss, OfEveryPieceLeavesTheSettingsTheSame) {
  constexpr std::size_t kMany = 600;
  set_petnames(kMany);
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobGet)) blobs.blobs.clear();
  };
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_NE(history("alice-2")["trouble"].get<std::string>().find("stay on the other device"), std::string::npos);
  EXPECT_EQ(petnames("alice-2", kMany), kMany);
}

TEST_F(HistoryLoss, LetsNobodyButTheGiverSpeakForOtherDevices) {
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  Aside aside(village, "alice-2");
  SharedRecord record;
  record.field = SharedField::blocked;
  record.stamp = {1000, *DeviceId::from(Bytes(DeviceId::kSize, 7))};
  record.name = kCarol;
  record.value = {1};
  aside.hear(SharedRecords{{record}}, load_take(aside.store())->from);  // it gives nothing any more
  EXPECT_EQ(aside.noted(), "a setting in the name of another own device was ignored");
  EXPECT_FALSE(contact_of(aside.store(), aside.account(), kCarol).is_blocked);
}

}  // namespace
}  // namespace cairn::client
