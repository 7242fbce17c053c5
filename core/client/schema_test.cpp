// A store that another version wrote, or that holds no account where one should be, is refused and not taken for new.
#include "core/client/schema.h"

#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/base/overlay.h"
#include "core/client/account.h"
#include "core/client/client.h"
#include "core/client/tables.h"
#include "core/wire/writer.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

class Schema : public ::testing::Test {
 protected:
  Schema() {
    const auto name = directory::Name::from("alice@localhost");
    save_account(context_, Account::create(*name, "http://localhost", "", entropy_));
  }
  void put(Table table, Bytes value) { overlay_.put(table, {}, value); }
  ErrorCode refusal() const {
    const auto checked = check_store(overlay_);
    return checked ? ErrorCode::internal : checked.error().code;
  }
  static Bytes version(std::uint64_t number) {
    wire::Writer w;
    w.u64(number);
    return w.take();
  }

  MemoryView below_;
  Overlay overlay_{below_};
  testing::SeededEntropy entropy_{1};
  std::vector<proto::Send> sends_;
  std::vector<proto::Event> events_;
  Context context_{overlay_, Time{1'000'000}, entropy_, sends_, events_};
};

TEST_F(Schema, OfThisVersionIsTaken) {
  EXPECT_TRUE(check_store(below_)) << "an empty one";
  EXPECT_TRUE(check_store(overlay_));
  EXPECT_EQ(overlay_.get(tables::kSchemaVersion, {}), version(kSchema));
  overlay_.erase(tables::kSchemaVersion, {});
  EXPECT_TRUE(check_store(overlay_)) << "from before it was recorded";
}

TEST_F(Schema, OfANewerVersionIsRefused) {
  put(tables::kSchemaVersion, version(kSchema + 1));
  EXPECT_EQ(refusal(), ErrorCode::unsupported);
}

TEST_F(Schema, ThatIsNoneIsRefused) {
  put(tables::kSchemaVersion, version(0));
  EXPECT_EQ(refusal(), ErrorCode::malformed);
  put(tables::kSchemaVersion, Bytes(9, 0));
  EXPECT_EQ(refusal(), ErrorCode::malformed);
}

TEST_F(Schema, AnAccountThatCannotBeReadIsRefused) {
  Bytes row = *overlay_.get(tables::kAccount, {});
  row.pop_back();
  put(tables::kAccount, row);
  EXPECT_EQ(refusal(), ErrorCode::malformed);
  EXPECT_FALSE(load_account(overlay_)) << "a mind would begin anew";
}

TEST_F(Schema, AnAccountOfAnotherVersionIsRefused) {
  Bytes row = *overlay_.get(tables::kAccount, {});
  row.front() = 1;
  put(tables::kAccount, row);
  EXPECT_EQ(refusal(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace cairn::client
