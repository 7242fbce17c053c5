#include "apps/cairn/http_front.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cairn::apps {
namespace {

using nlohmann::json;

const std::string kToken(64, 'a');

class HttpFrontTest : public ::testing::Test {
 protected:
  HttpFrontTest() { front_.set_port(8460); }

  static net::HttpRequest post(const std::string& body = "{}") {
    net::HttpRequest out;
    out.method = proto::Method::post;
    out.target = "/rpc";
    out.host = "127.0.0.1:8460";
    out.bearer = kToken;
    out.content_type = "application/json";
    out.body = to_bytes(body);
    return out;
  }
  static net::HttpRequest get(const std::string& target = "/events") {
    net::HttpRequest out;
    out.target = target;
    out.host = "localhost:8460";
    out.bearer = kToken;
    return out;
  }
  /// The status of a refusal, 0 where there is none.
  int refusal(const net::HttpRequest& request) {
    const auto judged = front_.judge(request);
    const auto* refused = std::get_if<net::HttpFront::Refusal>(&judged);
    if (refused == nullptr) return 0;
    EXPECT_FALSE(json::parse(as_text(refused->respond.body))["error"]["message"].get<std::string>().empty());
    return refused->respond.status;
  }
  json asked(const net::HttpRequest& request) {
    auto judged = front_.judge(request);
    const auto* frame = std::get_if<net::HttpFront::Asked>(&judged);
    return frame == nullptr ? json() : json::parse(as_text(frame->frame));
  }
  std::string told(const json& frame) { return as_text(front_.told(to_bytes(frame.dump())).bytes); }

  HttpRpcFront front_{kToken};
};

TEST_F(HttpFrontTest, LetsTheOwnersRequestsThroughAsTheyAre) {
  EXPECT_EQ(refusal(post()), 0);
  EXPECT_EQ(asked(post(R"({"id":7})")), (json{{"id", 7}}));
  for (const char* host : {"127.0.0.1:8460", "localhost:8460", "[::1]:8460"}) {
    auto request = post();
    request.host = host;
    EXPECT_EQ(refusal(request), 0) << host;
    request.origin = std::string("http://") + host;
    EXPECT_EQ(refusal(request), 0) << host;
  }
  auto request = post();
  request.content_type = "application/JSON; charset=UTF-8";
  EXPECT_EQ(refusal(request), 0);
}

TEST_F(HttpFrontTest, RefusesEveryOtherHost) {
  for (const char* host : {"", "evil.example:8460", "127.0.0.1", "127.0.0.1:80", "localhost", "LOCALHOST:8460",
                           "127.0.0.1:8460.evil.example", "127.1:8460", "[::1]", "0.0.0.0:8460", "localhost:08460"}) {
    auto request = post();
    request.host = host;
    EXPECT_EQ(refusal(request), 403) << host;
  }
  HttpRpcFront early(kToken);
  auto request = post();
  request.host = "127.0.0.1:0";
  EXPECT_TRUE(std::holds_alternative<net::HttpFront::Refusal>(early.judge(request)));
}

TEST_F(HttpFrontTest, RefusesPagesOfOthers) {
  for (const char* origin : {"", "null", "http://evil.example", "https://127.0.0.1:8460", "http://127.0.0.1",
                             "http://localhost:8460", "http://127.0.0.1:8460/"}) {
    auto request = post();
    request.origin = origin;
    EXPECT_EQ(refusal(request), 403) << origin;
  }
}

TEST_F(HttpFrontTest, RefusesWhoDoesNotHaveTheToken) {
  for (const std::string& token : {std::string(), kToken.substr(1), kToken + "a", std::string(64, 'b')}) {
    auto request = post();
    request.bearer = token;
    EXPECT_EQ(refusal(request), 401) << token;
  }
}

TEST_F(HttpFrontTest, RefusesWhatIsNoRequestOfItsPath) {
  auto request = post();
  request.method = proto::Method::get;
  EXPECT_EQ(refusal(request), 405);
  request.method = proto::Method::put;
  EXPECT_EQ(refusal(request), 405);
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"}) {
    request = post();
    request.content_type = type;
    EXPECT_EQ(refusal(request), 415) << type;
  }
  for (const char* target : {"/", "/rpc/", "/rpc?x=1", "/other", "/events/"}) {
    request = post();
    request.target = target;
    EXPECT_EQ(refusal(request), 404) << target;
  }
  request = get();
  request.method = proto::Method::post;
  EXPECT_EQ(refusal(request), 405);
  request = get();
  request.body = {1};
  EXPECT_EQ(refusal(request), 400);
  request = post();
  request.ambiguous = true;
  EXPECT_EQ(refusal(request), 400);
  request = get();
  request.websocket_key = "x";
  EXPECT_EQ(refusal(request), 404);
}

TEST_F(HttpFrontTest, AStreamBeginsWhereItIsTold) {
  EXPECT_EQ(asked(get())["params"], json::object());
  EXPECT_EQ(asked(get("/events?after=17"))["params"]["since"], 17);
  auto again = get("/events?after=17");
  again.last_event_id = "42";
  EXPECT_EQ(asked(again)["params"]["since"], 42);
  for (const char* target : {"/events?", "/events?after=", "/events?after=-1", "/events?after=1&x=2", "/events?since=1",
                             "/events?after=99999999999999999999", "/events?after=+1", "/events?after=0x1"}) {
    EXPECT_EQ(refusal(get(target)), std::string_view(target) == "/events?" ? 0 : 400) << target;
  }
  again.last_event_id = "x";
  EXPECT_EQ(refusal(again), 400);
}

TEST_F(HttpFrontTest, EventsCarryTheirCursorAsId) {
  EXPECT_EQ(told({{"id", 1}, {"result", {{"cursor", 9}}}}), "id: 9\nevent: open\ndata: {\"cursor\":9}\n\n");
  EXPECT_EQ(told({{"method", "message"}, {"params", {{"cursor", 10}, {"text", "a\nb"}}}}),
            "id: 10\nevent: message\ndata: {\"cursor\":10,\"text\":\"a\\nb\"}\n\n");
  EXPECT_EQ(told({{"method", "alarm"}, {"params", {{"kind", "device"}}}}),
            "event: alarm\ndata: {\"kind\":\"device\"}\n\n");
  EXPECT_TRUE(front_.told(to_bytes(std::string("no json"))).bytes.empty());
}

TEST_F(HttpFrontTest, AStreamThatIsRefusedEndsWithTheReason) {
  const auto said = front_.told(to_bytes(json{{"id", 1}, {"error", {{"message", "No name yet."}}}}.dump()));
  EXPECT_TRUE(said.is_last);
  EXPECT_EQ(as_text(said.bytes), "event: error\ndata: {\"message\":\"No name yet.\"}\n\n");
}

}  // namespace
}  // namespace cairn::apps
