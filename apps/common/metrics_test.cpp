#include "apps/common/metrics.h"

#include <gtest/gtest.h>

#include "apps/common/watching.h"
#include "shell/loop/log.h"

namespace cairn::apps {
namespace {

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, CountsRequestsByKnownPathsOnly) {
  Metrics metrics({"/v1/send", "/log/"});
  metrics.request("/v1/send", 200, 900);
  metrics.request("/v1/send?x=alice@example.org", 200, 1'000);
  metrics.request("/v1/send", 429, 30'000'000);
  metrics.request("/log/tile/0/000", 200, 5'001);
  metrics.request("/alice@example.org", 404, 1);
  const std::string text = metrics.text(0);
  EXPECT_TRUE(has(text, "cairn_requests_total{route=\"/v1/send\",status=\"200\"} 2")) << text;
  EXPECT_TRUE(has(text, "cairn_requests_total{route=\"/v1/send\",status=\"429\"} 1"));
  EXPECT_TRUE(has(text, "cairn_requests_total{route=\"/log/\",status=\"200\"} 1"));
  EXPECT_TRUE(has(text, "cairn_requests_total{route=\"other\",status=\"404\"} 1"));
  EXPECT_TRUE(has(text, "cairn_request_seconds_bucket{le=\"0.001000\"} 3"));
  EXPECT_TRUE(has(text, "cairn_request_seconds_bucket{le=\"0.010000\"} 4"));
  EXPECT_TRUE(has(text, "cairn_request_seconds_bucket{le=\"10.000000\"} 4"));
  EXPECT_TRUE(has(text, "cairn_request_seconds_bucket{le=\"+Inf\"} 5"));
  EXPECT_TRUE(has(text, "cairn_request_seconds_count 5"));
  EXPECT_EQ(text.find("alice"), std::string::npos);
}

TEST(Metrics, TellsTheHealthOfTheMindAndWhenItIsSilent) {
  Metrics metrics({});
  EXPECT_FALSE(metrics.health(0).well);
  metrics.heard(R"({"store": "ok", "connected": 3, "checkpoint": {"size": 7, "age_ms": 1500}})", 100'000);
  EXPECT_TRUE(metrics.health(130'000).well);
  EXPECT_FALSE(metrics.health(130'001).well);
  const std::string text = metrics.text(102'500);
  EXPECT_TRUE(has(text, "cairn_health{field=\"checkpoint.size\"} 7")) << text;
  EXPECT_TRUE(has(text, "cairn_health{field=\"connected\"} 3"));
  EXPECT_TRUE(has(text, "cairn_state{field=\"store\",value=\"ok\"} 1"));
  EXPECT_TRUE(has(text, "cairn_heard_seconds 2.500000"));
  metrics.heard("no JSON", 200'000);
  EXPECT_EQ(metrics.health(200'000).body, "{\"store\": \"ok\"}\n");
}

TEST(Metrics, CountsPathsByTheirEndWhereTheBeginningIsAHash) {
  Metrics metrics({"/vkey", "*/checkpoint"});
  metrics.request("/00ff/checkpoint", 200, 1);
  metrics.request("/ee11/checkpoint?x=1", 404, 1);
  metrics.request("/add-checkpoint", 200, 1);
  const std::string text = metrics.text(0);
  EXPECT_TRUE(has(text, "cairn_requests_total{route=\"*/checkpoint\",status=\"200\"} 1")) << text;
  EXPECT_TRUE(has(text, "cairn_requests_total{route=\"*/checkpoint\",status=\"404\"} 1"));
  EXPECT_TRUE(has(text, "cairn_requests_total{route=\"other\",status=\"200\"} 1"));
  EXPECT_EQ(text.find("00ff"), std::string::npos);
}

TEST(Metrics, TellsEachLogOfAWitnessByItsOrigin) {
  Metrics metrics({});
  metrics.heard(R"({"store": "ok", "role": "auditor", "listed": 2, "logs": [
      {"origin": "a.example/cairn", "cosigned": 7, "lag": 0, "barred": false, "contradicted": true},
      {"origin": "of a \"friend\" \\", "cosigned": 9},
      {"cosigned": 3}, 5]})",
                100'000);
  const std::string text = metrics.text(100'000);
  EXPECT_TRUE(has(text, "cairn_health{field=\"listed\"} 2")) << text;
  EXPECT_TRUE(has(text, "cairn_state{field=\"role\",value=\"auditor\"} 1"));
  EXPECT_TRUE(has(text, "cairn_log{field=\"cosigned\",origin=\"a.example/cairn\"} 7"));
  EXPECT_TRUE(has(text, "cairn_log{field=\"lag\",origin=\"a.example/cairn\"} 0"));
  EXPECT_TRUE(has(text, "cairn_log{field=\"barred\",origin=\"a.example/cairn\"} 0"));
  EXPECT_TRUE(has(text, "cairn_log{field=\"contradicted\",origin=\"a.example/cairn\"} 1"));
  EXPECT_TRUE(has(text, R"(cairn_log{field="cosigned",origin="of a \"friend\" \\"} 9)"));
  EXPECT_EQ(text.find("} 3\n"), std::string::npos) << "of no log";
}

TEST(Log, ALineIsAnObject) {
  using Level = proto::Event::Level;
  EXPECT_EQ(loop::json_log_line({Level::warning, "what happened", 7}, Time{1'000}),
            R"({"time": "1970-01-01T00:00:01.000Z", "level": "warning", "event": "what happened", "number": 7})");
  EXPECT_EQ(loop::json_log_line({Level::info, "a \"b\" \\ c\n", 0}, Time{0}),
            R"({"time": "1970-01-01T00:00:00.000Z", "level": "info", "event": "a \"b\" \\ c ", "number": 0})");
}

/// A network in which nothing happens but what the test says.
class Quiet final : public loop::Transport {
 public:
  std::vector<proto::Input> take(const Take& take) override {
    last = take;
    return std::exchange(inputs, {});
  }
  void perform(proto::Send send) override { sent.push_back(std::move(send)); }
  void reset(const proto::Respond&) override {}
  void close(std::uint64_t) override {}
  std::vector<proto::Input> inputs;
  std::vector<proto::Send> sent;
  Take last{};
};

TEST(Watching, AsksTheMindForItsHealthAndPassesAllElseOn) {
  Quiet network;
  Metrics metrics({"/a"});
  Watching watching(network, metrics, "/v1/health");
  proto::RequestArrived request;
  request.id = {5};
  request.target = "/a";
  network.inputs.emplace_back(request);
  const auto inputs = watching.take({256, 2, 60'000});
  ASSERT_EQ(inputs.size(), 2u);
  const auto& own = std::get<proto::RequestArrived>(inputs[1]);
  EXPECT_EQ(own.target, "/v1/health");
  EXPECT_TRUE(own.peer.empty()) << "no bucket of an address is drawn on";
  watching.perform(proto::Respond{own.id, 200, {}, to_bytes("{\"connected\": 9}"), {}});
  EXPECT_TRUE(network.sent.empty());
  EXPECT_NE(metrics.text(0).find("cairn_health{field=\"connected\"} 9"), std::string::npos);
  watching.perform(proto::Respond{{5}, 413, {}, {}, {}});
  EXPECT_EQ(network.sent.size(), 1u);
  EXPECT_NE(metrics.text(0).find("route=\"/a\",status=\"413\"} 1"), std::string::npos);
  EXPECT_TRUE(watching.take({256, 2, 60'000}).empty());
  EXPECT_LE(network.last.wait_ms, Metrics::kAskEveryMs) << "it has to ask again";
}

}  // namespace
}  // namespace cairn::apps
