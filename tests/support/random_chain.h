// Random statements of one name, many of them in order, and some that lie about their form, their place or their
// signers: for whoever judges a chain twice.
#pragma once

#include <algorithm>
#include <deque>
#include <map>

#include "tests/support/test_person.h"

namespace cairn::testing {

class RandomChain {
 public:
  RandomChain(std::string_view name, std::uint64_t seed) : person_(name, seed) {}

  const directory::Name& name() const { return person_.name(); }
  directory::NameState& state() { return person_.state; }
  const directory::NameState& state() const { return person_.state; }

  /// Made for the end of the chain as state() has it: who judges it takes it over there.
  Bytes next() {
    signers_.clear();
    directory::StatementContent content = person_.content(body());
    content.next_recovery.reset();
    const bool by_recovery_key = signers_[0].kind == directory::SignerKind::recovery;
    if (by_recovery_key) content.next_recovery = commitment_of(person_.generation + (chance(4) ? 0u : 1u));
    if (chance(12)) lie_about_the_place(content);
    if (chance(6)) lie_about_the_signers();
    directory::Statement out{std::move(content), {}};
    for (const Signer& signer : signers_) out.signatures.push_back(sign(out.content, signer));
    Bytes bytes = wire::encode(out);
    if (chance(6)) bytes[entropy().below(bytes.size())] ^= static_cast<std::uint8_t>(1 << entropy().below(8));
    if (chance(2)) bytes.resize(entropy().below(bytes.size()));
    return bytes;
  }

 private:
  struct Signer {
    directory::SignerKind kind;
    const crypto::SigningKey* key;
  };

  SeededEntropy& entropy() { return person_.entropy; }
  bool chance(unsigned percent) { return entropy().below(100) < percent; }

  Hash commitment_of(std::uint32_t generation) {
    const Hash out = person_.recovery(generation).commitment();
    generations_[out] = generation;
    return out;
  }

  std::uint32_t delay() {
    const std::uint32_t valid[] = {directory::kMinResetDelayS, directory::kDefaultResetDelayS,
                                   directory::kMaxResetDelayS};
    if (chance(85)) return valid[entropy().below(3)];
    const std::uint32_t others[] = {0, 1, directory::kMinResetDelayS - 1, directory::kMaxResetDelayS + 1};
    return others[entropy().below(4)];
  }

  const TestDevice& fresh() {
    devices_.push_back(person_.new_device());
    if (devices_.size() > 1 && chance(4)) devices_.back().device.mailbox = any().device.mailbox;
    return devices_.back();
  }
  const TestDevice& any() { return devices_[entropy().below(devices_.size())]; }
  /// An active one as a rule.
  const TestDevice& known() {
    if (devices_.empty()) return fresh();
    for (int tries = 0; tries < 40 && !chance(10); ++tries) {
      const TestDevice& one = any();
      if (state().is_active(one.device.id())) return one;
    }
    return any();
  }

  void by_recovery() {
    const auto at = generations_.find(state().recovery_commitment());
    person_.generation = at == generations_.end() ? 0 : at->second;
    recovery_.emplace(person_.recovery(person_.generation + (chance(4) ? 1u : 0u)));
    signers_.push_back({directory::SignerKind::recovery, &recovery_->signing_key()});
  }
  void by_device_or_recovery(unsigned recovery_percent) {
    if (chance(recovery_percent)) return by_recovery();
    signers_.push_back({directory::SignerKind::device, &known().key});
  }

  directory::StatementBody body() {
    if (state().count() == 0 && chance(90)) return genesis();
    if (state().open_reset() && chance(80)) return chance(50) ? veto() : complete();
    switch (entropy().below(16)) {
      case 0: return chance(30) ? genesis() : complete();
      case 1: return veto();
      case 2:
      case 3: return request();
      case 4: by_recovery(); return directory::SetResetDelay{delay()};
      case 5: by_recovery(); return directory::ReplaceRecovery{};
      case 6:
      case 7:
      case 8:
      case 9: return remove();
      default: return add();
    }
  }

  directory::StatementBody genesis() {
    const TestDevice& device = fresh();
    signers_.push_back({directory::SignerKind::new_device, &device.key});
    return directory::Genesis{device.device, commitment_of(0), delay()};
  }
  directory::StatementBody add() {
    by_device_or_recovery(10);
    const TestDevice& device = chance(92) ? fresh() : known();
    signers_.push_back({directory::SignerKind::new_device, &device.key});
    return directory::AddDevice{device.device};
  }
  directory::StatementBody remove() {
    by_device_or_recovery(6);
    return directory::RemoveDevice{known().device.id()};
  }
  directory::StatementBody request() {
    const TestDevice& device = chance(60) ? fresh() : known();
    signers_.push_back({directory::SignerKind::new_device, &device.key});
    const std::uint32_t generation = chance(90) ? next_owner_ += 100 : person_.generation;
    return directory::RequestReset{device.device, commitment_of(generation), delay()};
  }
  directory::StatementBody veto() {
    by_device_or_recovery(30);
    return directory::VetoReset{};
  }
  directory::StatementBody complete() {
    const auto& open = state().open_reset();
    const TestDevice* device = &known();
    for (const TestDevice& one : devices_) {
      if (open && one.device.signature_key == open->request.device.signature_key && chance(95)) device = &one;
    }
    signers_.push_back({directory::SignerKind::new_device, &device->key});
    return directory::CompleteReset{open && chance(90) ? open->sequence
                                                       : static_cast<std::uint32_t>(entropy().below(5))};
  }

  void lie_about_the_place(directory::StatementContent& content) {
    switch (entropy().below(4)) {
      case 0: content.sequence += chance(50) ? 1 : ~std::uint32_t{0}; return;
      case 1: content.previous.mutable_view()[entropy().below(32)] ^= 1; return;
      case 2: content.name = *directory::Name::from("another@example.org"); return;
      default: content.next_recovery = content.next_recovery ? std::nullopt : std::optional(commitment_of(7));
    }
  }
  void lie_about_the_signers() {
    switch (entropy().below(4)) {
      case 0: std::reverse(signers_.begin(), signers_.end()); return;
      case 1: signers_.pop_back(); return;
      case 2: signers_.push_back(signers_.front()); return;
      default: signers_[0].kind = chance(50) ? directory::SignerKind::device : directory::SignerKind::new_device;
    }
  }

  directory::StatementSignature sign(const directory::StatementContent& content, const Signer& signer) const {
    if (signer.kind == directory::SignerKind::recovery) return directory::sign_as_recovery(content, *recovery_);
    return signer.kind == directory::SignerKind::device ? directory::sign_as_device(content, *signer.key)
                                                        : directory::sign_as_new_device(content, *signer.key);
  }

  TestPerson person_;
  std::deque<TestDevice> devices_;
  std::vector<Signer> signers_;
  std::optional<directory::RecoveryKey> recovery_;
  std::map<Hash, std::uint32_t> generations_;
  std::uint32_t next_owner_ = 0;
};

}  // namespace cairn::testing
