// Two domains' servers under one clock: what they call goes to each other, unless one is down or answers are lost.
#pragma once

#include "core/proto/federation.h"
#include "core/relay/tables.h"
#include "tests/support/relay_people.h"

namespace cairn::testing {

inline relay::RelayConfig speaking_config(std::string domain) {
  relay::RelayConfig config = open_config(std::move(domain));
  config.federation.mode = relay::Federation::Mode::on;
  return config;
}

class TwoServers {
 public:
  explicit TwoServers(relay::RelayConfig first = speaking_config("one.example"),
                      relay::RelayConfig second = speaking_config("two.example"))
      : one(std::move(first), 7), two(std::move(second), 8) {}

  RelayDriver one;
  RelayDriver two;
  bool two_is_down = false;
  bool knows_no_rejoin = false;        ///< two reads no batch with a request to be let in again, as older builds
  bool answers_are_lost = false;       ///< of two: it takes what it is brought, and nobody hears so
  std::vector<proto::Call> forwarded;  ///< everything that one brought to two, or tried to

  RelayDriver& at(std::string_view domain) { return domain == "one.example" ? one : two; }

  /// Timers that are due and calls, until there are none; no time passes.
  void settle() {
    for (int rounds = 0; fire() || carry(); ++rounds) CHECK(rounds < 10'000);
  }
  void pass(std::uint64_t ms) {
    const Time end = after(one.now, ms);
    settle();
    while (one.now < end) {
      const Time next = two_is_down ? one.next_deadline() : std::min(one.next_deadline(), two.next_deadline());
      one.now = two.now = std::clamp(next, after(one.now, 1), end);
      settle();
    }
  }

  proto::Respond ask(RelayDriver& server, std::string_view path, Bytes body, std::string bearer = {}) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      auto answer = server.post(path, body, bearer);
      if (answer.status != 503 && answer.status != 507) return answer;
      pass(1000 * answer.retry_after_s.value_or(1));
    }
    return server.post(path, std::move(body), std::move(bearer));
  }

 private:
  static bool has_rejoin(ByteView body) {
    const auto batch = wire::decode<proto::ForwardBatch>(body);
    return batch && std::ranges::any_of(batch->items, [](const proto::ForwardItem& item) {
             return item.kind == proto::EnvelopeKind::rejoin || item.kind == proto::EnvelopeKind::rejoin_answer;
           });
  }

  bool fire() {
    bool any = false;
    for (RelayDriver* server : {&one, &two}) {
      if (server == &two && two_is_down) continue;
      if (server->next_deadline() > server->now) continue;
      server->batch({proto::TimerFired{}});
      any = true;
    }
    return any;
  }

  bool carry() {
    bool any = false;
    for (RelayDriver* from : {&one, &two}) {
      for (const proto::Call& call : from->take_calls()) {
        any = true;
        from->batch({proto::CallDone{call.id, answer_to(*from, call)}});
      }
    }
    return any;
  }

  Result<proto::CallReply> answer_to(const RelayDriver& from, const proto::Call& call) {
    RelayDriver& to = &from == &one ? two : one;
    const std::string host = &from == &one ? "https://two.example" : "https://one.example";
    if (!call.url.starts_with(host)) return fail(ErrorCode::unavailable, "nobody is there");
    CHECK(call.reach == proto::CallReach::public_only);
    const std::string path = call.url.substr(host.size());
    if (&to == &two && path == proto::kPathForward) forwarded.push_back(call);
    if (&to == &two && two_is_down) return fail(ErrorCode::unavailable, "down");
    if (&to == &two && knows_no_rejoin && path == proto::kPathForward && has_rejoin(call.body)) {
      const proto::ErrorAnswer error{ErrorCode::malformed, "This cannot be read."};
      return proto::CallReply{400, wire::encode(error), {}};
    }
    const auto answer = to.request(to.make_request(call.method, path, call.body, call.bearer, "198.51.100.7"));
    if (&to == &two && answers_are_lost) return fail(ErrorCode::unavailable, "lost");
    CHECK(answer.body.size() <= call.max_reply);
    return proto::CallReply{answer.status, answer.body, answer.retry_after_s};
  }
};

/// alice@one.example and bob@two.example, and a channel at one.
class Neighbourhood {
 public:
  explicit Neighbourhood(TwoServers& servers)
      : servers_(servers),
        alice(servers.one, "alice@one.example", 1),
        bob(servers.two, "bob@two.example", 2),
        channel(servers.one, alice, 3) {
    servers.two.now = servers.one.now = std::max(servers.one.now, servers.two.now);
    CHECK(bob.upload(servers.two, 40, true).status == 200);
  }

 private:
  TwoServers& servers_;

 public:
  Member alice;
  Member bob;
  TestChannel channel;

  static std::string passport(TwoServers& servers, const Member& of, std::string_view audience) {
    RelayDriver& own = servers.at(of.person.name().domain());
    const proto::PassportRequest wanted{std::string(audience)};
    const auto answer = servers.ask(own, proto::kPathPassport, wire::encode(wanted), of.token);
    return body_of<proto::PassportAnswer>(answer).passport;
  }

  /// One key package of `who`, fetched by a member of another domain.
  proto::KeyPackageAnswer::Item fetch(const Member& by, const Member& who) {
    const std::string domain(who.person.name().domain());
    const proto::KeyPackageFetch wanted{who.person.name().text(), {who.device.device.id()}};
    const auto answer = servers_.ask(servers_.at(domain), proto::kPathKeyPackageFetch, wire::encode(wanted),
                                     passport(servers_, by, domain));
    CHECK(answer.status == 200);
    return body_of<proto::KeyPackageAnswer>(answer).items.at(0);
  }

  /// alice adds bob.
  proto::Respond admit_bob() { return admit_bob(fetch(alice, bob).join_token); }
  proto::Respond admit_bob(const proto::JoinToken& token) {
    auto next_key = crypto::SigningKey::generate(channel.entropy);
    auto request = channel.make_commit(next_key);
    channel.add(request, bob, token);
    return channel.commit(servers_.one, request, std::move(next_key), alice.token);
  }
  proto::Respond remove_bob() {
    auto next_key = crypto::SigningKey::generate(channel.entropy);
    auto request = channel.make_commit(next_key);
    std::erase(request.next_recipients, bob.address());
    request.revoke = proto::Revoke::yes;
    return channel.commit(servers_.one, request, std::move(next_key));
  }

  /// What waits in bob's mailbox.
  std::vector<proto::Envelope> bobs() { return envelopes(servers_.two, bob); }
  static std::vector<proto::Envelope> envelopes(RelayDriver& server, const Member& of) {
    const auto socket = server.open(of.token);
    std::vector<proto::Envelope> out;
    for (const proto::MailboxPush& push : server.pushes[socket]) {
      if (push.kind == proto::MailboxPush::Kind::envelope) out.push_back(push.envelope);
    }
    return out;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out;
    for (const proto::Envelope& one : bobs()) {
      if (one.kind == proto::EnvelopeKind::message) out.push_back(as_text(one.body));
    }
    return out;
  }
};

}  // namespace cairn::testing
