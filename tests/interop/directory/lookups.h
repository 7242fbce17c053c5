// A domain whose names grow, and answers about them that can lie in one thing each: what the second verifier's client
// is held against.
#pragma once

#include <deque>

#include "core/directory/verifier.h"
#include "tests/support/test_domain.h"

namespace cairn::testing {

/// A name of the domain; every statement of its chain is in order.
class ChainOwner {
 public:
  ChainOwner(std::string_view name, std::uint64_t seed) : person_(name, seed) {}

  const directory::Name& name() const { return person_.name(); }
  const directory::NameState& state() const { return person_.state; }
  /// The next statement, published. What has to wait for a reset moves the domain's clock on.
  void grow(TestDomain& domain);
  /// A statement of no owner, with a device of the author's own, as it would stand at the chain's end.
  directory::Statement intrusion();
  /// A veto of this request by the first device that the name ever had: whether that may is the request's matter.
  directory::VetoNotice veto(const directory::ResetNotice& request) const;

 private:
  const TestDevice& fresh() { return devices_.emplace_back(person_.new_device()); }
  std::vector<const TestDevice*> active() const;
  directory::Statement next_statement();
  directory::Statement request();
  void end_reset(TestDomain& domain);

  TestPerson person_;
  std::deque<TestDevice> devices_;  ///< all that the chain ever named
  std::uint32_t next_owner_ = 0;    ///< generation of the recovery key behind the newest request
};

/// What all lies may use.
struct LookupWorld {
  explicit LookupWorld(std::uint64_t seed);

  SeededEntropy entropy;
  TestDomain domain;
  std::deque<ChainOwner> owners;  ///< the first two are published
  struct Said {
    directory::Name name;
    directory::LookupResponse answer;
  };
  std::vector<Said> said;  ///< honest answers, the oldest first

  bool chance(unsigned percent) { return entropy.below(100) < percent; }
  ChainOwner& owner(const directory::Name& name);
};

/// An answer on its way, and what its client goes by besides what it has verified.
struct Told {
  directory::Name name;
  directory::LookupRequest request;
  directory::LookupResponse answer;
  Time now;                                   ///< the client's clock
  std::vector<directory::VetoNotice> vetoes;  ///< that it holds
};

/// One way to lie; one of the two functions is absent.
struct LookupLie {
  const char* name;
  bool (*tell)(LookupWorld&, Told&) = nullptr;    ///< false where the answer has nothing that could be broken so
  void (*bytes)(LookupWorld&, Bytes&) = nullptr;  ///< as bytes
};

const std::vector<LookupLie>& all_lookup_lies();

}  // namespace cairn::testing
