#include "core/crypto/password.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"

namespace cairn::crypto {
namespace {

struct PasswordCase {
  Argon2idCost cost;
  std::string_view password;
  Bytes salt;
  const char* key;
};

// Made with the Argon2id of another library (the example of RFC 9106 s.5.3 has four lanes and a pepper).
TEST(Argon2id, MatchesAnotherImplementationAtAnyCost) {
  Bytes counting(16);
  for (std::size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<std::uint8_t>(i);
  const PasswordCase cases[] = {
      {{64, 1}, "password", counting, "9c493022877348e034719bce110c99301e5d4d16acacc6a829000ff2044b1b0c"},
      {{1024, 3},
       "correct horse",
       to_bytes(std::string_view("0123456789abcdef")),
       "5346b742dade33b229e994ba4508bb0ef7e0ce62cf8bef4a94cbfbf1df506bfe"
       "2ea3b491b93a753a7b94d08cdb244f3db05e681262d826cc0383c62371846980"},
      {{8, 2}, "", Bytes(16, 0xff), "4c2581e943215c41dded816cc459a7fb"},
  };
  for (const PasswordCase& known : cases) {
    Bytes out(std::string_view(known.key).size() / 2);
    ASSERT_TRUE(argon2id(as_bytes(known.password), known.salt, known.cost, out));
    EXPECT_EQ(to_hex(out), known.key);
  }
}

TEST(Argon2id, RefusesCostsThatItDoesNotKnow) {
  Bytes out(32);
  for (const Argon2idCost cost : {Argon2idCost{7, 1}, Argon2idCost{0, 1}, Argon2idCost{64, 0}}) {
    const Status status = argon2id(as_bytes(std::string_view("p")), Bytes(16), cost, out);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::over_limit);
  }
  EXPECT_EQ(out, Bytes(32));
}

}  // namespace
}  // namespace cairn::crypto
