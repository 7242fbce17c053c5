#include "core/witness/config.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_entropy.h"

namespace cairn::witness {
namespace {

std::string vkey(std::string_view name, tlog::SignatureType type = tlog::SignatureType::ed25519) {
  testing::SeededEntropy entropy(1);
  return tlog::VerifierKey(*tlog::KeyName::from(name), type, crypto::SigningKey::generate(entropy).public_key())
      .to_text();
}

TEST(LogList, HoldsLogsDomainsAndPeers) {
  const auto list =
      LogList::parse("# who we follow\n\n log\t" + vkey("a.example/log") + "  http://127.0.0.1:8000/log/ \nlog " +
                     vkey("b.example/log") + " https://b.example/log 17\ndomain c.example\ndomain localhost 5\n" +
                     "peer https://w.example/w1/\npeer http://[::1]:9\n");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->logs.size(), 2u);
  EXPECT_EQ(list->logs[0].origin(), "a.example/log");
  EXPECT_EQ(list->logs[0].url, "http://127.0.0.1:8000/log");
  EXPECT_EQ(list->logs[0].adopted_size, 0u);
  EXPECT_EQ(list->logs[1].adopted_size, 17u);
  ASSERT_EQ(list->domains.size(), 2u);
  EXPECT_EQ(list->domains[0].domain, "c.example");
  EXPECT_EQ(list->domains[1].adopted_size, 5u);
  EXPECT_EQ(list->peers, (std::vector<std::string>{"https://w.example/w1", "http://[::1]:9"}));
  EXPECT_TRUE(LogList::parse(""));
}

TEST(LogList, RefusesEveryOtherLine) {
  const std::string log = "log " + vkey("a.example/log") + " https://a.example/log";
  const std::string cases[] = {
      log,
      log + " 0x1\n",
      log + " 01\n",
      log + " -1\n",
      log + " 9223372036854775808\n",
      log + " 1 2\n",
      log + "\n" + log + "\n",
      "log " + vkey("a.example/log") + "\n",
      "log junk https://a.example\n",
      "log " + vkey("a.example/log", tlog::SignatureType::cosignature_v1) + " https://a.example\n",
      "log " + vkey("a.example/log") + " ftp://a.example\n",
      "log " + vkey("a.example/log") + " https://\n",
      "log " + vkey("a.example/log") + " https:///log\n",
      "log " + vkey("a.example/log") + " https://a.example/?x\n",
      "log " + vkey("a.example/log") + " https://a.example/#x\n",
      "log " + vkey("a.example/log") + " https://a.\xc3\xa9xample\n",
      "log " + vkey("a.example/cairn") + " https://a.example/log\ndomain a.example\n",
      "domain\n",
      "domain A.example\n",
      "domain a..example\n",
      "domain a.example 1 2\n",
      "domain a.example\ndomain a.example\n",
      "peer\n",
      "peer w.example\n",
      "peer https://w.example x\n",
      "peer https://w.example\npeer https://w.example/\n",
      "witness https://w.example\n",
      "domain a.example\r\n",
  };
  for (const std::string& text : cases) EXPECT_EQ(LogList::parse(text).error().code, ErrorCode::malformed) << text;
}

TEST(LogList, IsBounded) {
  std::string domains;
  for (std::size_t i = 0; i < kMaxListedLogs; ++i) domains += "domain d" + std::to_string(i) + ".example\n";
  EXPECT_TRUE(LogList::parse(domains));
  EXPECT_EQ(LogList::parse(domains + "domain more.example\n").error().code, ErrorCode::over_limit);
  std::string peers;
  for (std::size_t i = 0; i < kMaxPeers; ++i) peers += "peer http://w" + std::to_string(i) + "\n";
  EXPECT_TRUE(LogList::parse(peers));
  EXPECT_EQ(LogList::parse(peers + "peer http://more\n").error().code, ErrorCode::over_limit);
  EXPECT_EQ(LogList::parse("#" + std::string(kMaxListBytes, 'x')).error().code, ErrorCode::over_limit);
  EXPECT_EQ(LogList::parse("peer http://" + std::string(kMaxUrlBytes, 'x') + "\n").error().code, ErrorCode::over_limit);
}

std::string well_known(const std::string& origin, const std::string& key, const std::string& path) {
  return R"({"version": 1, "log": {"origin": ")" + origin + R"(", "vkey": ")" + key + R"(", "path": ")" + path +
         R"("}})";
}

TEST(WellKnown, TellsTheKeyAndThePlaceOfALog) {
  const auto log = parse_well_known(well_known("a.example/cairn", vkey("a.example/cairn"), "/log"), "a.example");
  ASSERT_TRUE(log);
  EXPECT_EQ(log->origin(), "a.example/cairn");
  EXPECT_EQ(log->url, "https://a.example/log");
}

TEST(WellKnown, OfAnotherDomainOrShapeIsRefused) {
  const std::string key = vkey("a.example/cairn");
  const std::string cases[] = {
      "",
      "{",
      "[]",
      "{}",
      R"({"log": 1})",
      R"({"log": {}})",
      R"({"log": {"origin": 1, "vkey": 2, "path": 3}})",
      well_known("b.example/cairn", key, "/log"),
      well_known("a.example/cairn", vkey("b.example/cairn"), "/log"),
      well_known("a.example/cairn", vkey("a.example/cairn", tlog::SignatureType::cosignature_v1), "/log"),
      well_known("a.example/cairn", "junk", "/log"),
      well_known("a.example/cairn", key, "log"),
      well_known("a.example/cairn", key, ".evil.example/log"),
      well_known("a.example/cairn", key, ""),
      well_known("a.example/cairn", key, "/log?x"),
      well_known("a.example/cairn", key, "/log") + "x",
  };
  for (const std::string& json : cases) {
    EXPECT_EQ(parse_well_known(json, "a.example").error().code, ErrorCode::malformed) << json;
  }
  EXPECT_EQ(parse_well_known(std::string(70'000, ' '), "a.example").error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace cairn::witness
