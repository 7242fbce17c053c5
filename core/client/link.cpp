#include "core/client/link.h"

#include "core/base/encoding.h"
#include "core/client/own_name.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr const char* kUnreached = "The server cannot be reached; it is tried again.";
constexpr const char* kChanged = "The devices of this name changed meanwhile; begin again with a new code.";
constexpr const char* kNoLonger = "This device no longer belongs to its name, so it lets no other in; use another one.";
constexpr const char* kNobodyCame =
    "No device of yours approved this code within ten minutes; begin again with a new code.";
constexpr const char* kNeverHeardOf =
    "The new device was not heard of within ten minutes; check that it runs and uses the same server, and begin again "
    "with a new code.";
constexpr const char* kNotVerified =
    "The directory could not be asked for your own name within ten minutes; begin again with a new code.";
constexpr const char* kNotSeenYet =
    "The new device was let in by this one, and has not appeared yet; it is added to the conversations as soon as it "
    "does.";

std::string call_key(const PublicKey& newcomer) { return "link " + as_text(newcomer); }

}  // namespace

// ---- what people want ----

Result<std::string> Links::begin(Context& context, const std::string& name, const std::string& server_url,
                                 const std::string& policy_text, HistoryChoice history) {
  directory::Name own = TRY(directory::Name::parse(name));
  TRY(tlog::ClientPolicy::parse(policy_text));
  TRY(abandon(context));
  REQUIRE(!load_account(context.store), ErrorCode::invalid_state, "this device already has a name");
  REQUIRE(server_url.size() <= kMaxServerUrl, ErrorCode::over_limit, "the server's address is too long");
  Account account = Account::create(std::move(own), server_url, policy_text, context.entropy);
  account.state = AccountState::linking;
  save_account(context, account);

  PendingLink link;
  link.stage = LinkStage::announce;
  link.is_newcomer = true;
  link.history = history;
  link.code = {account.signing_key.public_key(), random_secret<LinkSecret>(context.entropy)};
  link.started = context.now;
  save_link(context, link);
  return link_code_text(link.code);
}

Status Links::abandon(Context& context) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::linking) return ok();
  const auto link = load_link(context.store, account->signing_key.public_key());
  REQUIRE(!link || !link->submitted(), ErrorCode::invalid_state, "this device is being added just now");
  if (link) erase_link(context, *link);
  forget_expected_history(context);
  forget_account(context, *account);
  return ok();
}

Result<PublicKey> Links::approve(Context& context, const Account& account, std::string_view code,
                                 HistoryChoice history) {
  REQUIRE(account.state == AccountState::active, ErrorCode::invalid_state, "this device is not active");
  LinkCode parsed = TRY(parse_link_code(code));
  const PublicKey newcomer = parsed.signature_key;
  const auto view = views_.view(context.store, account, account.name);
  REQUIRE(!view || view->state().find_by_key(newcomer) == nullptr, ErrorCode::duplicate,
          "that device is in the chain already");
  for (const PendingLink& old : load_links(context.store)) {
    if (old.failed()) erase_link(context, old);
  }
  if (load_link(context.store, newcomer)) return newcomer;
  PendingLink link;
  link.stage = LinkStage::await_request;
  link.is_newcomer = false;
  link.history = history;
  link.code = std::move(parsed);
  link.started = context.now;
  save_link(context, link);
  return newcomer;
}

// ---- the next thing that is missing ----

void Links::step(Context& context, Account& account) {
  due_ = Time::never();
  for (PendingLink& link : load_links(context.store)) advance(context, account, std::move(link));
  std::map<PublicKey, Time> asked;
  for (const PendingLink& link : load_links(context.store)) {
    if (link.failed()) continue;
    const PublicKey& newcomer = link.code.signature_key;
    if (!link.submitted()) due_ = std::min(due_, after(link.started, kLinkLifeMs));
    const auto last = asked_.find(newcomer);
    if (last == asked_.end()) continue;
    asked.insert(*last);
    if (!calls_.under_way(call_key(newcomer))) due_ = std::min(due_, after(last->second, kLinkPollMs));
  }
  asked_ = std::move(asked);
}

void Links::advance(Context& context, const Account& account, Record link) {
  if (link.failed()) return;
  if (link.is_newcomer && account.state != AccountState::linking) return erase_link(context, link);
  if (!link.is_newcomer && account.state != AccountState::active) return fail_link(context, link, kNoLonger);
  if (!link.submitted() && elapsed_ms(context.now, link.started) >= kLinkLifeMs) return give_up(context, link);
  if (link.stage == LinkStage::check_offer) check_offer(context, account, link);
  if (link.stage == LinkStage::make_offer) make_offer(context, account, link);
  switch (link.stage) {
    case LinkStage::announce:
      return fill_slot(context, account, link, LinkSlot::from_new_device,
                       wire::encode(LinkRequest{account.name, account.device()}));
    case LinkStage::await_offer: return ask_slot(context, account, link, LinkSlot::from_existing_device);
    case LinkStage::submit:
      return ask(context, account, link, proto::Method::post, std::string(proto::kPathStatement),
                 wire::encode(proto::StatementRequest{link.statement, {}, {}}));
    case LinkStage::await_request: return ask_slot(context, account, link, LinkSlot::from_new_device);
    case LinkStage::post_offer:
      return fill_slot(context, account, link, LinkSlot::from_existing_device, link.statement);
    case LinkStage::await_admission:
    case LinkStage::await_newcomer: return await_newcomer(context, account, link);
    case LinkStage::check_offer:  // a newer view of the own name is waited for, which is being looked up
    case LinkStage::make_offer:
    case LinkStage::failed: return;
  }
}

void Links::give_up(Context& context, Record& link) {
  const char* why = link.is_newcomer                          ? kNobodyCame
                    : link.stage == LinkStage::await_newcomer ? kNotSeenYet
                    : link.stage == LinkStage::await_request  ? kNeverHeardOf
                                                              : kNotVerified;
  fail_link(context, link, why);
}

void Links::ask(Context& context, const Account& account, const Record& link, proto::Method method, std::string path,
                Bytes body) {
  const PublicKey newcomer = link.code.signature_key;
  const auto asked = asked_.find(newcomer);
  if (asked != asked_.end() && elapsed_ms(context.now, asked->second) < kLinkPollMs) return;
  proto::Call call;
  call.method = method;
  call.url = account.server_url + path;
  call.body = std::move(body);
  const bool started = calls_.start(context, call_key(newcomer), std::move(call),
                                    [this, newcomer](Context& later, const Answer& answer) {
                                      const auto own = load_account(later.store);
                                      auto pending = load_link(later.store, newcomer);
                                      if (own && pending) answered(later, *own, std::move(*pending), answer);
                                    });
  if (started) asked_[newcomer] = context.now;
}

void Links::ask_slot(Context& context, const Account& account, const Record& link, LinkSlot slot) {
  ask(context, account, link, proto::Method::get,
      std::string(proto::kPathRendezvous) + to_hex(link_slot(link.code, slot)), {});
}

void Links::fill_slot(Context& context, const Account& account, const Record& link, LinkSlot slot, ByteView plaintext) {
  ask(context, account, link, proto::Method::post,
      std::string(proto::kPathRendezvous) + to_hex(link_slot(link.code, slot)),
      seal_for_slot(link.code, slot, plaintext, context.entropy));
}

void Links::answered(Context& context, const Account& account, Record link, const Answer& answer) {
  constexpr int kConflict = 409;
  constexpr int kNotFound = 404;
  const bool empty_slot =
      answer.status == kNotFound && (link.stage == LinkStage::await_offer || link.stage == LinkStage::await_request);
  // A slot that is filled already was filled by the same call, whose answer was lost: nobody else knows its id.
  const bool filled_before =
      answer.status == kConflict && (link.stage == LinkStage::announce || link.stage == LinkStage::post_offer);
  trouble_.clear();
  if (answer.retry_after_ms != 0) asked_[link.code.signature_key] = after(context.now, answer.retry_after_ms);
  if (link.stage == LinkStage::submit) return submitted(context, link, answer);
  if (empty_slot) return;
  if (!answer.body && !filled_before) {
    trouble_ = answer.message.empty() ? kUnreached : answer.message;
    return;
  }
  asked_.erase(link.code.signature_key);  // what is next need not wait
  switch (link.stage) {
    case LinkStage::announce: return move_to(context, link, LinkStage::await_offer);
    case LinkStage::await_offer: return take_offer(context, account, link, *answer.body);
    case LinkStage::await_request: return take_request(context, account, link, *answer.body);
    case LinkStage::post_offer: return move_to(context, link, LinkStage::await_newcomer);
    default: return;
  }
}

// ---- the new device ----

void Links::take_offer(Context& context, const Account& account, Record& link, ByteView sealed) {
  constexpr const char* kWrong = "What the other device answered is not for this one; begin again with a new code.";
  const auto opened = open_from_slot(link.code, LinkSlot::from_existing_device, sealed);
  if (!opened) return fail_link(context, link, kWrong);
  const auto offer = wire::decode<LinkOffer>(opened->expose());
  if (!offer) return fail_link(context, link, kWrong);
  const auto* add = std::get_if<directory::AddDevice>(&offer->content.body);
  const bool fits = add != nullptr && add->device == account.device() && offer->content.name == account.name;
  if (!fits) return fail_link(context, link, kWrong);
  link.statement = to_bytes(opened->expose());
  link.sequence = offer->content.sequence;
  move_to(context, link, LinkStage::check_offer);
}

// The statement must extend the chain that this device has verified itself: apply() checks everything, both
// signatures included.
void Links::check_offer(Context& context, const Account& account, Record& link) {
  const auto view = views_.view(context.store, account, account.name);
  if (!view) return;
  if (!view->exists()) {
    return fail_link(context, link, "There is no " + account.name.text() + "; check the spelling, or register it.");
  }
  if (link.sequence > view->count()) return;  // the view is older than the other device's
  auto offer = wire::decode<LinkOffer>(link.statement);
  CHECK(offer.has_value());
  directory::Statement statement{offer->content, {offer->signature}};
  statement.signatures.push_back(directory::sign_as_new_device(statement.content, account.signing_key));
  if (const auto applied = directory::apply(view->state(), statement); !applied) {
    const bool moved = applied.error().code == ErrorCode::stale || applied.error().code == ErrorCode::conflict;
    return fail_link(context, link,
                     moved ? kChanged
                           : std::string("The other device's answer was refused (") + applied.error().where +
                                 "); begin again with a new code.");
  }
  link.statement = wire::encode(statement);
  set_first_own_index(context, link.sequence);
  expect_history(context, directory::device_id(offer->signature.key), link.history);
  move_to(context, link, LinkStage::submit);
}

void Links::submitted(Context& context, Record& link, const Answer& answer) {
  if (answer.body) {
    asked_.erase(link.code.signature_key);
    return move_to(context, link, LinkStage::await_admission);
  }
  constexpr int kTooMany = 429;
  const bool for_good = answer.status >= 400 && answer.status < 500 && answer.status != kTooMany;
  trouble_ = answer.message.empty() ? kUnreached : answer.message;
  if (!for_good) return;
  const ErrorCode code = answer.body.error().code;
  const bool moved = code == ErrorCode::stale || code == ErrorCode::conflict;
  fail_link(context, link, moved ? kChanged : trouble_ + " Begin again with a new code.");
}

// ---- the existing device ----

void Links::take_request(Context& context, const Account& account, Record& link, ByteView sealed) {
  const auto opened = open_from_slot(link.code, LinkSlot::from_new_device, sealed);
  const auto request =
      opened ? wire::decode<LinkRequest>(opened->expose()) : Result<LinkRequest>(tl::unexpected<Error>(opened.error()));
  if (!request || request->device.signature_key != link.code.signature_key) {
    return fail_link(context, link, "What the new device left does not fit its code; begin again with a new code.");
  }
  if (request->name != account.name) {
    return fail_link(context, link,
                     "The new device asks for the name " + request->name.text() + ", and yours is " +
                         account.name.text() + "; begin again there with your name.");
  }
  link.request = to_bytes(opened->expose());
  move_to(context, link, LinkStage::make_offer);
}

void Links::make_offer(Context& context, const Account& account, Record& link) {
  const auto evidence = views_.evidence(context.store, account, account.name);
  if (!evidence || evidence->verified < link.started) return;  // the own name is being looked up
  const auto view = views_.view(context.store, account, account.name);
  const auto request = wire::decode<LinkRequest>(link.request);
  CHECK(view.has_value() && request.has_value());
  const directory::NameState& chain = view->state();
  if (chain.find_by_key(link.code.signature_key) != nullptr) return erase_link(context, link);  // it is done
  if (!chain.is_active(account.device_id())) return fail_link(context, link, kNoLonger);
  if (chain.active_count() >= directory::kMaxActiveDevices) {
    return fail_link(context, link, "There are 32 devices already; remove one, and begin again with a new code.");
  }
  directory::StatementContent content{account.name,
                                      chain.count(),
                                      chain.head(),
                                      context.now.ms,
                                      random_value<Nonce16>(context.entropy),
                                      std::nullopt,
                                      directory::AddDevice{request->device}};
  const auto signature = directory::sign_as_device(content, account.signing_key);
  link.sequence = content.sequence;
  link.statement = wire::encode(LinkOffer{std::move(content), signature});
  OwnName::expect_device(context, request->device.id());
  grant_history(context, request->device.id(), link.history);
  move_to(context, link, LinkStage::post_offer);
}

// ---- both ----

void Links::await_newcomer(Context& context, const Account& account, Record& link) {
  const auto view = views_.view(context.store, account, account.name);
  if (!view) return;
  if (view->state().find_by_key(link.code.signature_key) != nullptr) {
    if (!link.is_newcomer) erase_link(context, link);  // the newcomer ends it when its account is active
    return;
  }
  if (view->count() > link.sequence) fail_link(context, link, kChanged);
}

void Links::move_to(Context& context, Record& link, LinkStage stage) {
  link.stage = stage;
  save_link(context, link);
}

void Links::fail_link(Context& context, Record& link, std::string sentence) {
  link.sentence = std::move(sentence);
  move_to(context, link, LinkStage::failed);
}

std::optional<Links::Progress> Links::progress(const StoreView& store, const PublicKey& newcomer) const {
  const auto link = load_link(store, newcomer);
  if (!link) return std::nullopt;
  return Progress{link->failed(), link->failed() ? link->sentence : trouble_};
}

bool Links::under_way(const StoreView& store) const {
  for (const PendingLink& link : load_links(store)) {
    if (!link.failed()) return true;
  }
  return false;
}

void Links::forget_all() {
  asked_.clear();
  trouble_.clear();
  due_ = Time::never();
}

}  // namespace cairn::client
