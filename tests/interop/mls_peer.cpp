// core/mls behind a pipe, for another implementation to talk to: a line of JSON in, a line of JSON out.
// It holds any number of clients; bytes travel in hex. The operations are the entries of `handlers()`.
// Its keys come from a seed and it lets everybody in: it is for tests alone.
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/mls/group.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls {
namespace {

using Json = nlohmann::json;

class AnybodyIsFine final : public Authenticator {
 public:
  Status authenticate(const LeafNode&) override { return ok(); }
};

class EverythingIsAllowed final : public Membership {
 public:
  Status check_commit(const CommitSummary&) override { return ok(); }
  Status check_join(const GroupSummary&) override { return ok(); }
  Status check_external_commit(const CommitSummary&) override { return ok(); }
};

/// PSKs that the application handed out.
class HandedOutPsks final : public PskSource {
 public:
  Result<Psk> external(const PskId& id) const override {
    const auto found = keys.find(id.bytes);
    REQUIRE(found != keys.end(), ErrorCode::not_found, "external psk");
    return Psk(Bytes(found->second));
  }
  Result<Psk> resumption(const ResumptionPsk&) const override { return fail(ErrorCode::not_found, "resumption psk"); }

  std::map<Bytes, Bytes> keys;
};

struct Client {
  SuiteId suite;
  SigningIdentity identity;
  std::vector<PrivateKeyPackage> packages;
  std::optional<Group> group;
};

Result<Bytes> bytes_at(const Json& request, const char* key) {
  const auto found = request.find(key);
  REQUIRE(found != request.end() && found->is_string(), ErrorCode::malformed, "bytes of a request");
  return from_hex(found->get<std::string>());
}

Result<std::optional<Bytes>> bytes_if(const Json& request, const char* key) {
  if (!request.contains(key)) return std::optional<Bytes>{};
  return std::optional<Bytes>(TRY(bytes_at(request, key)));
}

std::optional<ByteView> view(const std::optional<Bytes>& bytes) {
  return bytes ? std::optional<ByteView>(*bytes) : std::nullopt;
}

HandshakeFormat format_of(const Json& request) {
  return request.value("public", false) ? HandshakeFormat::public_message : HandshakeFormat::private_message;
}

TreePlacement tree_of(const Json& request) {
  return request.value("tree_beside", false) ? TreePlacement::beside : TreePlacement::inside;
}

Result<KeyPackage> key_package_in(ByteView message) {
  MlsMessage decoded = TRY(MlsMessage::decode(message));
  auto* package = std::get_if<KeyPackage>(&decoded.body);
  REQUIRE(package != nullptr, ErrorCode::malformed, "not a key package");
  return std::move(*package);
}

Result<ReInit> reinit_in(const Json& request) {
  ReInit out;
  out.group_id = { TRY(bytes_at(request, "group_id")) };
  out.cipher_suite = request["suite"].get<std::uint16_t>();
  return out;
}

std::string name_of(const LeafNode& leaf) {
  const auto identity = leaf.credential.identity();
  return identity ? std::string(identity->begin(), identity->end()) : std::string();
}

Json told(const PendingCommit& pending) {
  Json welcomes = Json::array();
  for (const OutgoingWelcome& welcome : pending.welcomes()) welcomes.push_back(to_hex(welcome.message));
  return Json{{"commit", to_hex(pending.commit())},
              {"welcomes", std::move(welcomes)},
              {"tree", to_hex(pending.ratchet_tree())}};
}

class Peer {
 public:
  Peer(std::uint64_t seed, Time now) : entropy_(seed), now_(now) {}

  Result<Json> handle(const Json& request);

 private:
  using Handler = Result<Json> (Peer::*)(Client&, const Json&);
  static const std::map<std::string, Handler>& handlers();

  Result<Json> new_client(const Json& request);
  Result<Json> new_key_package(Client& client, const Json& request);
  Result<Json> create(Client& client, const Json& request);
  Result<Json> join(Client& client, const Json& request);
  Result<Json> join_external(Client& client, const Json& request);
  Result<Json> propose(Client& client, const Json& request);
  Result<Json> commit(Client& client, const Json& request);
  Result<Json> succeed(Client& client, const Json& request);
  Result<Json> merge(Client& client, const Json& request);
  Result<Json> discard(Client& client, const Json& request);
  Result<Json> process(Client& client, const Json& request);
  Result<Json> protect(Client& client, const Json& request);
  Result<Json> state(Client& client, const Json& request);
  Result<Json> group_info(Client& client, const Json& request);
  Result<Json> add_psk(Client& client, const Json& request);

  Result<CommitRequest> commit_request(const Json& request) const;
  LeafOptions leaf_options(SuiteId suite) const {
    const std::uint64_t seconds = now_.ms / kSecondMs;
    return LeafOptions::basic(suite, {seconds - 3600, seconds + 86400});
  }

  testing::SeededEntropy entropy_;
  Time now_;
  AnybodyIsFine authenticator_;
  EverythingIsAllowed membership_;
  HandedOutPsks psks_;
  Rules rules_{authenticator_, membership_, psks_};
  std::map<std::string, Client> clients_;
};

const std::map<std::string, Peer::Handler>& Peer::handlers() {
  static const std::map<std::string, Handler> all = {
      {"key_package", &Peer::new_key_package},
      {"create", &Peer::create},
      {"join", &Peer::join},
      {"join_external", &Peer::join_external},
      {"propose", &Peer::propose},
      {"commit", &Peer::commit},
      {"succeed", &Peer::succeed},
      {"merge", &Peer::merge},
      {"discard", &Peer::discard},
      {"process", &Peer::process},
      {"protect", &Peer::protect},
      {"state", &Peer::state},
      {"group_info", &Peer::group_info},
      {"add_psk", &Peer::add_psk},
  };
  return all;
}

Result<Json> Peer::handle(const Json& request) {
  REQUIRE(request.is_object(), ErrorCode::malformed, "request");
  const std::string operation = request.value("op", "");
  if (operation == "client") return new_client(request);
  const auto handler = handlers().find(operation);
  REQUIRE(handler != handlers().end(), ErrorCode::unsupported, "operation");
  const auto client = clients_.find(request.value("client", ""));
  REQUIRE(client != clients_.end(), ErrorCode::not_found, "client");
  const bool enters = operation == "key_package" || operation == "create" || operation == "join" ||
                      operation == "join_external" || operation == "add_psk" || operation == "succeed";
  REQUIRE(enters || client->second.group.has_value(), ErrorCode::invalid_state, "client is in no group");
  return (this->*handler->second)(client->second, request);
}

Result<Json> Peer::new_client(const Json& request) {
  const std::string name = request.value("client", "");
  Credential person = Credential::basic(to_bytes(request.value("person", name)));
  const SuiteId suite = TRY(find_suite(request.value("suite", std::uint16_t{0})));
  const auto algorithm = cipher_suite(suite).signature;
  auto pair = crypto::generate_signature_key(algorithm, entropy_);
  auto identity = TRY(SigningIdentity::from(algorithm, std::move(person), std::move(pair.private_key)));
  clients_.insert_or_assign(name, Client{suite, std::move(identity), {}, std::nullopt});
  return Json::object();
}

Result<Json> Peer::new_key_package(Client& client, const Json&) {
  const LeafOptions leaf = leaf_options(client.suite);
  client.packages.push_back(TRY(PrivateKeyPackage::create(client.suite, client.identity, leaf, entropy_)));
  return Json{{"key_package", to_hex(encode_message(client.packages.back().package()))}};
}

Result<Json> Peer::create(Client& client, const Json& request) {
  Bytes id = TRY(bytes_at(request, "group_id"));
  const GroupParameters parameters{client.suite, {std::move(id)}, {}};
  client.group = TRY(Group::create(parameters, client.identity, leaf_options(client.suite), entropy_));
  return Json::object();
}

Result<Json> Peer::join(Client& client, const Json& request) {
  REQUIRE(!client.packages.empty(), ErrorCode::invalid_state, "no key package");
  const Bytes welcome = TRY(bytes_at(request, "welcome"));
  const std::optional<Bytes> tree = TRY(bytes_if(request, "tree"));
  const JoinRequest join{welcome, client.packages.back(), view(tree)};
  if (request.contains("before")) {
    const auto before = clients_.find(request["before"].get<std::string>());
    REQUIRE(before != clients_.end() && before->second.group, ErrorCode::not_found, "client before");
    client.group = TRY(before->second.group->join_successor(join, rules_));
  } else {
    client.group = TRY(Group::join(join, rules_));
  }
  client.packages.clear();
  return Json::object();
}

Result<Json> Peer::join_external(Client& client, const Json& request) {
  const Bytes info = TRY(bytes_at(request, "group_info"));
  const std::optional<Bytes> tree = TRY(bytes_if(request, "tree"));
  ExternalJoinRequest join{info, client.identity, leaf_options(client.suite), view(tree)};
  if (request.contains("replaces")) join.replaces = LeafIndex{request["replaces"].get<std::uint32_t>()};
  ExternalJoin made = TRY(Group::join_external(join, rules_, entropy_));
  client.group = std::move(made.group);
  return Json{{"commit", to_hex(made.commit)}};
}

Result<Json> Peer::propose(Client& client, const Json& request) {
  const auto format = format_of(request);
  Bytes message;
  if (request.contains("add")) {
    const Bytes encoded = TRY(bytes_at(request, "add"));
    const KeyPackage package = TRY(key_package_in(encoded));
    message = TRY(client.group->propose_add(package, rules_, now_, entropy_, format));
  } else if (request.contains("remove")) {
    message = TRY(client.group->propose_remove({request["remove"].get<std::uint32_t>()}, entropy_, format));
  } else if (request.contains("external_psk")) {
    Bytes id = TRY(bytes_at(request, "external_psk"));
    message = TRY(client.group->propose_psk({ExternalPsk{{std::move(id)}}, {}}, rules_, entropy_, format));
  } else if (request.contains("reinit")) {
    const ReInit reinit = TRY(reinit_in(request["reinit"]));
    message = TRY(client.group->propose_reinit(reinit, rules_, entropy_, format));
  } else {
    message = TRY(client.group->propose_update(std::nullopt, entropy_, format));
  }
  return Json{{"proposal", to_hex(message)}};
}

Result<CommitRequest> Peer::commit_request(const Json& request) const {
  CommitRequest out;
  for (const Json& add : request.value("adds", Json::array())) {
    const Bytes message = TRY(from_hex(add.get<std::string>()));
    out.adds.push_back(TRY(key_package_in(message)));
  }
  for (const Json& leaf : request.value("removes", Json::array())) out.removes.push_back({leaf.get<std::uint32_t>()});
  for (const Json& id : request.value("external_psks", Json::array())) {
    Bytes name = TRY(from_hex(id.get<std::string>()));
    out.psks.push_back({ExternalPsk{{std::move(name)}}, {}});
  }
  for (const Json& psk : request.value("resumption_psks", Json::array())) {
    GroupId group { TRY(bytes_at(psk, "group_id")) };
    out.psks.push_back({ResumptionPsk{ResumptionUsage::application, std::move(group), psk["epoch"]}, {}});
  }
  if (request.contains("reinit")) out.reinit = TRY(reinit_in(request["reinit"]));
  out.path = request.value("path", true) ? PathUse::always : PathUse::when_required;
  out.format = format_of(request);
  out.tree = tree_of(request);
  out.authenticated_data = TRY(bytes_if(request, "authenticated_data"))
  .value_or(Bytes{});
  return out;
}

Result<Json> Peer::commit(Client& client, const Json& request) {
  const CommitRequest wish = TRY(commit_request(request));
  const PendingCommit* pending = TRY(client.group->stage_commit(wish, rules_, now_, entropy_));
  return told(*pending);
}

// The first commit of the group that follows from `before`, where a client of the same person is: the start of ours.
Result<Json> Peer::succeed(Client& client, const Json& request) {
  const auto before = clients_.find(request.value("before", ""));
  REQUIRE(before != clients_.end() && before->second.group, ErrorCode::not_found, "client before");
  SuccessorRequest successor{client.identity, leaf_options(client.suite), {}, tree_of(request)};
  for (const Json& member : request["members"]) {
    const Bytes message = TRY(from_hex(member.get<std::string>()));
    successor.others.push_back(TRY(key_package_in(message)));
  }
  if (request.contains("branch")) {
    const GroupId id { TRY(bytes_at(request, "branch")) };
    client.group = TRY(before->second.group->branch(id, {}, successor, rules_, now_, entropy_));
  } else {
    client.group = TRY(before->second.group->reinitialise(successor, rules_, now_, entropy_));
  }
  return told(*client.group->pending());
}

Result<Json> Peer::merge(Client& client, const Json&) {
  TRY(client.group->merge_pending());
  return Json::object();
}

Result<Json> Peer::discard(Client& client, const Json&) {
  client.group->discard_pending();
  return Json::object();
}

Result<Json> Peer::process(Client& client, const Json& request) {
  const Bytes encoded = TRY(bytes_at(request, "message"));
  Received received = TRY(client.group->process(encoded, rules_));
  if (auto* message = std::get_if<ApplicationMessage>(&received)) {
    return Json{{"kind", "application"},
                {"sender", message->sender.leaf.value},
                {"plaintext", to_hex(message->plaintext.expose())},
                {"authenticated_data", to_hex(message->authenticated_data)}};
  }
  if (auto* commit = std::get_if<ReceivedCommit>(&received)) {
    TRY(client.group->merge(std::move(*commit)));
    return Json{{"kind", "commit"}};
  }
  return Json{{"kind", std::holds_alternative<OwnCommit>(received) ? "own commit" : "proposal"}};
}

Result<Json> Peer::protect(Client& client, const Json& request) {
  const Bytes plaintext = TRY(bytes_at(request, "plaintext"));
  const Bytes authenticated_data = TRY(bytes_if(request, "authenticated_data"))
  .value_or(Bytes{});
  const Bytes message = TRY(client.group->protect(plaintext, authenticated_data, entropy_));
  return Json{{"message", to_hex(message)}};
}

Result<Json> Peer::state(Client& client, const Json&) {
  const Group& group = *client.group;
  Json members = Json::array();
  for (const Member& member : group.members()) {
    members.push_back({{"leaf", member.leaf.value}, {"name", name_of(*member.node)}});
  }
  return Json{{"epoch", group.epoch()},
              {"active", group.is_active()},
              {"reinit", group.reinit().has_value()},
              {"leaf", group.own_leaf().value},
              {"members", std::move(members)},
              {"authenticator", to_hex(group.epoch_authenticator())},
              {"exported", to_hex(group.exporter("interop", as_bytes("context"), 32).expose())},
              {"tree", to_hex(group.ratchet_tree())}};
}

Result<Json> Peer::group_info(Client& client, const Json& request) {
  const Bytes info = TRY(client.group->group_info(tree_of(request)));
  return Json{{"group_info", to_hex(info)}};
}

Result<Json> Peer::add_psk(Client&, const Json& request) {
  psks_.keys[TRY(bytes_at(request, "id"))] = TRY(bytes_at(request, "key"));
  return Json::object();
}

Json answer(Peer& peer, const std::string& line) {
  const Json request = Json::parse(line, nullptr, false);
  const Result<Json> done = peer.handle(request);
  if (done) return Json{{"ok", *done}};
  return Json{{"error", to_string(done.error().code)}, {"where", done.error().where}};
}

}  // namespace
}  // namespace cairn::mls

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: mls-peer SEED SECONDS_SINCE_1970\n");
    return 2;
  }
  try {
    cairn::mls::Peer peer(std::stoull(argv[1]), {std::stoull(argv[2]) * cairn::kSecondMs});
    for (std::string line; std::getline(std::cin, line);) std::cout << answer(peer, line).dump() << std::endl;
  } catch (const std::exception& error) {  // what JSON throws at a request of the wrong types
    std::fprintf(stderr, "mls-peer: %s\n", error.what());
    return 1;
  }
}
