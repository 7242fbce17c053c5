// A server for the tests of the client: an honest directory, a rendezvous, channels and mailboxes. Answers calls at
// once, and does what a test tells it to: be down, refuse, lie, publish later.
#pragma once

#include "core/proto/api.h"
#include "core/proto/transport.h"
#include "tests/support/fake_blobs.h"
#include "tests/support/fake_post.h"
#include "tests/support/fake_vault.h"
#include "tests/support/test_domain.h"

namespace cairn::testing {

class FakeServer {
 public:
  explicit FakeServer(std::uint64_t seed = 100, const std::string& domain_name = "example.org");

  TestDomain domain;
  FakePost post;
  FakeBlobs blobs;
  FakeVault vault;
  std::map<std::string, FakeVault> folders;  ///< by URL, file:///...
  std::map<std::string, TestPerson> people;  ///< by name; a genesis from outside makes one
  std::map<std::string, Bytes> slots;        ///< of the rendezvous, by path
  std::vector<std::string> paths;            ///< of all calls so far
  bool down = false;                         ///< nobody answers
  bool publishes = true;                     ///< else accepted statements wait for publish_all()
  bool cosigners_sleep = false;              ///< cosignatures are renewed no more
  bool proves = true;                        ///< what its log began with
  std::optional<ErrorCode> refuse_statements;
  bool suppresses_vetoes = false;         ///< says yes to a veto, and publishes none
  std::optional<std::string> invitation;  ///< that a genesis and the request of a reset need
  std::set<std::size_t> deaf;             ///< auditors, from 1, whom no veto reaches
  /// What auditors, from 1, have in their veto mailboxes, by R of the request: they cosign no completion of it.
  std::map<Hash, std::set<std::size_t>> vetoes;
  /// Changes the body of a good answer on its way, for lies.
  std::function<void(const std::string& path, ByteView request, Bytes& body)> tamper;
  /// Told of every call before it is answered.
  std::function<void(const proto::Call& call)> overhear;
  /// Answers first, for who is asked beside the server; nothing: it is not for them.
  std::function<std::optional<Result<proto::CallReply>>(const proto::Call& call)> elsewhere;

  /// The policy's text, for a client.
  std::string policy_text() const;

  void set_time(Time now);
  void publish_all();

  /// The answer to one call.
  Result<proto::CallReply> answer(const proto::Call& call);

 private:
  proto::CallReply reply_to(const std::string& path, const proto::Call& call);

  proto::CallReply prefix(const std::string& sizes);

  proto::CallReply rendezvous(const std::string& path, const proto::Call& call);

  /// docs/spec/witness.md s.2.
  proto::CallReply veto(std::size_t auditor, ByteView body);

  /// Why a step of a reset is not taken now (docs/spec/relay.md s.2); nothing when it is.
  std::optional<proto::CallReply> refuse_step(const directory::Statement& statement,
                                              const proto::StatementRequest& request);

  void publish(const TestPerson& person);

  proto::CallReply statement(ByteView body);

  std::map<std::string, directory::VetoNotice> notices_;  ///< of the last veto of each name
};

}  // namespace cairn::testing
