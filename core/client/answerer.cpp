#include "core/client/answerer.h"

#include "core/client/domains.h"
#include "core/client/identity.h"
#include "core/client/reconciler.h"
#include "core/client/requests.h"
#include "core/client/tables.h"
#include "core/crypto/labels.h"
#include "core/proto/rejoin.h"

namespace cairn::client {
namespace {

/// Those of another name wait for up to so long for each device of the conversation, that not all answer at once.
constexpr std::uint64_t kTurnMs = 2 * kSecondMs;
constexpr std::uint64_t kMostTurnsMs = kMinuteMs;
constexpr std::size_t kMostRows = 10'000;

std::string answer_key(const ChannelId& channel, const DeviceId& device) {
  return "rejoin answer " + as_text(channel) + as_text(device);
}

std::uint64_t random_below(Entropy& entropy, std::uint64_t end) {
  std::array<std::uint8_t, 8> bytes{};
  entropy.fill(bytes);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return end == 0 ? 0 : value % end;
}

/// Until when a package says that it is good; 0 for one that says nothing.
std::uint64_t good_until_ms(const mls::KeyPackage& package) {
  const auto* lifetime = std::get_if<mls::Lifetime>(&package.leaf_node.origin);
  if (lifetime == nullptr || lifetime->not_after > Time::never().ms / kSecondMs) return 0;
  return lifetime->not_after * kSecondMs;
}

Result<Bytes> answered_key(const RejoinRequest& request) {
  const auto package = TRY(wire::decode<mls::KeyPackage>(request.key_package));
  const mls::KeyPackageRef reference = TRY(package.reference());
  return concat({request.channel, request.device, reference.view()});
}

}  // namespace

bool Answerer::is_settled() const {
  return conversation_ && conversation_->state == ConversationState::active && group_ != nullptr &&
         group_->is_active() && !load_rejoin(context_.store, channel_) && owner_.session_.caught_up() &&
         group_->pending() == nullptr && context_.store.scan_prefix(tables::kInboxByChannel, channel_, 1).empty();
}

const mls::LeafNode* Answerer::leaf_of(const directory::Name& name, const DeviceId& device) const {
  for (const mls::Member& member : group_->members()) {
    const auto who = parse_identity(*member.node);
    if (who && who->name == name && who->device == device) return member.node.get();
  }
  return nullptr;
}

// All that needs no directory.
Status Answerer::check(const RejoinRequest& request) const {
  REQUIRE(request.channel == channel_, ErrorCode::not_authorised, "a request for another channel");
  REQUIRE(request.device != account_.device_id(), ErrorCode::not_authorised, "a request of this device");
  const directory::Name name = TRY(directory::Name::from(request.name));
  const mls::LeafNode* leaf = leaf_of(name, request.device);
  REQUIRE(leaf != nullptr, ErrorCode::not_authorised, "a request of a device that has no place here");
  const PublicKey key = TRY(PublicKey::from(leaf->signature_key));
  TRY(crypto::verify_labelled(key, crypto::kSignRejoin, request.content(), request.signature));
  auto made = TRY(wire::decode<mls::KeyPackage>(request.key_package));
  const auto package = TRY(mls::VerifiedKeyPackage::verify(mls::cipher_suite(mls::kDefaultSuite), std::move(made)));
  const mls::LeafNode& asks = package.package().leaf_node;
  REQUIRE(asks.credential == leaf->credential && asks.signature_key == leaf->signature_key, ErrorCode::not_authorised,
          "a key package of another device");
  TRY(package.package().check_lifetime(context_.now));
  // Else it could be answered again when that it was is forgotten.
  REQUIRE(good_until_ms(package.package()) <= after(context_.now, kRejoinLifeMs + kDayMs).ms, ErrorCode::not_authorised,
          "a key package that lives for too long");
  REQUIRE(!context_.store.get(tables::kRejoinAnswered, TRY(answered_key(request))), ErrorCode::duplicate,
          "a request that was answered");
  return ok();
}

void Answerer::take_request(const proto::Envelope& envelope) {
  conversation_ = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (!conversation_ || !conversation_->is_writable() || group_ == nullptr || !group_->is_active()) return;
  const auto request = wire::decode<RejoinRequest>(envelope.body);
  const Status checked = request ? check(*request) : Status(fail(ErrorCode::malformed, "a request to rejoin"));
  if (!checked) return context_.note(proto::Event::Level::warning, checked.error().where);
  AskedRejoin asked{*request, context_.now.ms};
  if (request->name != account_.name.text()) {
    const std::uint64_t most_ms = std::min(kTurnMs * group_->members().size(), kMostTurnsMs);
    asked.answer_at_ms = after(context_.now, random_below(context_.entropy, most_ms)).ms;
  }
  context_.store.put(tables::kRejoinAsked, concat({channel_, request->device}), wire::encode(asked));
  owner_.due(channel_);
}

void Answerer::came_in(Context& context, const ChannelId& channel, const DeviceId& device) {
  const Bytes key = concat({channel, device});
  context.store.erase(tables::kRejoinAsked, key);
  wire::Writer w;
  w.u64(context.now.ms);
  context.store.put(tables::kRejoined, key, w.take());
}

void Answerer::refuse(const DeviceId& device) {
  context_.store.erase(tables::kRejoinAsked, concat({channel_, device}));
}

void Answerer::run() {
  const auto rows = context_.store.scan_prefix(tables::kRejoinAsked, channel_, kMostRows);
  if (rows.empty()) return;
  conversation_ = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (!is_settled()) return;
  for (const Row& row : rows) {
    auto asked = wire::decode<AskedRejoin>(row.value);
    const Judged judged = asked ? judge(*asked) : Judged::refuse;
    if (judged == Judged::refuse) context_.store.erase(tables::kRejoinAsked, row.key);
    if (judged == Judged::answer) answer(asked->request);
  }
}

Time Answerer::free_at(const DeviceId& device) const {
  Time free;
  if (const auto row = context_.store.get(tables::kRejoined, concat({channel_, device}))) {
    const std::uint64_t came_ms = std::min(wire::Reader(*row).u64().value_or(0), context_.now.ms);
    free = after(Time{came_ms}, kRejoinEveryMs);
  }
  std::size_t lately = 0;
  Time oldest = Time::never();
  for (const Row& row : context_.store.scan_prefix(tables::kRejoinAnswered, concat({channel_, device}), kMostRows)) {
    const auto answered = wire::decode<AnsweredRejoin>(row.value);
    if (!answered || answered->until_ms < context_.now.ms) {
      context_.store.erase(tables::kRejoinAnswered, row.key);
      continue;
    }
    if (elapsed_ms(context_.now, Time{answered->answered_ms}) >= kRejoinEveryMs) continue;
    ++lately;
    oldest = std::min(oldest, Time{answered->answered_ms});
  }
  return lately < kMaxRejoinAnswers ? free : std::max(free, after(oldest, kRejoinEveryMs));
}

// In a request nothing is said, so that nobody learns who is on line; and another own device would take an answer for
// its owner's yes.
bool Answerer::is_wanted() const {
  const ConversationSettings settings = settings_of(context_.store, home_of(context_.store, channel_));
  const std::string other = other_of_pair(account_, *conversation_);
  return !settings.is_request && !settings.is_hidden &&
         (other.empty() || !contact_of(context_.store, account_, other).is_blocked);
}

Answerer::Judged Answerer::judge(AskedRejoin& asked) {
  const RejoinRequest& request = asked.request;
  const auto name = directory::Name::from(request.name);
  if (!name || !check(request)) return Judged::refuse;
  const Time at = std::max(free_at(request.device), Time{asked.answer_at_ms});
  if (at > context_.now) {
    owner_.wake(channel_, at);
    return Judged::later;
  }
  if (!is_wanted()) return Judged::later;
  if (owner_.views_.awaits_admission(context_.store, account_, *name)) return Judged::later;
  if (!owner_.views_.fresh(context_, account_, *name, kFreshForNewMs)) {
    owner_.views_.want(context_, account_, *name, kFreshForNewMs);
    return Judged::later;
  }
  const auto view = owner_.views_.view(context_.store, account_, *name);
  return view && view->state().is_active(request.device) ? Judged::answer : Judged::refuse;
}

void Answerer::answer(const RejoinRequest& request) {
  const bool is_put = owner_.answering_.contains(concat({channel_, request.device}));
  if (is_put || owner_.calls_.under_way(answer_key(channel_, request.device))) return;
  const auto package = wire::decode<mls::KeyPackage>(request.key_package);
  auto group_info = group_->group_info(mls::TreePlacement::inside);
  if (!package || !group_info) return refuse(request.device);
  auto sealed = seal_answer(channel_, *package,
                            {std::move(*group_info), write_key_of(*group_, channel_).seed().clone()}, context_.entropy);
  if (!sealed) return refuse(request.device);
  if (wire::encode(*sealed).size() <= proto::kMaxEnvelopeBody) {
    if (!send(request, *sealed)) refuse(request.device);
    return;
  }
  if (sealed->ciphertext.size() > proto::kMaxHandshakeBlob) {
    context_.note(proto::Event::Level::warning, "a conversation is too large for an answer");
    return refuse(request.device);
  }
  owner_.answering_.insert(concat({channel_, request.device}));
  put({request, group_->epoch(), std::make_shared<const RejoinAnswer>(std::move(*sealed))});
}

void Answerer::put(const Putting& it) {
  const bool is_whole = owner_.large_.put(
      context_, account_, {channel_, conversation_->domain, it.epoch}, write_key_of(*group_, channel_),
      it.sealed->ciphertext, [&owner = owner_, channel = channel_, it](Context& later, const Answer& answer) {
        const auto account = load_account(later.store);
        if (account) Answerer(owner, later, *account, channel).put_answered(it, answer);
      });
  if (!is_whole) return;
  owner_.answering_.erase(concat({channel_, it.request.device}));
  const proto::BlobRef place = LargeBodies::place_of(account_, channel_, it.sealed->ciphertext);
  if (send(it.request, {it.sealed->reference, it.sealed->kem_output, {}, place})) return;
  take_back(it);
  refuse(it.request.device);
}

// No request has named it, and what is sealed next is another one.
void Answerer::take_back(const Putting& it) {
  if (!conversation_) return;
  owner_.large_.take_back(context_, account_, channel_, conversation_->domain, it.sealed->ciphertext);
}

void Answerer::put_answered(const Putting& it, const Answer& answer) {
  conversation_ = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (answer.body && is_settled() && group_->epoch() == it.epoch) return put(it);
  owner_.answering_.erase(concat({channel_, it.request.device}));
  // What tells of a former epoch lets nobody in: it is made anew.
  take_back(it);
  if (answer.body) return owner_.due(channel_);
  answered(it.request, answer);
}

bool Answerer::send(const RejoinRequest& request, const RejoinAnswer& sealed) {
  const auto name = directory::Name::from(request.name);
  const auto view = name ? owner_.views_.view(context_.store, account_, *name) : std::nullopt;
  const bool is_in = view && view->state().is_active(request.device) && leaf_of(*name, request.device) != nullptr;
  if (!is_in) return false;
  const auto* entry = view->state().find(request.device);
  proto::ChannelRejoinAnswer out;
  out.channel = channel_;
  out.epoch = group_->epoch();
  out.to = {std::string(name->domain()), entry->device.mailbox};
  out.answer = wire::encode(sealed);
  out.signature = crypto::sign_labelled(write_key_of(*group_, channel_), crypto::kSignRejoinAnswer, out.content());
  proto::Call call = call_to(context_.store, account_, conversation_->domain, proto::kPathRejoinAnswer);
  call.body = wire::encode(out);
  owner_.calls_.start(context_, answer_key(channel_, request.device), std::move(call),
                      [&owner = owner_, channel = channel_, request](Context& later, const Answer& answer) {
                        const auto account = load_account(later.store);
                        if (account) Answerer(owner, later, *account, channel).answered(request, answer);
                      });
  return true;
}

void Answerer::answered(const RejoinRequest& request, const Answer& answer) {
  const bool refused = answer.status >= 400 && answer.status < 500 && answer.status != 409 && answer.status != 429;
  if (!answer.body && !refused) return owner_.retry_later(context_, channel_, &answer);
  const auto row = context_.store.get(tables::kRejoinAsked, concat({channel_, request.device}));
  const auto waits = row ? wire::decode<AskedRejoin>(*row) : Result<AskedRejoin>(fail(ErrorCode::not_found, "asked"));
  if (waits && waits->request.key_package == request.key_package) refuse(request.device);
  owner_.due(channel_);  // it may have asked anew meanwhile
  if (!answer.body) return;
  const auto package = wire::decode<mls::KeyPackage>(request.key_package);
  const auto key = answered_key(request);
  if (!package || !key) return;
  context_.store.put(tables::kRejoinAnswered, *key,
                     wire::encode(AnsweredRejoin{context_.now.ms, good_until_ms(*package)}));
}

}  // namespace cairn::client
