#include "core/client/cbor.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"

namespace cairn::client {
namespace {

Bytes cbor_hex(std::string_view text) { return from_hex(text).value(); }

bool is_item(std::string_view encoding, std::size_t depth = kMaxCborDepth) {
  const Bytes bytes = cbor_hex(encoding);
  CborReader reader(bytes);
  const auto item = reader.item(depth);
  return item && item->size() == bytes.size() && reader.done();
}

TEST(Cbor, ReadsTheExamplesOfTheStandard) {
  // RFC 8949 appendix A, those in preferred serialization without indefinite lengths.
  for (const char* encoding : {"00",
                               "01",
                               "0a",
                               "17",
                               "1818",
                               "1819",
                               "1864",
                               "1903e8",
                               "1a000f4240",
                               "1b000000e8d4a51000",
                               "1bffffffffffffffff",
                               "c249010000000000000000",
                               "3bffffffffffffffff",
                               "c349010000000000000000",
                               "20",
                               "29",
                               "3863",
                               "3903e7",
                               "f90000",
                               "f98000",
                               "f93c00",
                               "fb3ff199999999999a",
                               "f93e00",
                               "f97bff",
                               "fa47c35000",
                               "fa7f7fffff",
                               "fb7e37e43c8800759c",
                               "f90001",
                               "f90400",
                               "f9c400",
                               "fbc010666666666666",
                               "f97c00",
                               "f97e00",
                               "f9fc00",
                               "f4",
                               "f5",
                               "f6",
                               "f7",
                               "f0",
                               "f8ff",
                               "c074323031332d30332d32315432303a30343a30305a",
                               "c11a514b67b0",
                               "c1fb41d452d9ec200000",
                               "d74401020304",
                               "d818456449455446",
                               "40",
                               "4401020304",
                               "60",
                               "6161",
                               "6449455446",
                               "62225c",
                               "62c3bc",
                               "63e6b0b4",
                               "64f0908591",
                               "80",
                               "83010203",
                               "8301820203820405",
                               "a0",
                               "a201020304",
                               "a26161016162820203",
                               "826161a161626163",
                               "a56161614161626142616361436164614461656145"}) {
    EXPECT_TRUE(is_item(encoding)) << encoding;
  }
}

TEST(Cbor, RefusesWhatIsNotTheShortestForm) {
  for (const char* encoding : {"1800", "1817", "190000", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "5800",
                               "580161", "780161", "980101", "b8010101", "d802", "d81700"}) {
    EXPECT_FALSE(is_item(encoding)) << encoding;
  }
}

TEST(Cbor, RefusesFloatsThatAShorterOneHolds) {
  for (const char* encoding :
       {"fa3f800000", "fa00000000", "fa80000000", "fa7f800000", "fa7fc00000", "fa33800000", "fa477fe000",
        "fb3ff0000000000000", "fb7ff0000000000000", "fb7ff8000000000000", "fb40f86a0000000000", "fb36a0000000000000",
        "fb0000000000000000", "f97e01", "f97c01", "f9fe00"}) {
    EXPECT_FALSE(is_item(encoding)) << encoding;
  }
  // Just outside of what the next shorter one holds: 2^-25, 65536, a 24th bit, 2^-150, 2^128, subnormals.
  for (const char* encoding : {"fa33000000", "fa47800000", "fb3ff0000010000000", "fb3690000000000000",
                               "fb47f0000000000000", "fa00000001", "fb0000000000000001", "fa3f801000"}) {
    EXPECT_TRUE(is_item(encoding)) << encoding;
  }
}

TEST(Cbor, RefusesIndefiniteLengthsBreaksAndReservedHeads) {
  for (const char* encoding : {"5f4101ff", "7f6161ff", "9fff", "9f01ff", "bfff", "ff", "1c", "1d", "1e", "1f", "fc",
                               "fd", "fe", "3f", "df00"}) {
    EXPECT_FALSE(is_item(encoding)) << encoding;
  }
}

TEST(Cbor, RefusesSimpleValuesInTheWrongForm) {
  EXPECT_TRUE(is_item("f820"));
  for (const char* encoding : {"f800", "f814", "f81f"}) EXPECT_FALSE(is_item(encoding)) << encoding;
}

TEST(Cbor, RefusesBigNumbersThatAnIntegerCouldSay) {
  for (const char* encoding : {"c240", "c24101", "c248ffffffffffffffff", "c349000100000000000000", "c201", "c2"}) {
    EXPECT_FALSE(is_item(encoding)) << encoding;
  }
}

TEST(Cbor, HoldsMapKeysToTheirOrder) {
  EXPECT_TRUE(
      is_item("a4"
              "0a00"
              "186400"
              "2000"
              "617a00"));  // RFC 8949 s.4.2.1: 10, 100, -1, "z"
  EXPECT_FALSE(
      is_item("a2"
              "0100"
              "0100"));  // twice
  EXPECT_FALSE(
      is_item("a2"
              "0200"
              "0100"));
  EXPECT_FALSE(
      is_item("a2"
              "2000"
              "0100"));
  EXPECT_FALSE(
      is_item("a2"
              "616200"
              "616100"));
  EXPECT_FALSE(
      is_item("a2"
              "62616100"
              "616200"));  // the shorter text first
}

TEST(Cbor, RefusesMapKeysOfOtherTypesAndNumbersThatADoubleCannotHold) {
  EXPECT_TRUE(
      is_item("a1"
              "1b001fffffffffffff"
              "00"));
  EXPECT_FALSE(
      is_item("a1"
              "1b0020000000000000"
              "00"));
  EXPECT_TRUE(
      is_item("a1"
              "3b001ffffffffffffe"
              "00"));
  EXPECT_FALSE(
      is_item("a1"
              "3b001fffffffffffff"
              "00"));
  for (const char* encoding : {"a1f600", "a18000", "a1a000", "a1c00000", "a1f9000000"}) {
    EXPECT_FALSE(is_item(encoding)) << encoding;
  }
}

TEST(Cbor, RefusesTextThatIsNoUtf8) {
  EXPECT_FALSE(is_item("62c328"));
  EXPECT_FALSE(is_item("a162c32800"));
  EXPECT_TRUE(is_item("42c328"));
}

TEST(Cbor, FollowsAsDeepAsAskedAndNoDeeper) {
  EXPECT_TRUE(is_item("00", 0));
  EXPECT_FALSE(is_item("80", 0));
  EXPECT_TRUE(is_item("8181a101c000", 4));
  EXPECT_FALSE(is_item("8181a101c080", 4));
  EXPECT_FALSE(is_item("818181818181818181"));
  const Bytes deep(100'000, 0x81);
  EXPECT_FALSE(CborReader(deep).item(kMaxCborDepth).has_value());
}

TEST(Cbor, RefusesCountsAndLengthsBeyondTheEnd) {
  for (const char* encoding : {"", "41", "8201", "a101", "a2010203", "9bffffffffffffffff", "bbffffffffffffffff",
                               "5bffffffffffffffff", "7bffffffffffffffff", "19", "1901", "c1"}) {
    EXPECT_FALSE(is_item(encoding)) << encoding;
  }
}

TEST(Cbor, GivesTypedValues) {
  const Bytes bytes = cbor_hex(
      "87"
      "187b"
      "f5"
      "f6"
      "43010203"
      "63e6b0b4"
      "a10102"
      "f4");
  CborReader reader(bytes);
  EXPECT_EQ(reader.array(7).value(), 7u);
  EXPECT_FALSE(reader.take_null());
  EXPECT_EQ(reader.unsigned_integer(123).value(), 123u);
  EXPECT_TRUE(reader.boolean().value());
  EXPECT_TRUE(reader.take_null());
  EXPECT_EQ(to_bytes(reader.bytes(3).value()), cbor_hex("010203"));
  EXPECT_EQ(reader.text(3).value(), "\xe6\xb0\xb4");
  EXPECT_EQ(reader.map(1).value(), 1u);
  EXPECT_EQ(to_bytes(reader.map_key({}).value()), cbor_hex("01"));
  EXPECT_EQ(to_bytes(reader.item(0).value()), cbor_hex("02"));
  EXPECT_FALSE(reader.finish().has_value());
  EXPECT_FALSE(reader.boolean().value());
  EXPECT_TRUE(reader.finish().has_value());
}

TEST(Cbor, RefusesTypedValuesOfAnotherTypeOrBeyondTheirLimit) {
  const auto code = [](const auto& result) { return result ? ErrorCode::internal : result.error().code; };
  EXPECT_EQ(code(CborReader(cbor_hex("20")).unsigned_integer(9)), ErrorCode::malformed);
  EXPECT_EQ(code(CborReader(cbor_hex("0a")).unsigned_integer(9)), ErrorCode::over_limit);
  EXPECT_EQ(code(CborReader(cbor_hex("f814")).boolean()), ErrorCode::malformed);
  EXPECT_EQ(code(CborReader(cbor_hex("f6")).boolean()), ErrorCode::malformed);
  EXPECT_EQ(code(CborReader(cbor_hex("6161")).bytes(9)), ErrorCode::malformed);
  EXPECT_EQ(code(CborReader(cbor_hex("420000")).bytes(1)), ErrorCode::over_limit);
  EXPECT_EQ(code(CborReader(cbor_hex("62c328")).text(9)), ErrorCode::malformed);
  EXPECT_EQ(code(CborReader(cbor_hex("820000")).array(1)), ErrorCode::over_limit);
  EXPECT_EQ(code(CborReader(cbor_hex("8200")).array(9)), ErrorCode::malformed);
  EXPECT_EQ(code(CborReader(cbor_hex("a2000001")).map(1)), ErrorCode::over_limit);
  EXPECT_EQ(code(CborReader(cbor_hex("a2000001")).map(9)), ErrorCode::malformed);
}

TEST(Cbor, WritesTheShortestHeads) {
  for (const std::uint64_t value :
       {0ull, 23ull, 24ull, 255ull, 256ull, 65'535ull, 65'536ull, 4'294'967'295ull, 4'294'967'296ull, ~0ull}) {
    CborWriter writer;
    writer.unsigned_integer(value);
    const Bytes bytes = writer.take();
    EXPECT_EQ(CborReader(bytes).unsigned_integer(~0ull).value(), value);
  }
  CborWriter writer;
  writer.array(3);
  writer.bytes(cbor_hex("ff"));
  writer.text("a");
  writer.empty_map();
  writer.null();
  EXPECT_EQ(to_hex(writer.take()),
            "83"
            "41ff"
            "6161"
            "a0"
            "f6");
}

}  // namespace
}  // namespace cairn::client
