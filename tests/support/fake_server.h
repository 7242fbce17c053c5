// A server for the tests of the client: an honest directory, a rendezvous, channels and mailboxes. Answers calls at
// once, and does what a test tells it to: be down, refuse, lie, publish later.
#pragma once

#include "core/proto/api.h"
#include "core/proto/transport.h"
#include "tests/support/fake_post.h"
#include "tests/support/test_domain.h"

namespace cairn::testing {

class FakeServer {
 public:
  explicit FakeServer(std::uint64_t seed = 100)
      : domain("example.org", seed), post("example.org", [this](const std::string& name) {
          const auto found = people.find(name);
          return found == people.end() ? nullptr : &found->second.state;
        }) {}

  TestDomain domain;
  FakePost post;
  std::map<std::string, TestPerson> people;  ///< by name; a genesis from outside makes one
  std::map<std::string, Bytes> slots;        ///< of the rendezvous, by path
  std::vector<std::string> paths;            ///< of all calls so far
  bool down = false;                         ///< nobody answers
  bool publishes = true;                     ///< else accepted statements wait for publish_all()
  bool cosigners_sleep = false;              ///< cosignatures are renewed no more
  bool proves = true;                        ///< what its log began with
  std::optional<ErrorCode> refuse_statements;
  /// Changes the body of a good answer on its way, for lies.
  std::function<void(const std::string& path, ByteView request, Bytes& body)> tamper;
  /// Told of every call before it is answered.
  std::function<void(const proto::Call& call)> overhear;

  /// The policy's text, for a client.
  std::string policy_text() const {
    std::string text;
    std::string auditors;
    for (std::size_t i = 0; i < domain.cosigners.size(); ++i) {
      const std::string name = i == 0 ? "witness" : "auditor" + std::to_string(i);
      text += "witness " + name + " " + domain.cosigners[i].verifier().to_text() + "\n";
      if (i > 0) auditors += " " + name;
    }
    return text + "group auditors 2" + auditors + "\ngroup everybody all witness auditors\nquorum everybody\n";
  }

  void set_time(Time now) {
    if (!cosigners_sleep) domain.now = now;
    post.now_ms = now.ms;
  }
  void publish_all() {
    for (const auto& [name, person] : people) domain.publish(person);
  }

  /// The answer to one call.
  Result<proto::CallReply> answer(const proto::Call& call) {
    constexpr std::string_view kBase = "https://example.org";
    const std::string path = call.url.starts_with(kBase) ? call.url.substr(kBase.size()) : call.url;
    paths.push_back(path);
    if (overhear) overhear(call);
    if (down) return fail(ErrorCode::unavailable, "down");
    proto::CallReply reply = reply_to(path, call);
    if (tamper && reply.status == 200) tamper(path, call.body, reply.body);
    return reply;
  }

 private:
  proto::CallReply reply_to(const std::string& path, const proto::Call& call) {
    if (auto reply = post.answer(path, call)) return std::move(*reply);
    if (path.starts_with(proto::kPathRendezvous)) return rendezvous(path, call);
    if (path == proto::kPathStatement) return statement(call.body);
    if (path == proto::kPathLookup) {
      const auto request = wire::decode<directory::LookupRequest>(call.body);
      if (!request) return FakePost::refusal(ErrorCode::malformed, "No look-up.");
      if (domain.records.empty()) return FakePost::refusal(ErrorCode::no_quorum, "No epoch was published yet.");
      return {200, wire::encode(domain.answer(*request)), {}};
    }
    if (path.starts_with("/log/prefix/") && proves) return prefix(path.substr(std::string("/log/prefix/").size()));
    return FakePost::refusal(ErrorCode::not_found, "There is nothing here.");
  }

  proto::CallReply prefix(const std::string& sizes) {
    const std::uint64_t older = std::stoull(sizes);
    const std::uint64_t newer = std::stoull(sizes.substr(sizes.find('/') + 1));
    if (newer > domain.log.size()) return FakePost::refusal(ErrorCode::not_found, "Not so large.");
    const auto proof = tlog::prove_prefix(domain.log, older, newer);
    if (!proof) return FakePost::refusal(proof.error().code, "No sizes.");
    return {200, wire::encode(*proof), {}};
  }

  proto::CallReply rendezvous(const std::string& path, const proto::Call& call) {
    if (call.method == proto::Method::post) {
      if (!slots.emplace(path, call.body).second) return FakePost::refusal(ErrorCode::conflict, "Used already.");
      return {200, {}, {}};
    }
    const auto found = slots.find(path);
    if (found == slots.end()) return FakePost::refusal(ErrorCode::not_found, "Nothing is here yet.");
    return {200, found->second, {}};
  }

  proto::CallReply statement(ByteView body) {
    if (refuse_statements) return FakePost::refusal(*refuse_statements, "The directory does not want this.");
    const auto request = wire::decode<proto::StatementRequest>(body);
    const auto statement = request ? directory::Statement::decode(request->statement)
                                   : Result<directory::Statement>(tl::unexpected<Error>(request.error()));
    if (!statement) return FakePost::refusal(statement.error().code, "No statement.");
    const std::string name = statement->content.name.text();
    TestPerson& person = people.try_emplace(name, name).first->second;
    const auto& taken = person.statements;
    if (std::find(taken.begin(), taken.end(), *statement) == taken.end()) {
      if (const auto applied = directory::apply(person.state, *statement); !applied) {
        return FakePost::refusal(applied.error().code, "The statement does not apply.");
      }
      person.take(*statement);
    }
    if (publishes) domain.publish(person);
    return {202, {}, {}};
  }
};

}  // namespace cairn::testing
