#include "core/client/rejoiner.h"

#include <algorithm>

#include "core/client/domains.h"
#include "core/client/history_rows.h"
#include "core/client/identity.h"
#include "core/client/key_packages.h"
#include "core/client/reconciler.h"
#include "core/client/requests.h"
#include "core/client/roles.h"
#include "core/client/standing.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/proto/rejoin.h"

namespace cairn::client {
namespace {

/// Answers that are kept until they are tried.
constexpr std::size_t kMaxAnswers = 16;
/// Of those that came as blobs.
constexpr std::ptrdiff_t kMaxLargeAnswers = 2;
/// How long a pair waits to be let in again: then it is begun anew, which its two can always do.
constexpr std::uint64_t kPairPatienceMs = 2 * kDayMs;
/// The devices of one name may all be off for a while, this one among them: it has asked, and asked again. So it has
/// of a group that is said to have nobody else: what brings others there may be on its way.
constexpr std::uint32_t kLeastAsks = 2;
/// How often it is asked into a channel that is no conversation here.
constexpr std::uint32_t kMostUnknownAsks = 6;
/// After a commit that was too late, and after an answer that was none.
constexpr std::uint64_t kRacePauseMs = 2 * kSecondMs;
constexpr std::uint64_t kBadPauseMs = kMinuteMs;
/// While another conversation asks for a passport of the same domain.
constexpr std::uint64_t kPassportPauseMs = kSecondMs;
/// A package is made anew so long before it runs out.
constexpr std::uint64_t kSpareLifeMs = kDayMs;

std::string rejoin_call(const char* what, const ChannelId& channel) { return std::string(what) + as_text(channel); }

std::string names_text(const std::vector<std::string>& names, const std::string& own) {
  std::string out;
  for (const std::string& name : names) {
    if (name != own) out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

}  // namespace

bool Rejoiner::run() {
  if (account_.state != AccountState::active) return false;
  conversation_ = owner_.find(context_.store, channel_);
  if (notice_loss()) return true;
  conversation_ = owner_.find(context_.store, channel_);
  auto rejoin = load_rejoin(context_.store, channel_);
  if (!rejoin || !rejoin->needed) return false;
  rejoin_ = std::move(*rejoin);
  if (conversation_ && conversation_->state == ConversationState::broken) {
    erase_rejoin(context_, channel_);
    return false;
  }
  if (conversation_ && conversation_->trouble.empty()) trouble(waits_to_rejoin());
  if (!owner_.session_.caught_up()) return true;
  if (owner_.session_.token().empty()) {
    owner_.awaits_login_.insert(channel_);
    return true;
  }
  if (!context_.store.scan_prefix(tables::kInboxByChannel, channel_, 1).empty()) return true;  // the past comes first
  if (!give_up()) step();
  return true;
}

bool Rejoiner::notice_loss() {
  if (!conversation_ || !conversation_->is_writable() || needs_rejoin(context_.store, channel_)) return false;
  if (owner_.group(context_.store, channel_) != nullptr) return false;
  if (conversation_->state == ConversationState::active) {
    owner_.cannot_go_on(context_, channel_, conversation_->domain);
    return false;
  }
  // Nobody else was ever in it.
  conversation_->state = ConversationState::broken;
  conversation_->trouble = "What this device began here is lost; begin it again.";
  owner_.save(context_, *conversation_);
  begin_anew();
  return true;
}

void Rejoiner::step() {
  if (!rejoin_.commit.empty()) {
    const auto retry = owner_.retries_.find(channel_);
    const bool waits = retry != owner_.retries_.end() && retry->second.at != Time::never();
    return waits ? void() : send_commit();
  }
  if (try_answers()) return send_commit();
  ask();
}

void Rejoiner::save() { save_rejoin(context_, channel_, rejoin_); }

void Rejoiner::trouble(const std::string& sentence) {
  if (!conversation_ || sentence.empty() || conversation_->trouble == sentence) return;
  conversation_->trouble = sentence;
  owner_.save(context_, *conversation_);
}

bool Rejoiner::give_up() {
  if (!conversation_) {
    if (rejoin_.asked < kMostUnknownAsks || rejoin_.ask_at_ms > context_.now.ms) return false;
    erase_rejoin(context_, channel_);
    rejoin_ = {};
    rejoin_.given_up = true;
    rejoin_.since_ms = context_.now.ms;
    save();
    return true;
  }
  if (conversation_->kind == ConversationKind::group) return false;
  if (elapsed_ms(context_.now, Time{rejoin_.since_ms}) < kPairPatienceMs) return false;
  if (conversation_->kind == ConversationKind::self && rejoin_.asked < kLeastAsks) return false;
  // The others take no further one: there this device would be alone.
  const ChannelId home = home_of(context_.store, channel_);
  if (channels_of(context_.store, home).size() >= kMaxChannelsOfPair) return false;
  conversation_->state = ConversationState::broken;
  conversation_->trouble = "Nobody could let this device in here again; what is sent next begins a new conversation.";
  owner_.save(context_, *conversation_);
  erase_rejoin(context_, channel_);
  owner_.notice(context_, home,
                std::string(kGapWords) + ": nobody could let this device in again, and it goes on over a new channel.");
  begin_anew();
  return true;
}

// What waits for a pair finds another channel between the two, and so does what waits for the own devices; what waits
// for a group finds nobody.
void Rejoiner::begin_anew() {
  const ChannelId home = home_of(context_.store, channel_);
  owner_.others_due(context_.store, channel_);
  if (conversation_->kind == ConversationKind::group) {
    return owner_.refuse_outbox(context_, home, Conversations::Unsent::all);
  }
  if (context_.store.scan_prefix(tables::kOutbox, home, 1).empty()) return;
  if (conversation_->kind == ConversationKind::self) (void)owner_.own_conversation(context_, account_);
  for (const std::string& text : conversation_->names) {
    const auto name = directory::Name::from(text);
    if (name && *name != account_.name) (void)owner_.pair_with(context_, account_, *name);
  }
}

// ---- asking ----

std::uint64_t Rejoiner::pause_after(std::uint32_t asked) {
  constexpr std::uint64_t kPauses[] = {2 * kMinuteMs, 20 * kMinuteMs, 2 * kHourMs, 6 * kHourMs};
  return asked == 0 || asked > std::size(kPauses) ? 12 * kHourMs : kPauses[asked - 1];
}

bool Rejoiner::make_package() {
  if (!rejoin_.key_package.empty()) {
    const auto package = mls::PrivateKeyPackage::restore(rejoin_.key_package.expose());
    if (package && package->package().check_lifetime(after(context_.now, kSpareLifeMs))) return true;
  }
  auto package = mls::PrivateKeyPackage::create(mls::kDefaultSuite, account_.signing_identity(),
                                                leaf_options(context_.now, kRejoinLifeMs), context_.entropy);
  if (!package) return false;
  rejoin_.key_package = package->serialise();
  return true;
}

void Rejoiner::ask() {
  if (rejoin_.ask_at_ms > context_.now.ms) return owner_.wake(channel_, Time{rejoin_.ask_at_ms});
  const std::string key = rejoin_call("rejoin ", channel_);
  if (owner_.calls_.under_way(key)) return;
  const std::optional<std::string> shown = bearer();
  if (!shown || !make_package()) return;
  const auto package = mls::PrivateKeyPackage::restore(rejoin_.key_package.expose());
  CHECK(package.has_value());
  RejoinRequest request;
  request.channel = channel_;
  request.name = account_.name.text();
  request.device = account_.device_id();
  request.key_package = wire::encode(package->package());
  request.signature = crypto::sign_labelled(account_.signing_key, crypto::kSignRejoin, request.content());
  save();
  proto::Call call = call_to(context_.store, account_, rejoin_.domain, proto::kPathRejoin);
  call.bearer = *shown;
  call.body = wire::encode(proto::ChannelRejoin{channel_, wire::encode(request)});
  owner_.calls_.start(context_, key, std::move(call),
                      [&owner = owner_, channel = channel_](Context& later, const Answer& answer) {
                        const auto account = load_account(later.store);
                        if (account) Rejoiner(owner, later, *account, channel).asked(answer);
                      });
}

// The token goes to the own domain's server alone.
std::optional<std::string> Rejoiner::bearer() {
  if (rejoin_.domain == account_.name.domain()) return owner_.session_.token();
  std::string passport = owner_.passports_.text(rejoin_.domain, context_.now);
  if (!passport.empty()) return passport;
  const bool begun = owner_.passports_.ask(context_, account_, rejoin_.domain,
                                           [&owner = owner_, channel = channel_](Context& later, const Answer& answer) {
                                             const auto account = load_account(later.store);
                                             if (account)
                                               Rejoiner(owner, later, *account, channel).passport_answered(answer);
                                           });
  // Another conversation asks for it just now.
  if (!begun) owner_.wake(channel_, after(context_.now, kPassportPauseMs));
  return std::nullopt;
}

void Rejoiner::passport_answered(const Answer& answer) {
  auto rejoin = load_rejoin(context_.store, channel_);
  if (!rejoin || !rejoin->needed) return;
  rejoin_ = std::move(*rejoin);
  conversation_ = owner_.find(context_.store, channel_);
  if (!owner_.passports_.text(rejoin_.domain, context_.now).empty()) return owner_.due(channel_);
  ask_later(answer, account_.name.domain());
}

void Rejoiner::asked(const Answer& answer) {
  auto rejoin = load_rejoin(context_.store, channel_);
  if (!rejoin || !rejoin->needed) return;
  rejoin_ = std::move(*rejoin);
  conversation_ = owner_.find(context_.store, channel_);
  const bool is_elsewhere = rejoin_.domain != account_.name.domain();
  if (answer.status == 401 && is_elsewhere) owner_.passports_.refused(rejoin_.domain);
  if (answer.status == 401 && !is_elsewhere) owner_.session_.token_refused();
  ask_later(answer, rejoin_.domain);
  const auto counted = answer.body ? wire::decode<proto::RejoinAsked>(*answer.body)
                                   : Result<proto::RejoinAsked>(fail(ErrorCode::unavailable, "not asked"));
  if (counted && counted->mailboxes == 0) nobody_is_there();
}

void Rejoiner::ask_later(const Answer& answer, std::string_view domain) {
  // Of another domain: its build is older and wants a login, or it took the passport for none.
  const bool is_elsewhere = answer.status == 401 && domain != account_.name.domain();
  const bool is_no =
      answer.status == 403 || answer.status == 404 || answer.status == 413 || answer.status == 501 || is_elsewhere;
  ++rejoin_.asked;
  std::uint64_t pause_ms = pause_after(rejoin_.asked);
  // What is no conversation here takes a place from another one: its server does not put that off for ever.
  const bool is_counted = !conversation_ && (answer.status != 0 || domain != account_.name.domain());
  if (!answer.body && !is_no && !is_counted) {
    --rejoin_.asked;
    pause_ms = answer.pause_ms(answer.status == 429 ? 20 * kMinuteMs : 10 * kSecondMs);
  }
  rejoin_.ask_at_ms = after(context_.now, pause_ms).ms;
  save();
  owner_.due(channel_);
  if (is_no) trouble(server_says(account_, domain) + answer.message);
}

// A pair is begun anew after the same time, whoever is there.
void Rejoiner::nobody_is_there() {
  trouble(
      "This device lost its place here, and nobody else is in this conversation who could let it in; begin a new one.");
  if (!conversation_ || conversation_->kind != ConversationKind::group || !conversation_->is_writable()) return;
  if (elapsed_ms(context_.now, Time{rejoin_.since_ms}) < kPairPatienceMs || rejoin_.asked < kLeastAsks) return;
  conversation_->state = ConversationState::broken;
  owner_.save(context_, *conversation_);
  erase_rejoin(context_, channel_);
  begin_anew();
}

// ---- what is answered ----

std::optional<RejoinAnswer> Rejoiner::wanted(const proto::Envelope& envelope) const {
  const auto rejoin = load_rejoin(context_.store, channel_);
  auto answer = wire::decode<RejoinAnswer>(envelope.body);
  if (!rejoin || !rejoin->needed || rejoin->key_package.empty() || !answer) return std::nullopt;
  const auto package = mls::PrivateKeyPackage::restore(rejoin->key_package.expose());
  if (!package || !equal(answer->reference, package->reference().view())) return std::nullopt;
  const auto rows = context_.store.scan_prefix(tables::kRejoinAnswers, channel_, kMaxAnswers);
  const auto large = std::count_if(rows.begin(), rows.end(),
                                   [](const Row& row) { return row.value.size() > proto::kMaxEnvelopeBody; });
  if (rows.size() == kMaxAnswers || (answer->large && large >= kMaxLargeAnswers)) return std::nullopt;
  return std::move(*answer);
}

void Rejoiner::take_answer(const proto::Envelope& envelope, Bytes ciphertext) {
  auto answer = wanted(envelope);
  if (!answer || answer->large.has_value() == ciphertext.empty()) return;
  if (answer->large) answer->ciphertext = std::move(ciphertext);
  answer->large.reset();
  wire::Writer key;
  key.raw(channel_);
  key.u64(envelope.sequence);
  context_.store.put(tables::kRejoinAnswers, key.take(), wire::encode(*answer));
}

bool Rejoiner::try_answers() {
  for (const Row& row : context_.store.scan_prefix(tables::kRejoinAnswers, channel_, kMaxAnswers)) {
    const auto answer = wire::decode<RejoinAnswer>(row.value);
    const Tried tried = answer ? try_answer(*answer) : Tried::bad;
    if (tried == Tried::waits) continue;
    context_.store.erase(tables::kRejoinAnswers, row.key);
    if (tried == Tried::joined) return true;
    context_.note(proto::Event::Level::warning, "an answer that lets nobody in was dropped");
  }
  return false;
}

bool Rejoiner::look_up(const std::set<directory::Name>& names) {
  bool waits = false;
  for (const directory::Name& name : names) {
    if (owner_.views_.outcome(name).absent) continue;
    owner_.views_.want_newer(context_, account_, name, owner_.awaited_[channel_][name]);
    waits = true;
  }
  return waits;
}

std::optional<mls::LeafIndex> Rejoiner::own_leaf(const mls::GroupPreview& preview) const {
  for (const mls::Member& member : preview.members) {
    const auto who = parse_identity(*member.node);
    if (!who || who->name != account_.name || who->device != account_.device_id()) continue;
    if (equal(member.node->signature_key, account_.signing_key.public_key().view())) return member.leaf;
  }
  return std::nullopt;
}

Status Rejoiner::check_preview(const mls::GroupPreview& preview, const ConversationInfo& info) const {
  REQUIRE(preview.suite == mls::kDefaultSuite, ErrorCode::unsupported, "suite of a conversation");
  REQUIRE(equal(preview.group_id, channel_) && info.channel == channel_ && info.domain == rejoin_.domain,
          ErrorCode::not_authorised, "an answer about another channel");
  REQUIRE(preview.epoch >= rejoin_.known_epoch, ErrorCode::stale, "an answer about a former epoch");
  const auto names = TRY(names_of(preview.members));
  if (!conversation_) {
    const bool has_home = info.kind != ConversationKind::group;
    std::vector<std::string> texts;
    for (const directory::Name& name : names) texts.push_back(name.text());
    const auto home = has_home ? owner_.home_of_names(context_.store, info.kind, texts) : std::nullopt;
    REQUIRE(!home || channels_of(context_.store, *home).size() < kMaxChannelsOfPair, ErrorCode::over_limit,
            "one more channel of a pair");
    return ok();
  }
  REQUIRE(info.kind == conversation_->kind, ErrorCode::not_authorised, "an answer about another kind of conversation");
  const auto is_known = [&](const directory::Name& name) {
    return std::binary_search(conversation_->names.begin(), conversation_->names.end(), name.text());
  };
  const bool same = names.size() == conversation_->names.size() && std::all_of(names.begin(), names.end(), is_known);
  REQUIRE(info.kind == ConversationKind::group || same, ErrorCode::not_authorised, "an answer about other people");
  for (const mls::Member& member : preview.members) {
    if (member.leaf != preview.signer) continue;
    REQUIRE(is_known(TRY(parse_identity(*member.node)).name), ErrorCode::not_authorised, "an answer of a stranger");
  }
  return ok();
}

// A device that was removed could answer with the conversation as it was, or as it would like it to be.
Rejoiner::Tried Rejoiner::check_signer(const mls::Member& signer) {
  const auto who = parse_identity(*signer.node);
  if (!who) return Tried::bad;
  if (!owner_.views_.fresh(context_, account_, who->name, kFreshForNewMs)) {
    const Views::Outcome outcome = owner_.views_.outcome(who->name);
    if (outcome.absent) return Tried::bad;
    owner_.views_.want(context_, account_, who->name, kFreshForNewMs);
    return Tried::waits;
  }
  const auto view = owner_.views_.view(context_.store, account_, who->name);
  return view && view->state().is_active(who->device) ? Tried::joined : Tried::bad;
}

Rejoiner::Tried Rejoiner::try_answer(const RejoinAnswer& answer) {
  const auto package = mls::PrivateKeyPackage::restore(rejoin_.key_package.expose());
  if (!package) return Tried::bad;
  auto content = open_answer(channel_, *package, answer);
  const auto preview = content ? mls::preview_group(content->group_info)
                               : Result<mls::GroupPreview>(fail(ErrorCode::crypto_failed, "answer"));
  if (!preview) return Tried::bad;
  const auto info = ConversationInfo::of(preview->extensions);
  const auto replaces = own_leaf(*preview);
  if (!info || !replaces || preview->signer == *replaces || !check_preview(*preview, *info)) return Tried::bad;
  std::set<directory::Name> unseen;
  for (const mls::Member& member : preview->members) {
    const auto who = parse_identity(*member.node);
    if (!who) return Tried::bad;
    if (!owner_.views_.view(context_.store, account_, who->name)) unseen.insert(who->name);
    if (member.leaf != preview->signer) continue;
    if (const Tried signer = check_signer(member); signer != Tried::joined) return signer;
    rejoin_.let_in_by = who->name.text();
  }
  if (!unseen.empty()) return look_up(unseen) ? Tried::waits : Tried::bad;
  Gatekeeper gatekeeper(context_, account_, owner_.views_, owner_.awaited_[channel_]);
  Doorkeeper doorkeeper(context_, account_, owner_.views_, owner_.awaited_[channel_], info->kind);
  // Every leaf first: recipients are what the chains say of those that are theirs.
  for (const mls::Member& member : preview->members) {
    const Status status = gatekeeper.authenticate(*member.node);
    if (status) continue;
    return status.error().code == ErrorCode::unavailable && look_up(gatekeeper.missing()) ? Tried::waits : Tried::bad;
  }
  const auto recipients = recipients_of(context_.store, account_, owner_.views_, preview->members);
  if (!recipients) return Tried::bad;
  const mls::NoPsks psks;
  const mls::SigningIdentity identity = account_.signing_identity();
  auto join =
      mls::Group::join_external({content->group_info, identity, leaf_options(context_.now, kKeyPackageLifeMs),
                                 std::nullopt, *replaces, commit_binding(channel_, preview->epoch + 1, *recipients)},
                                {gatekeeper, doorkeeper, psks}, context_.entropy);
  if (!join) return Tried::bad;
  proto::ChannelCommit commit;
  commit.channel = channel_;
  commit.epoch = preview->epoch;
  if (join->commit.size() > proto::kMaxEnvelopeBody) {
    rejoin_.large = std::move(join->commit);
    rejoin_.write_key = SecretBytes(to_bytes(content->write_key.expose()));
    commit.carriage = proto::Carriage::blob;
    commit.commit = wire::encode(LargeBodies::place_of(account_, channel_, rejoin_.large));
  } else {
    commit.commit = std::move(join->commit);
  }
  commit.next_write_key = write_key_of(join->group, channel_).public_key();
  commit.next_recipients = *recipients;
  commit.revoke = proto::Revoke::yes;
  commit.signature = crypto::sign_labelled(crypto::SigningKey::from_seed(std::move(content->write_key)),
                                           crypto::kSignChannelCommit, commit.content());
  rejoin_.commit = wire::encode(commit);
  rejoin_.group = join->group.serialise();
  rejoin_.asked = 0;
  owner_.awaited_.erase(channel_);
  save();
  return Tried::joined;
}

// ---- coming in ----

bool Rejoiner::put_commit() {
  if (rejoin_.large.empty()) return true;
  const auto commit = wire::decode<proto::ChannelCommit>(rejoin_.commit);
  auto seed = crypto::Ed25519Seed::from(rejoin_.write_key.expose());
  if (!commit || !seed) return true;  // a row that is broken: the server refuses what it is, and it is made anew
  return owner_.large_.put(context_, account_, {channel_, rejoin_.domain, commit->epoch},
                           crypto::SigningKey::from_seed(std::move(*seed)), rejoin_.large,
                           [&owner = owner_, channel = channel_, sent = crypto::sha256(rejoin_.commit)](
                               Context& later, const Answer& answer) {
                             const auto account = load_account(later.store);
                             if (answer.body) return owner.due(channel);
                             // A 409 to a part has no winner in it.
                             if (account)
                               Rejoiner(owner, later, *account, channel).commit_answered(sent, without_winner(answer));
                           });
}

void Rejoiner::send_commit() {
  if (!put_commit()) return;
  proto::Call call = call_to(context_.store, account_, rejoin_.domain, proto::kPathChannelCommit);
  call.body = rejoin_.commit;
  owner_.calls_.start(context_, rejoin_call("rejoin ", channel_), std::move(call),
                      [&owner = owner_, channel = channel_, sent = crypto::sha256(rejoin_.commit)](
                          Context& later, const Answer& answer) {
                        const auto account = load_account(later.store);
                        if (account) Rejoiner(owner, later, *account, channel).commit_answered(sent, answer);
                      });
}

void Rejoiner::commit_answered(const Hash& sent, const Answer& answer) {
  auto rejoin = load_rejoin(context_.store, channel_);
  if (!rejoin || !rejoin->needed || crypto::sha256(rejoin->commit) != sent) return;  // its echo was faster
  rejoin_ = std::move(*rejoin);
  conversation_ = owner_.find(context_.store, channel_);
  if (answer.body) return install();
  if (answer.status == 409) {
    const auto own = wire::decode<proto::ChannelCommit>(rejoin_.commit);
    const auto winner = wire::decode<proto::CommitAnswer>(answer.error_body);
    if (own && winner && equal(winner->winning_commit, own->commit)) return install();
    // More than one epoch has passed, and one of their commits may be ours: then its echo waits in the mailbox, which
    // is pushed again and seen before this is asked once more.
    const bool is_open = !winner || winner->winning_commit.empty();
    if (is_open && !std::exchange(owner_.behind_[channel_].reconnected, true)) {
      return owner_.session_.reconnect(context_);
    }
    owner_.behind_.erase(channel_);
    return try_again(kRacePauseMs);
  }
  const bool refused = answer.status >= 400 && answer.status < 500 && answer.status != 401 && answer.status != 429;
  // Somebody's mailbox, or the room for such blobs, is full: the very same is taken later. Asked anew, every member
  // would answer once more, and each answer to a large conversation takes more of that room. After a while it may be
  // that nobody makes room: then whoever can give up does.
  const bool may_be_taken = answer.status == 413 && elapsed_ms(context_.now, Time{rejoin_.since_ms}) < kPairPatienceMs;
  if (may_be_taken) trouble(server_says(account_, rejoin_.domain) + answer.message);
  if (refused && !may_be_taken) {  // a write key that is none, say
    if (!rejoin_.large.empty()) {
      owner_.large_.take_back(context_, account_, channel_, rejoin_.domain, rejoin_.large);
    }
    return try_again(kBadPauseMs);
  }
  owner_.retry_later(context_, channel_, &answer);
}

void Rejoiner::try_again(std::uint64_t pause_ms) {
  rejoin_.begin_anew();
  rejoin_.ask_at_ms = after(context_.now, pause_ms).ms;
  erase_rejoin(context_, channel_);  // other answers tell of the same epoch, or of a former one
  save();
  owner_.due(channel_);
}

bool Rejoiner::take_commit(const proto::Envelope& envelope) {
  auto rejoin = load_rejoin(context_.store, channel_);
  if (!rejoin || rejoin->commit.empty()) return false;
  const auto own = wire::decode<proto::ChannelCommit>(rejoin->commit);
  if (!own || !equal(own->commit, envelope.body)) return false;
  rejoin_ = std::move(*rejoin);
  conversation_ = owner_.find(context_.store, channel_);
  install();
  return true;
}

// Who let this device in need not be who wanted it there. An own device answers for what its owner has accepted, of a
// pair the other one counts; in a group that this device did not know it may be anybody: then its owner is asked.
directory::Name Rejoiner::who_brought_us(const std::set<directory::Name>& names) const {
  const auto let_in_by = directory::Name::from(rejoin_.let_in_by);
  if (let_in_by && *let_in_by == account_.name) return account_.name;
  const auto stranger = std::find_if(names.begin(), names.end(), [&](const directory::Name& name) {
    return name != account_.name && !contact_of(context_.store, account_, name.text()).is_accepted;
  });
  if (stranger != names.end()) return *stranger;
  return let_in_by.value_or(account_.name);
}

void Rejoiner::install() {
  auto group = mls::Group::restore(rejoin_.group.expose());
  const auto info = group ? ConversationInfo::of(group->extensions()) : Result<ConversationInfo>(ConversationInfo{});
  const auto names =
      group ? names_of(group->members()) : Result<std::set<directory::Name>>(std::set<directory::Name>{});
  CHECK(group.has_value() && info.has_value() && names.has_value());  // our own, checked before it was stored
  Conversation conversation = conversation_ ? *conversation_ : Conversation{};
  std::vector<std::string> texts;
  for (const directory::Name& name : *names) texts.push_back(name.text());
  const bool is_known = conversation_.has_value();
  const bool is_more =
      is_known && !std::includes(conversation.names.begin(), conversation.names.end(), texts.begin(), texts.end());
  conversation.channel = channel_;
  conversation.domain = info->domain;
  conversation.kind = info->kind;
  conversation.state = ConversationState::active;
  conversation.names = std::move(texts);
  conversation.join_tokens.clear();
  conversation.trouble.clear();
  if (!is_known) {
    conversation.title = info->title;
    conversation.created_ms = context_.now.ms;
    // Below that stands what this device is given of the history, which may wait for this conversation.
    conversation.next_message = first_own_index(context_.store);
    ++owner_.entries_;
    const auto home = info->kind != ConversationKind::group
                          ? owner_.home_of_names(context_.store, info->kind, conversation.names)
                          : std::nullopt;
    if (home) join_home(context_.store, channel_, *home);
  }
  const ChannelId home = home_of(context_.store, channel_);
  note_info(owner_, context_, conversation, *info, {});
  // Who is back in a group that was left is asked as of a new one: who had brought them there before is forgotten.
  const bool was_left = is_known && conversation_->state == ConversationState::left;
  if (!is_known || was_left) note_welcome(context_, account_, home, *info, who_brought_us(*names));
  for (const Row& row : context_.store.scan_prefix(tables::kFormerEpochs, channel_, ~std::size_t{0})) {
    context_.store.erase(tables::kFormerEpochs, row.key);
    context_.store.erase(tables::kOwnRemovals, row.key);
  }
  owner_.groups_.erase(channel_);
  owner_.save_group(context_, channel_, *group);
  owner_.groups_.emplace(channel_, std::move(*group));
  owner_.save(context_, conversation);
  erase_rejoin(context_, channel_);
  owner_.retries_.erase(channel_);
  owner_.behind_.erase(channel_);
  // What waited was for those whom its writer knew to be here.
  if (is_more) owner_.refuse_outbox(context_, home, Conversations::Unsent::all);
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = context_.now.ms;
  notice.text = std::string(kGapWords) + ": this device had lost its place, and was let in again. In it are now " +
                names_text(conversation.names, account_.name.text()) + " and you.";
  owner_.add_message(context_, conversation, notice);
  owner_.due(channel_);
  owner_.others_due(context_.store, channel_);
}

}  // namespace cairn::client
