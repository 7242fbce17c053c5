#include "core/client/own_name.h"

#include "core/base/encoding.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/directory/statement.h"

namespace cairn::client {
namespace {

/// While a statement of ours waits for its epoch, it is asked for this often.
constexpr std::uint64_t kPollMs = 300;
constexpr std::uint64_t kRetryMs = kSecondMs;
constexpr std::size_t kChecksumBytes = 5;
/// Never. A server can ask for a reset by itself, and only its owner's veto ends that: a client that can neither warn
/// of one nor veto it must not allow any.
constexpr std::uint32_t kResetDelayS = 0;
constexpr std::size_t kMaxAlarms = 1000;

Bytes checksum(ByteView secret) {
  const Hash hash = crypto::sha256({as_bytes("cairn/v1 written recovery"), secret});
  return to_bytes(hash.view().first(kChecksumBytes));
}

}  // namespace

void Alarm::write(wire::Writer& w) const {
  w.raw(device);
  w.u64(seen_ms);
  w.u32(sequence);
}

Result<Alarm> Alarm::read(wire::Reader& r) {
  Alarm out;
  out.device = TRY(r.fixed<DeviceId>());
  out.seen_ms = TRY(r.u64());
  out.sequence = TRY(r.u32());
  return out;
}

std::string recovery_text(const directory::RecoverySecret& secret) {
  const SecretBytes all(concat({secret.expose(), checksum(secret.expose())}));
  const std::string digits = to_base32(all.expose());
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && i % 5 == 0) out += '-';
    out += digits[i];
  }
  return out;
}

Result<directory::RecoverySecret> parse_recovery_text(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c != ' ' && c != '-') digits += c;
  }
  const SecretBytes all(TRY(from_base32(digits)));
  REQUIRE(all.size() == directory::RecoverySecret::kSize + kChecksumBytes, ErrorCode::malformed, "recovery key length");
  const ByteView secret = all.expose().first(directory::RecoverySecret::kSize);
  REQUIRE(equal(checksum(secret), all.expose().last(kChecksumBytes)), ErrorCode::malformed, "recovery key checksum");
  return directory::RecoverySecret::from(secret);
}

Result<std::string> OwnName::begin(Context& context, const std::string& name, const std::string& server_url,
                                   const std::string& policy_text, const std::string& invitation) {
  REQUIRE(!load_account(context.store), ErrorCode::invalid_state, "this device already has a name");
  directory::Name own = TRY(directory::Name::parse(name));
  TRY(tlog::ClientPolicy::parse(policy_text));
  Account account = Account::create(std::move(own), server_url, policy_text, context.entropy);
  account.invitation = invitation;

  const auto secret = random_secret<directory::RecoverySecret>(context.entropy);
  const auto recovery = directory::RecoveryKey::derive(secret, account.name, 0);
  directory::Statement genesis{{account.name,
                                0,
                                {},
                                context.now.ms,
                                random_value<Nonce16>(context.entropy),
                                std::nullopt,
                                directory::Genesis{account.device(), recovery.commitment(), kResetDelayS}},
                               {}};
  genesis.signatures.push_back(directory::sign_as_new_device(genesis.content, account.signing_key));
  account.pending_statement = wire::encode(genesis);
  save_account(context, account);
  expect_device(context, account.device_id());
  return recovery_text(secret);
}

void OwnName::step(Context& context, const Account& account, bool waits) {
  // A pause that is over wants no timer; nor one for what was taken, though we were not told.
  if (retry_ <= context.now || account.state != AccountState::registering) retry_ = Time::never();
  if (account.state == AccountState::registering) submit_genesis(context, account);
  const std::uint64_t every_ms = waits || account.state == AccountState::registering ? kPollMs : kOwnNameEveryMs;
  due_ = views_.looking_up(account.name) ? Time::never() : after(asked_, every_ms);  // its answer comes as an input
  if (due_ > context.now) return;
  asked_ = context.now;
  due_ = after(context.now, every_ms);
  views_.look_up_now(context, account, account.name);
}

void OwnName::submit_genesis(Context& context, const Account& account) {
  if (submitted_ || account.pending_statement.empty()) return;
  if (retry_ != Time::never()) return;
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathStatement);
  call.body = wire::encode(proto::StatementRequest{account.pending_statement, account.invitation, {}});
  calls_.start(context, "genesis", std::move(call), [this](Context& later, const Answer& answer) {
    submitted_ = answer.body.has_value();
    trouble_ = answer.body ? std::string() : answer.message;
    if (submitted_) return;
    if (trouble_.empty()) trouble_ = "The server cannot be reached; check its address, and that it runs.";
    if (answer.status >= 400 && answer.status < 500 && answer.status != 429) {  // no: another name may be tried
      later.store.erase(tables::kAccount, {});
      return;
    }
    retry_ = after(later.now, kRetryMs);
  });
}

void OwnName::expect_device(Context& context, const DeviceId& device) {
  context.store.put(tables::kExpectedDevices, to_bytes(device.view()), {});
}

void OwnName::changed(Context& context, Account& account) {
  const auto view = views_.view(context.store, account, account.name);
  if (!view || !view->exists()) return;
  const directory::NameState& chain = view->state();
  const AccountState before = account.state;
  if (chain.is_active(account.device_id())) {
    account.state = AccountState::active;
    account.pending_statement.clear();
    trouble_.clear();
  } else if (chain.find(account.device_id()) != nullptr) {
    account.state = AccountState::removed;
  } else if (account.state == AccountState::registering) {
    trouble_ = "The name " + account.name.text() + " belongs to somebody else already; choose another.";
  }
  if (account.state != before) save_account(context, account);

  // A device that has just become active takes the chain as its owner shows it; later additions are to be expected.
  const bool first = before != AccountState::active;
  for (const directory::AuthorisedDevice& device : chain.devices()) {
    if (context.store.get(tables::kExpectedDevices, device.id)) continue;
    expect_device(context, device.id);
    if (first) continue;
    context.store.put(tables::kAlarms, to_bytes(device.id.view()),
                      wire::encode(Alarm{device.id, context.now.ms, device.added}));
    context.note(proto::Event::Level::warning, "a device was added to the own name that this device did not add");
  }
}

std::vector<Alarm> OwnName::alarms(const StoreView& store) const {
  std::vector<Alarm> out;
  for (const Row& row : store.scan(tables::kAlarms, {}, {}, kMaxAlarms)) {
    auto alarm = wire::decode<Alarm>(row.value);
    if (alarm) out.push_back(*alarm);
  }
  return out;
}

void OwnName::forget_all() {
  asked_ = {};
  due_ = Time::never();
  retry_ = Time::never();
  submitted_ = false;
  trouble_.clear();
}

}  // namespace cairn::client
