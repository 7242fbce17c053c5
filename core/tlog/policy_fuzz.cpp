// Any bytes as a policy; one that is read is evaluated, and grows with its cosigners.
#include "core/tlog/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::tlog;
  const std::string text = cairn::as_text({data, size});
  if (const auto policy = Policy::parse(text)) {
    std::vector<cairn::PublicKey> signers;
    std::vector<CosignatureTime> times;
    bool before = policy->satisfied(signers);
    for (const VerifierKey& key : policy->cosigners()) {
      signers.push_back(key.key());
      times.push_back({key.key(), signers.size()});
      const bool now = policy->satisfied(signers);
      CHECK(now || !before);
      before = now;
    }
    CHECK(policy->latest_time_s(times).has_value() == (before && !policy->accepts_anything()));
  }
  if (const auto policy = ClientPolicy::parse(text)) CHECK(policy->strength() >= 1);
  return 0;
}
