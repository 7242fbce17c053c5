// alice, and carol at another domain, whose directory answers look-ups alone.
#pragma once

#include <gtest/gtest.h>

#include "core/proto/federation.h"
#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/test_domain.h"

namespace cairn::client {

using nlohmann::json;
using testing::bad;
using testing::good;
using testing::kAlice;
using testing::kBob;

inline constexpr const char* kCarolElsewhere = "carol@two.example";
inline constexpr std::string_view kTwoUrl = "https://two.example";

class DomainsTest : public ::testing::Test {
 protected:
  testing::ClientVillage village;
  testing::TestDomain two{"two.example", 55};
  testing::TestPerson carol{kCarolElsewhere, 56};
  std::vector<proto::Call> calls_to_two;
  std::vector<proto::Call> passports;  ///< that were asked for

  void SetUp() override {
    good(village.register_person("alice-1", kAlice));
    carol.take(carol.genesis(carol.new_device()));
    two.now = village.now;
    two.publish(carol);
    village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (call.url == "https://example.org" + std::string(proto::kPathPassport)) {
        passports.push_back(call);
        const proto::PassportAnswer answer{"p.passport", village.now.ms + kHourMs};
        return proto::CallReply{200, wire::encode(answer), {}};
      }
      if (!call.url.starts_with(kTwoUrl)) return std::nullopt;
      calls_to_two.push_back(call);
      two.now = village.now;
      if (call.url.substr(kTwoUrl.size()) != proto::kPathLookup) return proto::CallReply{404, {}, {}};
      const auto request = wire::decode<directory::LookupRequest>(call.body);
      CHECK(request.has_value());
      return proto::CallReply{200, wire::encode(two.answer(*request)), {}};
    };
  }

  json send(const std::string& to) {
    return village.ask("alice-1", "send", {{"to", to}, {"text", "hello"}, {"wait_ms", 3000}});
  }
  json add(const testing::Params& params) { return village.ask("alice-1", "domain.add", params); }
  std::size_t lookups() const {
    return static_cast<std::size_t>(std::count_if(calls_to_two.begin(), calls_to_two.end(), [](const auto& call) {
      return call.url.ends_with(proto::kPathLookup);
    }));
  }
};

}  // namespace cairn::client
