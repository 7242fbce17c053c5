#include "core/directory/chain.h"

#include <algorithm>

namespace cairn::directory {

using enum StatementType;

Status check_reset_delay(std::uint32_t reset_delay_s) {
  REQUIRE(reset_delay_s == 0 || (reset_delay_s >= kMinResetDelayS && reset_delay_s <= kMaxResetDelayS),
          ErrorCode::malformed, "chain: reset delay");
  return ok();
}

/// One statement against one state: first every rule, then the effects, so that a refusal changes nothing.
class ChainRules {
 public:
  ChainRules(NameState& state, const Statement& statement)
      : state_(state), statement_(statement), content_(statement.content) {}

  Status check() const {
    TRY(statement_.check_form());
    TRY(check_place());
    TRY(check_room());
    TRY(check_reset_order());
    TRY(check_signers());
    TRY(std::visit([this](const auto& body) { return check_body(body); }, content_.body));
    return statement_.verify_signatures();
  }

  void take_effect() {
    if (by_recovery()) {
      state_.spent_commitments_.push_back(state_.recovery_commitment_);
      state_.recovery_commitment_ = *content_.next_recovery;
      state_.removed_holders_.clear();
    }
    std::visit([this](const auto& body) { effect(body); }, content_.body);
    state_.head_ = extend_head(state_.head_, statement_.commitment());
    ++state_.count_;
  }

 private:
  bool by_recovery() const { return content_.next_recovery.has_value(); }
  const StatementSignature& signer() const { return statement_.signatures.front(); }

  // Sequence, previous and name bind a statement to one place of one chain.
  Status check_place() const {
    REQUIRE(content_.name == state_.name_, ErrorCode::not_authorised, "chain: a statement of another name");
    REQUIRE(content_.sequence >= state_.count_, ErrorCode::stale, "chain: its place is taken");
    REQUIRE(content_.sequence == state_.count_, ErrorCode::conflict, "chain: statements before it are missing");
    REQUIRE(content_.previous == state_.head_, ErrorCode::conflict, "chain: follows another history");
    REQUIRE((content_.type() == genesis) == (state_.count_ == 0), ErrorCode::invalid_state,
            "chain: a genesis comes first and once");
    return ok();
  }

  Status check_room() const {
    REQUIRE(content_.sequence < kMaxStatements, ErrorCode::over_limit, "chain: full");
    const StatementType type = content_.type();
    const bool reset = type == request_reset || type == veto_reset || type == complete_reset;
    REQUIRE(content_.sequence < kReservedStatements || by_recovery() || reset, ErrorCode::over_limit,
            "chain: what is left is for the recovery key and resets");
    REQUIRE(type != request_reset || content_.sequence + 1 < kMaxStatements, ErrorCode::over_limit,
            "chain: no room for the end of a reset");
    return ok();
  }

  Status check_reset_order() const {
    const bool ends = content_.type() == veto_reset || content_.type() == complete_reset;
    REQUIRE(ends == state_.open_reset_.has_value(), ErrorCode::invalid_state,
            ends ? "chain: no reset is requested" : "chain: a reset is requested");
    return ok();
  }

  Status check_signers() const {
    switch (signer().kind) {
      case SignerKind::recovery: return check_recovery();
      case SignerKind::new_device: return ok();  // the bodies say whose key it is
      case SignerKind::device: break;
    }
    if (content_.type() == veto_reset) {
      const auto holders = state_.veto_holders();
      REQUIRE(std::binary_search(holders.begin(), holders.end(), signer().key), ErrorCode::not_authorised,
              "chain: does not hold the veto");
      return ok();
    }
    const AuthorisedDevice* device = state_.find_by_key(signer().key);
    REQUIRE(device != nullptr && device->active(), ErrorCode::not_authorised, "chain: not an active device");
    return ok();
  }

  Status check_recovery() const {
    REQUIRE(cairn::directory::recovery_commitment(signer().key, *signer().kem_hash) == state_.recovery_commitment_,
            ErrorCode::not_authorised, "chain: not the recovery key");
    return check_new_commitment(*content_.next_recovery);
  }

  Status check_new_commitment(const Hash& commitment) const {
    const auto& spent = state_.spent_commitments_;
    REQUIRE(
        commitment != state_.recovery_commitment_ && std::find(spent.begin(), spent.end(), commitment) == spent.end(),
        ErrorCode::duplicate, "chain: a recovery key comes again");
    return ok();
  }

  Status check_new_id(const DeviceId& id) const {
    const auto& requested = state_.requested_ids_;
    REQUIRE(state_.find(id) == nullptr && std::find(requested.begin(), requested.end(), id) == requested.end(),
            ErrorCode::duplicate, "chain: a device key comes again");
    return ok();
  }

  Status check_signed_by(const PublicKey& key, const StatementSignature& signature) const {
    REQUIRE(signature.key == key, ErrorCode::not_authorised, "chain: not signed by the new device");
    return ok();
  }

  Status check_body(const Genesis& body) const {
    TRY(body.device.check());
    TRY(check_reset_delay(body.reset_delay_s));
    return check_signed_by(body.device.signature_key, signer());
  }

  Status check_body(const AddDevice& body) const {
    TRY(body.device.check());
    TRY(check_signed_by(body.device.signature_key, statement_.signatures.back()));
    TRY(check_new_id(body.device.id()));
    const std::size_t active = state_.active_count();
    REQUIRE(active < kMaxActiveDevices, ErrorCode::over_limit, "chain: too many devices");
    const std::size_t removed = by_recovery() ? 0 : state_.removed_holders_.size();
    REQUIRE(active + removed < kMaxVetoHolders, ErrorCode::over_limit, "chain: too many holders of the veto");
    for (const AuthorisedDevice& other : state_.devices_) {
      REQUIRE(!other.active() || other.device.mailbox != body.device.mailbox, ErrorCode::duplicate,
              "chain: a mailbox comes again");
    }
    return ok();
  }

  Status check_body(const RemoveDevice& body) const {
    REQUIRE(state_.is_active(body.device), ErrorCode::not_found, "chain: no such active device");
    REQUIRE(by_recovery() || state_.active_count() > 1, ErrorCode::not_authorised,
            "chain: the last device is removed by the recovery key alone");
    return ok();
  }

  Status check_body(const ReplaceRecovery&) const { return ok(); }

  Status check_body(const RequestReset& body) const {
    TRY(body.device.check());
    REQUIRE(state_.reset_delay_s_ != 0, ErrorCode::not_authorised, "chain: the owner allows no resets");
    TRY(check_reset_delay(body.reset_delay_s));
    TRY(check_signed_by(body.device.signature_key, signer()));
    TRY(check_new_commitment(body.recovery_commitment));
    const DeviceId id = body.device.id();
    return state_.is_active(id) ? ok() : check_new_id(id);
  }

  Status check_body(const VetoReset&) const { return ok(); }

  Status check_body(const CompleteReset& body) const {
    REQUIRE(body.request_sequence == state_.open_reset_->sequence, ErrorCode::invalid_state, "chain: another request");
    return check_signed_by(state_.open_reset_->request.device.signature_key, signer());
  }

  Status check_body(const SetResetDelay& body) const { return check_reset_delay(body.reset_delay_s); }

  void add(const Device& device) { state_.devices_.push_back({device, device.id(), content_.sequence, {}}); }

  void effect(const Genesis& body) {
    add(body.device);
    state_.recovery_commitment_ = body.recovery_commitment;
    state_.reset_delay_s_ = body.reset_delay_s;
  }
  void effect(const AddDevice& body) { add(body.device); }
  void effect(const RemoveDevice& body) {
    for (AuthorisedDevice& device : state_.devices_) {
      if (!device.active() || device.id != body.device) continue;
      device.removed = content_.sequence;
      if (!by_recovery()) state_.removed_holders_.push_back(device.device.signature_key);
    }
  }
  void effect(const ReplaceRecovery&) {}
  void effect(const RequestReset& body) {
    state_.requested_ids_.push_back(body.device.id());
    state_.open_reset_ = OpenReset{content_.sequence, body};
  }
  void effect(const VetoReset&) { state_.open_reset_.reset(); }
  void effect(const CompleteReset&) {
    const OpenReset done = *std::exchange(state_.open_reset_, std::nullopt);
    for (AuthorisedDevice& device : state_.devices_) {
      if (device.active()) device.removed = content_.sequence;
    }
    add(done.request.device);
    state_.spent_commitments_.push_back(state_.recovery_commitment_);
    state_.recovery_commitment_ = done.request.recovery_commitment;
    state_.reset_delay_s_ = done.request.reset_delay_s;
    state_.removed_holders_.clear();
    state_.completed_resets_.push_back({done.sequence, content_.sequence});
  }
  void effect(const SetResetDelay& body) { state_.reset_delay_s_ = body.reset_delay_s; }

  NameState& state_;
  const Statement& statement_;
  const StatementContent& content_;
};

Status NameState::apply(const Statement& statement) {
  ChainRules rules(*this, statement);
  TRY(rules.check());
  rules.take_effect();
  return ok();
}

std::vector<Device> NameState::active_devices() const {
  std::vector<Device> out;
  for (const AuthorisedDevice& device : devices_) {
    if (device.active()) out.push_back(device.device);
  }
  return out;
}

std::size_t NameState::active_count() const {
  return static_cast<std::size_t>(
      std::count_if(devices_.begin(), devices_.end(), [](const AuthorisedDevice& device) { return device.active(); }));
}

const AuthorisedDevice* NameState::find(const DeviceId& id) const {
  const auto found =
      std::find_if(devices_.rbegin(), devices_.rend(), [&](const auto& device) { return device.id == id; });
  return found == devices_.rend() ? nullptr : &*found;
}

const AuthorisedDevice* NameState::find_by_key(const PublicKey& signature_key) const {
  const AuthorisedDevice* device = find(device_id(signature_key));
  // An id is half a hash: only the key itself says who signs.
  return device != nullptr && device->device.signature_key == signature_key ? device : nullptr;
}

bool NameState::is_active(const DeviceId& id) const {
  const AuthorisedDevice* device = find(id);
  return device != nullptr && device->active();
}

std::vector<PublicKey> NameState::veto_holders() const {
  std::vector<PublicKey> out = removed_holders_;
  for (const AuthorisedDevice& device : devices_) {
    if (device.active()) out.push_back(device.device.signature_key);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<NameState> apply(const NameState& state, const Statement& statement) {
  NameState out = state;
  TRY(out.apply(statement));
  return out;
}

Result<DeviceId> obey_removal(const NameState& state, const Statement& statement) {
  const auto* removal = std::get_if<RemoveDevice>(&statement.content.body);
  REQUIRE(removal != nullptr, ErrorCode::invalid_state, "chain: not a removal");
  TRY(apply(state, statement));
  return removal->device;
}

}  // namespace cairn::directory
