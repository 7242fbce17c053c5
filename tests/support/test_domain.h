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
                      int needed = 2);

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
  std::optional<directory::EpochRecord> newest() const;

  tlog::TreeHead log_head() const { return log.head(log.size()); }

  /// One epoch with these changes, taken over.
  directory::NextEpoch publish_changes(std::vector<directory::NameChange> changes);

  /// Everything of a person that is not published yet; a statement about a reset gets an epoch of its own. `veto`
  /// goes with a veto_reset.
  void publish(const TestPerson& person, std::optional<directory::VetoNotice> veto = {});

  /// The checkpoint of the newest epoch, cosigned by these (all when empty) at these times (now where none is given).
  std::string checkpoint(const std::vector<std::size_t>& who = {}, std::vector<std::uint64_t> times_s = {}) const;

  std::string cosign(tlog::SignedCheckpoint checkpoint, std::vector<std::size_t> who = {},
                     std::vector<std::uint64_t> times_s = {}) const;

  /// The honest answer.
  directory::LookupResponse answer(const directory::LookupRequest& request) const;

 private:
  std::uint64_t next_time_ms() const { return directory::next_record_time_ms(newest(), now); }

  std::optional<directory::Notice> notice_of(Entry& entry, const directory::Statement& statement,
                                             const std::optional<directory::VetoNotice>& veto);
};

}  // namespace cairn::testing
