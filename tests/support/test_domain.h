// A directory with its log, cosigners and a client policy, all in memory: honest, and so a base for lies.
#pragma once

#include <set>

#include "core/directory/auditor.h"
#include "core/directory/lookup.h"
#include "core/directory/publisher.h"
#include "core/tlog/policy.h"
#include "tests/support/naive_log.h"
#include "tests/support/test_person.h"

namespace cairn::testing {

struct TestCosigner {
  tlog::KeyName name;
  crypto::SigningKey key;
  tlog::VerifierKey verifier() const { return {name, tlog::SignatureType::cosignature_v1, key.public_key()}; }
};

class TestDomain {
 public:
  /// One witness and `auditors` auditors; the policy asks for the witness and `needed` of them.
  explicit TestDomain(std::string domain_name = "example.org", std::uint64_t seed = 100, int auditors = 3,
                      int needed = 2)
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

  SeededEntropy entropy;
  std::string domain;
  crypto::SigningKey log_key;
  crypto::VrfSecretKey vrf_key;
  directory::DirectoryConfig config;
  std::vector<TestCosigner> cosigners;
  std::string policy_text;
  std::optional<tlog::ClientPolicy> policy;
  Time now{1'750'000'000'000};

  directory::Map map;
  NaiveLog log;
  std::vector<directory::EpochRecord> records;
  std::vector<Bytes> audits;
  std::set<std::size_t> silent;  ///< cosigners that cosign no more, unless they are named

  /// What the directory keeps of a name.
  struct Entry {
    std::vector<directory::Statement> statements;
    std::vector<directory::ResetNotice> notices;
    directory::NameState state;
  };
  std::map<std::string, Entry> entries;

  crypto::VrfResult vrf(const directory::Name& name) const { return crypto::vrf_prove(vrf_key, name.bytes()); }
  Hash key_of(const directory::Name& name) const { return directory::map_key(vrf(name).output); }
  std::optional<directory::EpochRecord> newest() const {
    return records.empty() ? std::nullopt : std::optional(records.back());
  }

  tlog::TreeHead log_head() const { return log.head(log.size()); }

  /// One epoch with these changes, taken over.
  directory::NextEpoch publish_changes(std::vector<directory::NameChange> changes) {
    auto epoch = directory::publish(map, newest(), config, std::move(changes), next_time_ms());
    if (!epoch) std::fprintf(stderr, "publish refused: %s\n", epoch.error().where);
    CHECK(epoch.has_value());
    map.update(epoch->leaves);
    records.push_back(epoch->record);
    log.entries.push_back(wire::encode(epoch->record));
    audits.push_back(epoch->audit);
    return std::move(*epoch);
  }

  /// Everything of a person that is not published yet; a statement about a reset gets an epoch of its own. `veto`
  /// goes with a veto_reset.
  void publish(const TestPerson& person, std::optional<directory::VetoNotice> veto = {}) {
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

  /// The checkpoint of the newest epoch, cosigned by these (all when empty) at these times (now where none is given).
  std::string checkpoint(const std::vector<std::size_t>& who = {}, std::vector<std::uint64_t> times_s = {}) const {
    return cosign(tlog::SignedCheckpoint::sign({config.origin, log_head(), {}}, log_key), who, std::move(times_s));
  }

  std::string cosign(tlog::SignedCheckpoint checkpoint, std::vector<std::size_t> who = {},
                     std::vector<std::uint64_t> times_s = {}) const {
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

  /// The honest answer.
  directory::LookupResponse answer(const directory::LookupRequest& request) const {
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

 private:
  std::uint64_t next_time_ms() const { return directory::next_record_time_ms(newest(), now); }

  std::optional<directory::Notice> notice_of(Entry& entry, const directory::Statement& statement,
                                             const std::optional<directory::VetoNotice>& veto) {
    const Hash key = key_of(statement.content.name);
    switch (statement.content.type()) {
      case directory::StatementType::request_reset: {
        const auto leaf = map.find(key);
        std::optional<directory::ResetNotice> vetoed;
        if (leaf && !leaf->pending.is_zero()) vetoed = entry.notices.back();
        auto notice =
            directory::make_request_notice(entry.state, key, next_time_ms(), config.min_reset_delay_s, vetoed);
        entry.notices.push_back(notice.request);
        return directory::Notice{std::move(notice)};
      }
      case directory::StatementType::veto_reset: CHECK(veto.has_value()); return directory::Notice{*veto};
      case directory::StatementType::complete_reset:
        return directory::Notice{directory::CompleteNotice{entry.notices.back()}};
      default: return {};
    }
  }
};

}  // namespace cairn::testing
