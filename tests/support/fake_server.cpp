#include "tests/support/fake_server.h"

namespace cairn::testing {

FakeServer::FakeServer(std::uint64_t seed, const std::string& domain_name)
    : domain(domain_name, seed), post(domain_name, [this](const std::string& name) {
        const auto found = people.find(name);
        return found == people.end() ? nullptr : &found->second.state;
      }) {
  post.has_blob = [this](const proto::BlobRef& ref) { return blobs.has(ref); };
}

std::string FakeServer::policy_text() const {
  std::string text;
  std::string auditors;
  for (std::size_t i = 0; i < domain.cosigners.size(); ++i) {
    const std::string name = i == 0 ? "witness" : "auditor" + std::to_string(i);
    text += "witness " + name + " " + domain.cosigners[i].verifier().to_text() + " https://" + name + ".example\n";
    if (i > 0) auditors += " " + name;
  }
  return text + "group auditors 2" + auditors + "\ngroup everybody all witness auditors\nquorum everybody\n";
}

void FakeServer::set_time(Time now) {
  if (!cosigners_sleep) domain.now = now;
  post.now_ms = now.ms;
}

void FakeServer::publish_all() {
  for (const auto& [name, person] : people) publish(person);
}

Result<proto::CallReply> FakeServer::answer(const proto::Call& call) {
  const std::string base = "https://" + domain.domain;
  const std::string path = call.url.starts_with(base) ? call.url.substr(base.size()) : call.url;
  paths.push_back(path);
  if (overhear) overhear(call);
  if (elsewhere) {
    if (auto reply = elsewhere(call)) return std::move(*reply);
  }
  for (std::size_t i = 1; i < domain.cosigners.size(); ++i) {
    if (call.url != "https://auditor" + std::to_string(i) + ".example/veto") continue;
    if (deaf.contains(i)) return fail(ErrorCode::unavailable, "deaf");
    return veto(i, call.body);
  }
  for (auto& [url, folder] : folders) {
    if (!call.url.starts_with(url + "/")) continue;
    auto reply = folder.answer(call.url.substr(url.size()), call);
    return reply ? std::move(*reply) : FakePost::refusal(ErrorCode::not_found, "There is nothing here.");
  }
  if (down) return fail(ErrorCode::unavailable, "down");
  if (call.body.size() > proto::kMaxRequestSize)
    return FakePost::refusal(ErrorCode::over_limit, "Too large a request.");
  proto::CallReply reply = reply_to(path, call);
  if (tamper && reply.status == 200) tamper(path, call.body, reply.body);
  return reply;
}

proto::CallReply FakeServer::reply_to(const std::string& path, const proto::Call& call) {
  if (auto reply = post.answer(path, call)) return std::move(*reply);
  if (path.starts_with("/v1/blob/")) {
    const Status may_put = path == proto::kPathBlobPut ? post.check_put(call) : ok();
    if (auto reply = blobs.answer(path, call, may_put)) return std::move(**reply);
  }
  const bool is_vault = path.starts_with("/v1/vault/") || path.starts_with("/v1/key-box/");
  if (is_vault && !path.ends_with("/get") && !path.ends_with("/list") && !post.mailbox_of(call.bearer)) {
    return FakePost::refusal(ErrorCode::unauthenticated, "Log in first.");
  }
  if (auto reply = vault.answer(path, call)) return std::move(*reply);
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

proto::CallReply FakeServer::prefix(const std::string& sizes) {
  const std::uint64_t older = std::stoull(sizes);
  const std::uint64_t newer = std::stoull(sizes.substr(sizes.find('/') + 1));
  if (newer > domain.log.size()) return FakePost::refusal(ErrorCode::not_found, "Not so large.");
  const auto proof = tlog::prove_prefix(domain.log, older, newer);
  if (!proof) return FakePost::refusal(proof.error().code, "No sizes.");
  return {200, wire::encode(*proof), {}};
}

proto::CallReply FakeServer::rendezvous(const std::string& path, const proto::Call& call) {
  if (call.method == proto::Method::post) {
    if (!slots.emplace(path, call.body).second) return FakePost::refusal(ErrorCode::conflict, "Used already.");
    return {200, {}, {}};
  }
  const auto found = slots.find(path);
  if (found == slots.end()) return FakePost::refusal(ErrorCode::not_found, "Nothing is here yet.");
  return {200, found->second, {}};
}

proto::CallReply FakeServer::veto(std::size_t auditor, ByteView body) {
  const auto veto = wire::decode<directory::VetoNotice>(body);
  if (!veto) return {400, {}, {}};
  const auto leaf = domain.map.find(veto->request.key);
  if (!leaf || leaf->pending != veto->request.hash()) return {404, {}, {}};
  if (!veto->verify()) return {403, {}, {}};
  vetoes[veto->request.hash()].insert(auditor);
  return {200, {}, {}};
}

std::optional<proto::CallReply> FakeServer::refuse_step(const directory::Statement& statement,
                                                        const proto::StatementRequest& request) {
  using directory::StatementType;
  const auto entry = domain.entries.find(statement.content.name.text());
  const bool known = entry != domain.entries.end() && !entry->second.notices.empty();
  const StatementType type = statement.content.type();
  if (type == StatementType::request_reset && known && !entry->second.state.completed_resets().empty()) return {};
  if (type == StatementType::request_reset && known && domain.now < Time{entry->second.notices.back().matures_ms}) {
    return FakePost::refusal(ErrorCode::invalid_state, "A reset of this name was vetoed; wait for its delay.");
  }
  if (type == StatementType::complete_reset &&
      (!known || domain.now < after(Time{entry->second.notices.back().matures_ms}, kHourMs))) {
    return FakePost::refusal(ErrorCode::invalid_state, "The delay of this reset has not passed yet.");
  }
  if (type != StatementType::veto_reset) return {};
  const auto veto = wire::decode<directory::VetoNotice>(request.veto);
  if (!known || !veto || veto->request != entry->second.notices.back() || !veto->verify()) {
    return FakePost::refusal(ErrorCode::malformed, "A veto comes with its notice.");
  }
  notices_.insert_or_assign(statement.content.name.text(), *veto);
  return {};
}

void FakeServer::publish(const TestPerson& person) {
  const std::string name = person.name().text();
  const auto veto = notices_.find(name);
  domain.publish(person, veto == notices_.end() ? std::nullopt : std::optional(veto->second));
  const auto& all = person.statements;
  if (all.empty() || all.back().content.type() != directory::StatementType::complete_reset) return;
  const auto who = vetoes.find(domain.entries.at(name).notices.back().hash());
  if (who != vetoes.end()) domain.silent.insert(who->second.begin(), who->second.end());
}

proto::CallReply FakeServer::statement(ByteView body) {
  if (refuse_statements) return FakePost::refusal(*refuse_statements, "The directory does not want this.");
  const auto request = wire::decode<proto::StatementRequest>(body);
  const auto statement = request ? directory::Statement::decode(request->statement)
                                 : Result<directory::Statement>(tl::unexpected<Error>(request.error()));
  if (!statement) return FakePost::refusal(statement.error().code, "No statement.");
  const directory::StatementType type = statement->content.type();
  const bool is_asked = type == directory::StatementType::genesis || type == directory::StatementType::request_reset;
  if (invitation && is_asked && request->invitation != *invitation) {
    return FakePost::refusal(ErrorCode::not_authorised, "This invitation is no good; ask for another one.");
  }
  if (suppresses_vetoes && type == directory::StatementType::veto_reset) return {202, {}, {}};
  const std::string name = statement->content.name.text();
  TestPerson& person = people.try_emplace(name, name).first->second;
  const auto& taken = person.statements;
  if (std::find(taken.begin(), taken.end(), *statement) == taken.end()) {
    if (const auto applied = directory::apply(person.state, *statement); !applied) {
      return FakePost::refusal(applied.error().code, "The statement does not apply.");
    }
    if (auto refused = refuse_step(*statement, *request)) return std::move(*refused);
    person.take(*statement);
  }
  if (publishes) publish(person);
  return {202, {}, {}};
}

}  // namespace cairn::testing
