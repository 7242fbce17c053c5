#include "core/client/own_name.h"

#include "core/base/encoding.h"
#include "core/client/held_veto.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/directory/statement.h"

namespace cairn::client {
namespace {

/// While a statement of ours waits for its epoch, it is asked for this often; less often after kQuickPolls times, which
/// are a minute, and kSlowPolls more, which are an hour: a server that suppresses a statement may do so for ever.
constexpr std::uint64_t kPollMs = 300;
constexpr std::uint64_t kQuickPolls = 200;
constexpr std::uint64_t kSlowPollMs = kMinuteMs;
constexpr std::uint64_t kSlowPolls = 60;
constexpr std::uint64_t kSlowestPollMs = 10 * kMinuteMs;

std::uint64_t pause_after(std::uint64_t polls) {
  if (polls < kQuickPolls) return kPollMs;
  return polls < kQuickPolls + kSlowPolls ? kSlowPollMs : kSlowestPollMs;
}

/// Whoever waits for a reset learns of a veto, and that it can be completed, so often.
constexpr std::uint64_t kResettingEveryMs = kHourMs;
constexpr std::uint64_t kRetryMs = kSecondMs;
/// After a completion was refused, for it may be too soon by the server's clock; and after a server's no to a recovery
/// or a reset.
constexpr std::uint64_t kSlowRetryMs = kMinuteMs;
constexpr int kTooMany = 429;
constexpr std::size_t kRecoveryChecksumBytes = 5;
constexpr std::size_t kMaxAlarms = 1000;

Bytes checksum(ByteView secret) {
  const Hash hash = crypto::sha256({as_bytes("cairn/v1 written recovery"), secret});
  return to_bytes(hash.view().first(kRecoveryChecksumBytes));
}

constexpr const char* kStatementCall = "own statement to ";
constexpr std::string_view kSentMark = "own statement sent";  ///< the device whose statements a server may have

/// The account of a device that has no name yet.
Result<Account> new_account(Context& context, const std::string& name, const std::string& server_url,
                            const std::string& policy_text) {
  REQUIRE(!load_account(context.store), ErrorCode::invalid_state, "this device already has a name");
  REQUIRE(server_url.size() <= kMaxServerUrl, ErrorCode::over_limit, "the server's address is too long");
  directory::Name own = TRY(directory::Name::parse(name));
  TRY(tlog::ClientPolicy::parse(policy_text));
  return Account::create(std::move(own), server_url, policy_text, context.entropy);
}

/// The veto that goes with a statement that is one; else nothing.
Bytes veto_with(const StoreView& store, const Account& account, const directory::Statement& statement) {
  if (statement.content.type() != directory::StatementType::veto_reset) return {};
  for (const directory::VetoNotice& veto : vetoes_of(store, account, account.name)) {
    if (veto.request.request_sequence + 1 == statement.content.sequence) return wire::encode(veto);
  }
  return {};
}

}  // namespace

void Alarm::write(wire::Writer& w) const {
  w.raw(device);
  w.u64(seen_ms);
  w.u32(sequence);
  if (!by) return;
  w.u8(static_cast<std::uint8_t>(by->kind));
  if (by->kind == directory::SignerKind::device) w.raw(by->device);
}

Result<Alarm> Alarm::read(wire::Reader& r) {
  Alarm out;
  out.device = TRY(r.fixed<DeviceId>());
  out.seen_ms = TRY(r.u64());
  out.sequence = TRY(r.u32());
  if (r.done()) return out;
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind >= 1 && kind <= 3, ErrorCode::malformed, "alarm: by whom");
  out.by.emplace().kind = static_cast<directory::SignerKind>(kind);
  if (out.by->kind == directory::SignerKind::device) out.by->device = TRY(r.fixed<DeviceId>());
  return out;
}

std::string recovery_text(const directory::RecoverySecret& secret) {
  const SecretBytes all(concat({secret.expose(), checksum(secret.expose())}));
  std::string digits = to_base32(all.expose());
  std::string out;
  out.reserve(digits.size() + digits.size() / 5);  // a copy of what it was would stay behind
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && i % 5 == 0) out += '-';
    out += digits[i];
  }
  wipe(digits.data(), digits.size());
  return out;
}

Result<directory::RecoverySecret> parse_recovery_text(std::string_view text) {
  std::string digits;
  digits.reserve(text.size());
  for (char c : text) {
    if (c != ' ' && c != '-') digits += c;
  }
  auto bytes = from_base32(digits);
  wipe(digits.data(), digits.size());
  const SecretBytes all(TRY(std::move(bytes)));
  REQUIRE(all.size() == directory::RecoverySecret::kSize + kRecoveryChecksumBytes, ErrorCode::malformed,
          "recovery key length");
  const ByteView secret = all.expose().first(directory::RecoverySecret::kSize);
  REQUIRE(equal(checksum(secret), all.expose().last(kRecoveryChecksumBytes)), ErrorCode::malformed,
          "recovery key checksum");
  return directory::RecoverySecret::from(secret);
}

Status OwnName::begin(Context& context, const std::string& name, const std::string& server_url,
                      const std::string& policy_text, const std::string& invitation, std::uint32_t reset_delay_s,
                      const directory::RecoverySecret* secret) {
  Account account = TRY(new_account(context, name, server_url, policy_text));
  TRY(directory::check_reset_delay(reset_delay_s));
  REQUIRE(invitation.size() <= proto::kMaxInvitationSize, ErrorCode::over_limit, "the invitation is too long");
  REQUIRE(secret != nullptr, ErrorCode::not_found, "no recovery key");
  forget_all();
  account.invitation = invitation;
  const auto recovery = directory::RecoveryKey::derive(*secret, account.name, 0);
  directory::Statement genesis =
      statement_after(context, directory::NameState(account.name),
                      directory::Genesis{account.device(), recovery.commitment(), reset_delay_s});
  genesis.signatures.push_back(directory::sign_as_new_device(genesis.content, account.signing_key));
  save_statement(context, genesis);
  save_account(context, account);
  expect_device(context, account.device_id());
  return ok();
}

// The genesis stays as it is, whatever a server said of it: one that refused it may have published it, and another
// genesis of the same name would be one to choose between.
Status OwnName::begin_again(Context& context, Account account, const std::string& server_url,
                            const std::string& policy_text, const std::string& invitation) {
  REQUIRE(server_url.size() <= kMaxServerUrl, ErrorCode::over_limit, "the server's address is too long");
  REQUIRE(invitation.size() <= proto::kMaxInvitationSize, ErrorCode::over_limit, "the invitation is too long");
  TRY(tlog::ClientPolicy::parse(policy_text));
  forget_all();
  account.server_url = server_url;
  account.policy_text = policy_text;
  if (!invitation.empty()) account.invitation = invitation;
  save_account(context, account);
  return ok();
}

std::optional<std::uint32_t> OwnName::signed_delay(const StoreView& store) {
  const auto statement = next_own_statement(store, std::nullopt);
  const auto* genesis = statement ? std::get_if<directory::Genesis>(&statement->content.body) : nullptr;
  return genesis != nullptr ? std::optional(genesis->reset_delay_s) : std::nullopt;
}

Status OwnName::begin_unsigned(Context& context, const std::string& name, const std::string& server_url,
                               const std::string& policy_text, const std::string& invitation, AccountState state) {
  Account account = TRY(new_account(context, name, server_url, policy_text));
  REQUIRE(invitation.size() <= proto::kMaxInvitationSize, ErrorCode::over_limit, "the invitation is too long");
  forget_all();
  account.state = state;
  account.invitation = invitation;
  save_account(context, account);
  begins_ = false;
  return ok();
}

Status OwnName::begin_recovery(Context& context, const std::string& name, const std::string& server_url,
                               const std::string& policy_text) {
  return begin_unsigned(context, name, server_url, policy_text, {}, AccountState::recovering);
}

Status OwnName::recover(Context& context, const Account& account, const directory::RecoverySecret& secret,
                        bool remove_others) {
  REQUIRE(account.state == AccountState::recovering && !statements_wait(context.store), ErrorCode::invalid_state,
          "it is being recovered already");
  const auto view = views_.view(context.store, account, account.name);
  REQUIRE(view && view->exists(), ErrorCode::invalid_state, "the own name was not looked up");
  directory::NameState chain = view->state();
  auto key = TRY(recovery_key_of(chain, secret));
  std::vector<directory::StatementBody> bodies;
  if (remove_others) {
    for (const directory::Device& other : chain.active_devices()) {
      bodies.emplace_back(directory::RemoveDevice{directory::device_id(other.signature_key)});
    }
  }
  // First, so that the name is never without a device; but where a thief has filled it up, one makes room.
  const bool full = remove_others && chain.active_count() >= directory::kMaxActiveDevices;
  bodies.insert(bodies.begin() + (full ? 1 : 0), directory::AddDevice{account.device()});
  const bool vetoes = chain.open_reset().has_value();
  if (vetoes) bodies.insert(bodies.begin(), directory::VetoReset{});
  const auto veto = vetoes ? std::optional(directory::veto_as_recovery(*view->newest_reset(), key)) : std::nullopt;
  std::vector<directory::Statement> statements;
  for (const directory::StatementBody& body : bodies) {
    directory::Statement statement = statement_after(context, chain, body);
    auto next = sign_by_recovery(statement, secret, key);
    if (std::holds_alternative<directory::AddDevice>(body)) {
      statement.signatures.push_back(directory::sign_as_new_device(statement.content, account.signing_key));
    }
    TRY(chain.apply(statement));
    statements.push_back(std::move(statement));
    key = std::move(next);
  }
  for (const directory::Statement& statement : statements) save_statement(context, statement);
  if (veto) save_veto(context, account, {account.name, *veto, HeldVeto::Origin::own, context.now.ms});
  expect_device(context, account.device_id());
  return ok();
}

bool OwnName::statements_wait(const StoreView& store) { return !store.scan(tables::kOwnStatements, {}, {}, 1).empty(); }

void OwnName::step(Context& context, const Account& account, bool waits) {
  // Who asked for a recovery that had signed nothing is gone, and the key with them.
  if (std::exchange(begins_, false)) abandon_unsigned(context);
  const bool sends = statements_wait(context.store);
  // A pause that is over wants no timer; nor one for what was taken, though we were not told.
  if (retry_ <= context.now || !sends) retry_ = Time::never();
  if (sends) submit(context, account);
  if (!waits && !sends) polls_ = 0;
  std::uint64_t every_ms = account.state == AccountState::resetting ? kResettingEveryMs : kOwnNameEveryMs;
  if (waits || sends) every_ms = pause_after(polls_);
  due_ = views_.looking_up(account.name) ? Time::never() : after(asked_, every_ms);  // its answer comes as an input
  if (due_ > context.now) return;
  asked_ = context.now;
  // What a server said it took, and does not publish, it may have lost: it is sent again.
  if (polls_ >= kQuickPolls) taken_.reset();
  ++polls_;
  due_ = after(context.now, every_ms);
  views_.look_up_now(context, account, account.name);
}

void OwnName::submit(Context& context, const Account& account) {
  const std::string purpose = kStatementCall + account.server_url;  // one that is not asked any more holds nothing up
  if (retry_ != Time::never() || calls_.under_way(purpose)) return;
  const bool is_taken = taken_ && taken_->first == account.device_id();
  const auto statement = next_own_statement(context.store, is_taken ? std::optional(taken_->second) : std::nullopt);
  if (!statement) return;  // the server has them all
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathStatement);
  call.body = wire::encode(proto::StatementRequest{wire::encode(*statement), account.invitation,
                                                   veto_with(context.store, account, *statement)});
  const std::uint32_t sequence = statement->content.sequence;
  const DeviceId device = account.device_id();
  const Bytes mark = to_bytes(device.view());  // the commit that sends has it
  const Sent sent = context.store.get(tables::kCounters, as_bytes(kSentMark)) == mark ? Sent::again : Sent::once;
  context.store.put(tables::kCounters, to_bytes(kSentMark), mark);
  calls_.start(context, purpose, std::move(call),
               [this, sequence, device, sent, type = statement->content.type(), server = account.server_url](
                   Context& later, const Answer& answer) {
                 const auto now = load_account(later.store);
                 // About an account that was given up, or by a server that is not asked any more.
                 if (!now || now->device_id() != device || now->server_url != server) return;
                 if (!answer.body) return refused(later, *now, sent, type, answer);
                 taken_ = {device, sequence};
                 trouble_.clear();
                 refusal_.reset();
               });
}

// A statement counts as live until another one took its sequence, whatever a server answers: it may have published what
// it says it refuses. So nothing of a recovery or a reset is forgotten here; the chain decides, as it is verified. A
// registration that was sent once may be tried anew: its owner was told the recovery key, which brings the name back
// should it stand in the chain after all.
void OwnName::refused(Context& context, const Account& account, Sent sent, directory::StatementType type,
                      const Answer& answer) {
  trouble_ = answer.message;
  if (trouble_.empty()) trouble_ = "The server cannot be reached; check its address, and that it runs.";
  const bool is_no =
      answer.status >= 400 && answer.status < 500 && answer.status != kTooMany && !answer.message.empty();
  if (account.state == AccountState::registering && is_no && sent == Sent::once) {
    refusal_ = trouble_;
    return forget_account(context, account);
  }
  const bool is_new = account.state == AccountState::recovering || account.state == AccountState::registering ||
                      type == directory::StatementType::request_reset;
  refusal_.reset();
  if (is_new && is_no) refusal_ = trouble_;
  const bool many_asked = answer.status == kTooMany && type == directory::StatementType::request_reset;  // for hours
  const bool waits_long = refusal_ || many_asked || type == directory::StatementType::complete_reset;
  retry_ = after(context.now, answer.pause_ms(waits_long ? kSlowRetryMs : kRetryMs));
}

bool OwnName::send_again(Context& context, AccountState state, const directory::Name& name,
                         const std::string& invitation) {
  auto account = load_account(context.store);
  if (!account || account->state != state || account->name != name || !statements_wait(context.store)) return false;
  if (!invitation.empty() && invitation.size() <= proto::kMaxInvitationSize) {
    account->invitation = invitation;
    save_account(context, *account);
  }
  retry_ = Time::never();
  taken_.reset();
  refusal_.reset();
  trouble_.clear();
  return true;
}

void OwnName::expect_device(Context& context, const DeviceId& device) {
  if (context.store.get(tables::kExpectedDevices, device)) return;  // it may have a name here
  context.store.put(tables::kExpectedDevices, to_bytes(device.view()), {});
}

void OwnName::changed(Context& context, Account& account) {
  ++looks_;
  const auto view = views_.view(context.store, account, account.name);
  if (!view || !view->exists()) return;
  const directory::NameState& chain = view->state();
  const AccountState before = account.state;
  const bool waited = statements_wait(context.store);
  forget_statements(context, chain);
  if (chain.is_active(account.device_id())) {
    account.state = AccountState::active;
    trouble_.clear();
    refusal_.reset();  // the server published what it refused
  } else if (chain.find(account.device_id()) != nullptr) {
    account.state = AccountState::removed;
  } else if (account.state == AccountState::resetting) {
    return follow_reset(context, account, *view);
  } else if (account.state == AccountState::registering) {
    trouble_ = "The name " + account.name.text() + " belongs to somebody else already; choose another.";
    return forget_account(context, account);
  } else if (account.state == AccountState::recovering && waited && !statements_wait(context.store)) {
    trouble_ = "Another device changed the name " + account.name.text() + " at the same moment; recover it again.";
    return forget_account(context, account);
  }
  if (account.state != before) save_account(context, account);
  if (chain.open_reset()) context.note(proto::Event::Level::warning, "a reset of the own name is open");
  // A device that has just become active takes the chain as its owner shows it; later additions are to be expected.
  const bool first = before != AccountState::active;
  const directory::AuthorisedDevice* own = chain.find(account.device_id());
  for (const directory::AuthorisedDevice& device : chain.devices()) {
    if (context.store.get(tables::kExpectedDevices, device.id)) continue;
    expect_device(context, device.id);
    if (first && (own == nullptr || device.added <= own->added)) continue;
    context.store.put(tables::kAlarms, to_bytes(device.id.view()),
                      wire::encode(Alarm{device.id, context.now.ms, device.added, adder_of(chain, device)}));
    context.note(proto::Event::Level::warning, "a device was added to the own name that this device did not add");
  }
}

std::optional<Adder> OwnName::adder_of(const directory::NameState& chain,
                                       const directory::AuthorisedDevice& device) const {
  for (const directory::CompletedReset& reset : chain.completed_resets()) {
    if (reset.sequence == device.added) return Adder{directory::SignerKind::new_device, device.id};
  }
  return views_.added_by(device.id);
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
  taken_.reset();
  begins_ = true;
  polls_ = 0;
  trouble_.clear();
  refusal_.reset();
}

}  // namespace cairn::client
