#include "tests/support/test_domain.h"

namespace cairn::testing {

TestDomain::TestDomain(std::string domain_name, std::uint64_t seed, int auditors, int needed)
    : entropy(seed), domain(std::move(domain_name)), log_key(crypto::SigningKey::generate(entropy)) {
  vrf_key = random_secret<crypto::VrfSecretKey>(entropy);
  config = {directory::origin_of(domain), log_key.public_key(), crypto::vrf_public_key(vrf_key),
            directory::kMinResetDelayS};
  std::string text;
  std::string members;
  for (int i = 0; i <= auditors; ++i) {
    const std::string name = i == 0 ? "witness" : "auditor" + std::to_string(i);
    cosigners.push_back({*tlog::KeyName::from(name + ".example"), crypto::SigningKey::generate(entropy)});
    text += "witness " + name + " " + cosigners.back().verifier().to_text() + "\n";
    if (i > 0) members += " " + name;
  }
  text += "group auditors " + std::to_string(needed) + members +
          "\ngroup everybody all witness auditors\nquorum everybody\n";
  policy_text = text;
  auto parsed = tlog::ClientPolicy::parse(text);
  if (!parsed) std::fprintf(stderr, "policy refused: %s\n", parsed.error().where);
  CHECK(parsed.has_value());
  policy.emplace(std::move(*parsed));
}

std::optional<directory::EpochRecord> TestDomain::newest() const {
  return records.empty() ? std::nullopt : std::optional(records.back());
}

directory::NextEpoch TestDomain::publish_changes(std::vector<directory::NameChange> changes) {
  auto epoch = directory::publish(map, newest(), config, std::move(changes), next_time_ms());
  if (!epoch) std::fprintf(stderr, "publish refused: %s\n", epoch.error().where);
  CHECK(epoch.has_value());
  map.update(epoch->leaves);
  records.push_back(epoch->record);
  log.entries.push_back(wire::encode(epoch->record));
  audits.push_back(epoch->audit);
  return std::move(*epoch);
}

void TestDomain::publish(const TestPerson& person, std::optional<directory::VetoNotice> veto) {
  Entry& entry =
      entries.try_emplace(person.name().text(), Entry{{}, {}, directory::NameState(person.name())}).first->second;
  directory::NameChange change{key_of(person.name()), {}, {}};
  const auto flush = [&] {
    if (!change.commitments.empty()) publish_changes({change});
    change.commitments.clear();
    change.notice.reset();
  };
  while (entry.statements.size() < person.statements.size()) {
    const directory::Statement& statement = person.statements[entry.statements.size()];
    auto notice = notice_of(entry, statement, veto);
    if (notice) flush();
    change.commitments.push_back(statement.commitment());
    CHECK(entry.state.apply(statement).has_value());
    entry.statements.push_back(statement);
    if (!notice) continue;
    change.notice = std::move(notice);
    flush();
  }
  flush();
}

std::string TestDomain::checkpoint(const std::vector<std::size_t>& who, std::vector<std::uint64_t> times_s) const {
  return cosign(tlog::SignedCheckpoint::sign({config.origin, log_head(), {}}, log_key), who, std::move(times_s));
}

std::string TestDomain::cosign(tlog::SignedCheckpoint checkpoint, std::vector<std::size_t> who,
                               std::vector<std::uint64_t> times_s) const {
  if (who.empty()) {
    for (std::size_t i = 0; i < cosigners.size(); ++i) {
      if (!silent.contains(i)) who.push_back(i);
    }
  }
  for (std::size_t i = 0; i < who.size(); ++i) {
    const TestCosigner& cosigner = cosigners[who[i]];
    const std::uint64_t time_s = i < times_s.size() ? times_s[i] : now.ms / kSecondMs;
    CHECK(checkpoint.add(tlog::cosign(cosigner.name, cosigner.key, time_s, checkpoint.note().text)).has_value());
  }
  return checkpoint.encode();
}

directory::LookupResponse TestDomain::answer(const directory::LookupRequest& request) const {
  directory::LookupResponse out;
  out.checkpoint = checkpoint();
  out.record = records.back();
  if (request.known_size < log.size()) out.growth = *tlog::prove_growth(log, request.known_size, log.size());
  if (request.known_size == 0) out.config = config;
  const auto result = vrf(request.name);
  out.vrf_proof = result.proof;
  out.map_proof = map.prove(directory::map_key(result.output));
  const auto entry = entries.find(request.name.text());
  if (entry == entries.end()) return out;
  const auto& statements = entry->second.statements;
  out.statements.assign(statements.begin() + static_cast<std::ptrdiff_t>(request.known_count), statements.end());
  for (const auto& notice : entry->second.notices) {
    if (notice.request_sequence >= request.known_count) out.notices.push_back(notice);
  }
  return out;
}

std::optional<directory::Notice> TestDomain::notice_of(Entry& entry, const directory::Statement& statement,
                                                       const std::optional<directory::VetoNotice>& veto) {
  const Hash key = key_of(statement.content.name);
  switch (statement.content.type()) {
    case directory::StatementType::request_reset: {
      const auto leaf = map.find(key);
      std::optional<directory::ResetNotice> vetoed;
      if (leaf && !leaf->pending.is_zero()) vetoed = entry.notices.back();
      auto notice = directory::make_request_notice(entry.state, key, next_time_ms(), config.min_reset_delay_s, vetoed);
      entry.notices.push_back(notice.request);
      return directory::Notice{std::move(notice)};
    }
    case directory::StatementType::veto_reset: CHECK(veto.has_value()); return directory::Notice{*veto};
    case directory::StatementType::complete_reset:
      return directory::Notice{directory::CompleteNotice{entry.notices.back()}};
    default: return {};
  }
}

}  // namespace cairn::testing
