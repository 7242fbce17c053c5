#include "core/client/reconciler.h"

#include <algorithm>

#include "core/client/domains.h"
#include "core/client/gatekeeper.h"
#include "core/client/gossips.h"
#include "core/client/identity.h"
#include "core/client/inbox.h"
#include "core/client/own_echoes.h"
#include "core/client/rejoin.h"
#include "core/client/roles.h"
#include "core/client/standing.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

std::string key_of(const char* what, const ChannelId& channel) { return std::string(what) + as_text(channel); }

}  // namespace

void Reconciler::run() {
  auto conversation = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (!conversation || group_ == nullptr || account_.state != AccountState::active) return;
  conversation_ = std::move(*conversation);
  if (!conversation_.is_writable() || !owner_.session_.caught_up()) return;
  if (owner_.session_.token().empty()) {  // it is being renewed, while the stream stands
    owner_.awaits_login_.insert(channel_);
    return;
  }
  if (!context_.store.scan_prefix(tables::kInboxByChannel, channel_, 1).empty()) return;  // the past comes first
  const bool written_to = is_written_to();
  if (!conversation_.is_writable()) return;
  if (group_->pending() != nullptr) {
    // It may never have left, and its views may be old by now.
    if (check_views() == Outcome::waiting) return;
    const bool is_update = is_leaf_update();
    const bool may_wait = is_update && is_as_wanted();
    const bool is_unwanted = may_wait && is_kept_quiet();
    if (is_unwanted) owner_.wake(channel_, after(context_.now, kUnwantedLookMs));
    if (!is_unwanted && !(may_wait && is_put_off())) send_commit();
    if (is_update && written_to) flush_beside_update();
    return;
  }
  if (!written_to) return;
  if (conversation_.state == ConversationState::creating) return create_channel();
  if (check_views() == Outcome::waiting) return;
  drop_wishes();
  const auto wanted = difference();
  if (!wanted) return cannot_be_written_to(wanted.error());
  if (!wanted->empty() || is_in_doubt(context_.store, channel_)) {
    if (may_add(*wanted) && fetch_packages(*wanted)) stage(*wanted, Staging::change);
    return;
  }
  tell_of_left_out(*wanted);
  flush_outbox();
  update_leaf(*wanted);
}

void Reconciler::trouble(std::string sentence) {
  if (conversation_.trouble == sentence) return;
  conversation_.trouble = std::move(sentence);
  owner_.save(context_, conversation_);
}

void Reconciler::cannot_be_written_to(const Error& why) {
  trouble(std::string("This conversation cannot be written to (") + why.where + ").");
}

bool Reconciler::has_outbox() const { return !context_.store.scan_prefix(tables::kOutbox, home_, 1).empty(); }

std::string Reconciler::bearer_for(std::string_view domain) const {
  return domain == account_.name.domain() ? owner_.session_.token() : owner_.passports_.text(domain, context_.now);
}

bool Reconciler::has_bearer_for(std::string_view domain) {
  if (!bearer_for(domain).empty()) return true;
  const std::string asked(domain);
  const bool begun = owner_.passports_.ask(context_, account_, asked,
                                           resume(owner_, channel_, [asked](Reconciler& self, const Answer& answer) {
                                             self.passport_answered(asked, answer);
                                           }));
  if (!begun) owner_.retry_later(context_, channel_);  // another conversation asks for it just now
  return false;
}

void Reconciler::passport_answered(const std::string& domain, const Answer& answer) {
  if (!bearer_for(domain).empty()) return owner_.due(channel_);
  auto conversation = owner_.find(context_.store, channel_);
  if (!conversation) return;
  conversation_ = std::move(*conversation);
  owner_.retry_later(context_, channel_, &answer);
  trouble(why_not(account_, account_.domain(), answer));
}

void Reconciler::heed_401(std::string_view domain, const Answer& answer) {
  if (answer.status != 401) return;
  if (domain == account_.name.domain()) return owner_.session_.token_refused();
  owner_.passports_.refused(domain);
}

// ---- the channel ----

bool Reconciler::is_written_to() {
  if (conversation_.kind == ConversationKind::group) return true;
  bool alone = true;
  bool least = true;
  for (const ChannelId& other : channels_of(context_.store, home_)) {
    const auto one = other == channel_ ? std::nullopt : owner_.find(context_.store, other);
    if (!one || !one->is_writable()) continue;
    alone = false;
    if (other < channel_) least = false;
  }
  // With a state in doubt a later one may have brought somebody here: then it is found out by what s.15 says.
  const bool is_nobodys = group_->epoch() == 0 && group_->pending() == nullptr;
  if (!alone && is_nobodys && !is_in_doubt(context_.store, channel_)) {
    give_up();
    return false;
  }
  return least;
}

// The other one has brought somebody here; this one nobody was ever asked into.
void Reconciler::give_up() {
  conversation_.state = ConversationState::left;
  conversation_.trouble.clear();
  owner_.save(context_, conversation_);
  owner_.groups_.erase(channel_);
  group_ = nullptr;
  context_.store.erase(tables::kGroups, to_bytes(channel_.view()));
  owner_.others_due(context_.store, channel_);
}

void Reconciler::create_channel() {
  proto::ChannelCreate request;
  request.channel = channel_;
  request.epoch = group_->epoch();
  request.write_key = write_key_of(*group_, channel_).public_key();
  request.mailbox = account_.mailbox;
  proto::Call call = call_to(context_.store, account_, conversation_.domain, proto::kPathChannelCreate);
  call.bearer = bearer_for(conversation_.domain);
  call.body = wire::encode(request);
  owner_.calls_.start(context_, key_of("create ", channel_), std::move(call),
                      resume(owner_, channel_, [](Reconciler& self, const Answer& answer) { self.created(answer); }));
}

void Reconciler::created(const Answer& answer) {
  auto conversation = owner_.find(context_.store, channel_);
  if (!conversation || conversation->state != ConversationState::creating) return;
  conversation_ = std::move(*conversation);
  if (!answer.body) {
    heed_401(conversation_.domain, answer);
    owner_.retry_later(context_, channel_, &answer);
    // A later state of this device has made it, and gone on in it.
    const bool is_made = answer.status == 409 && is_in_doubt(context_.store, channel_);
    if (!is_made) {
      return trouble(why_not(account_, conversation_.domain, answer));
    }
  }
  conversation_.state = ConversationState::active;
  conversation_.trouble.clear();
  owner_.save(context_, conversation_);
  owner_.due(channel_);
}

// ---- commits ----

void Reconciler::send_commit() {
  const mls::PendingCommit& pending = *group_->pending();
  const auto recipients = recipients_of(context_.store, account_, owner_.views_, pending.members());
  if (!recipients) {
    group_->discard_pending();
    owner_.save_group(context_, channel_, *group_);
    return owner_.due(channel_);
  }
  auto commit = carry(pending.commit());
  proto::ChannelCommit request;
  if (!commit || !add_welcomes(request)) return;
  request.channel = channel_;
  request.epoch = group_->epoch();
  request.carriage = commit->carriage;
  request.commit = std::move(commit->body);
  request.next_write_key = write_key_of(pending, channel_).public_key();
  request.next_recipients = *recipients;
  request.revoke = pending.summary().removed.empty() ? proto::Revoke::no : proto::Revoke::yes;
  request.signature =
      crypto::sign_labelled(write_key_of(*group_, channel_), crypto::kSignChannelCommit, request.content());
  if (!request.welcomes.empty() && !has_bearer_for(conversation_.domain)) return;
  proto::Call call = call_to(context_.store, account_, conversation_.domain, proto::kPathChannelCommit);
  if (!request.welcomes.empty()) call.bearer = bearer_for(conversation_.domain);
  call.body = wire::encode(request);
  owner_.calls_.start(
      context_, key_of("commit ", channel_), std::move(call),
      resume(owner_, channel_, [sent = crypto::sha256(pending.commit())](Reconciler& self, const Answer& answer) {
        self.commit_answered(sent, answer);
      }));
}

void Reconciler::commit_answered(const Hash& sent, const Answer& answer) {
  auto conversation = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (!conversation || group_ == nullptr || group_->pending() == nullptr) return;  // its echo was faster
  // So it was, and another one is staged since: nobody has seen that yet.
  if (crypto::sha256(group_->pending()->commit()) != sent) return owner_.due(channel_);
  conversation_ = std::move(*conversation);
  if (answer.body) return commit_won();
  const bool is_quiet = is_leaf_update() && is_as_wanted();  // else somebody waits for it
  if (answer.status == 409) {
    const auto winner = wire::decode<proto::CommitAnswer>(answer.error_body);
    if (winner && is_own(*winner)) return commit_won();
    try_commit_later(is_quiet, answer);
    // More than one epoch has passed, and one of their commits may be ours: the mailbox tells.
    // Somebody else was first: theirs comes through the mailbox.
    if (winner && !winner->winning_commit.empty()) owner_.drop_pending(context_, conversation_);
    // Nobody waits for the next one: when this device is really behind, what is said or heard next shows it.
    return is_quiet ? void() : fell_behind();
  }
  heed_401(conversation_.domain, answer);
  const bool refused = answer.status >= 400 && answer.status < 500 && answer.status != 401 && answer.status != 429;
  // Without room the very same is taken later; anew it would take more of it. A join token that is used up, say, is
  // fetched anew, and all is staged anew.
  const bool may_be_taken = answer.status == 413 && is_still_wanted();
  if (refused && !may_be_taken) drop_refused();
  try_commit_later(is_quiet, answer);
  if (is_quiet) return;
  trouble(why_not(account_, conversation_.domain, answer));
}

// What ends this epoch comes through the mailbox. When it does not, though all that waits there was pushed once more,
// it is gone.
void Reconciler::fell_behind() {
  constexpr unsigned kTimes = 4;
  auto& behind = owner_.behind_[channel_];
  if (behind.epoch != group_->epoch()) behind = {group_->epoch(), 0, false};
  if (++behind.times < kTimes) return;
  behind.times = 0;
  if (!std::exchange(behind.reconnected, true)) return owner_.session_.reconnect(context_);
  owner_.behind_.erase(channel_);
  owner_.cannot_go_on(context_, channel_, conversation_.domain);
}

void Reconciler::commit_won() {
  const mls::CommitSummary summary = group_->pending()->summary();
  CHECK(group_->merge_pending().has_value());
  owner_.save_moved_on(context_, channel_, *group_, summary.epoch - 1);
  note_own_removal(context_, channel_, summary);
  // Whatever was staged before the doubt was dropped with it: these keys are new.
  erase_rejoin(context_, channel_);
  owner_.retries_.erase(channel_);
  owner_.update_retries_.erase(channel_);
  owner_.behind_.erase(channel_);
  conversation_.join_tokens.clear();
  conversation_.trouble.clear();
  Inbox::note_members(owner_, context_, conversation_, summary, Inbox::Committed::here);
  owner_.save(context_, conversation_);
  owner_.due(channel_);
}

// ---- who should be in ----

void Reconciler::drop_wishes() {
  const auto info = ConversationInfo::of(group_->extensions());
  if (!info) return;
  std::vector<std::string> members;
  for (const mls::Member& member : group_->members()) {
    const auto who = parse_identity(*member.node);
    const auto view = who ? owner_.views_.view(context_.store, account_, who->name) : std::nullopt;
    if (view && view->state().is_active(who->device)) members.push_back(who->name.text());
  }
  if (!drop_wishes_of_no_admin(context_, conversation_, *info, account_.name.text(), members)) return;
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = context_.now.ms;
  notice.text = "You are no admin of this group any more, so what you wanted to change in it was not done.";
  owner_.add_message(context_, conversation_, notice);
}

Result<Reconciler::Difference> Reconciler::difference() const {
  Difference out;
  std::set<DeviceId> present;
  for (const mls::Member& member : group_->members()) {
    const Identity who = TRY(parse_identity(*member.node));
    const auto view = owner_.views_.view(context_.store, account_, who.name);
    REQUIRE(view, ErrorCode::not_found, "a member's name was never verified");
    const bool wanted = std::binary_search(conversation_.names.begin(), conversation_.names.end(), who.name.text());
    if (wanted && view->state().is_active(who.device)) {
      present.insert(who.device);
      out.stay.push_back(member);
    } else {
      REQUIRE(member.leaf != group_->own_leaf(), ErrorCode::not_authorised, "this device is no longer active");
      out.removes.push_back(member.leaf);
    }
  }
  std::map<DeviceId, directory::Name> away;  ///< of names of which no device is in, or can be added
  bool is_anybody_in = false;
  for (const std::string& text : conversation_.names) {
    const directory::Name name = TRY(directory::Name::from(text));
    const auto view = owner_.views_.view(context_.store, account_, name);
    REQUIRE(view, ErrorCode::not_found, "a name was never verified");
    const bool stopped = first_contacts_stopped(name).has_value();
    const std::set<DeviceId> known = stopped ? owner_.ever_sent_to(context_.store) : std::set<DeviceId>{};
    bool is_in = false;
    std::vector<DeviceId> of_name;
    for (const directory::Device& device : view->devices()) {
      is_in = is_in || present.contains(device.id());
      if (present.contains(device.id()) || (stopped && !known.contains(device.id()))) continue;
      if (is_away(device.id())) {
        of_name.push_back(device.id());
      } else if (out.adds.size() < proto::kMaxWelcomes) {
        out.adds.emplace(device.id(), name);
        is_in = true;
      }
    }
    is_anybody_in = is_anybody_in || (is_in && name != account_.name);
    for (const DeviceId& device : of_name) {
      if (!is_in) away.emplace(device, name);
    }
  }
  // Others of a group need not wait for them; in a pair there is nobody else to say anything to.
  for (const auto& [device, name] : away) {
    if (is_anybody_in) {
      out.left_out.insert(name);
    } else if (out.adds.size() < proto::kMaxWelcomes) {
      out.adds.emplace(device, name);
    }
  }
  std::set<std::string> in;
  for (const mls::Member& member : out.stay) in.insert(TRY(parse_identity(*member.node)).name.text());
  for (const auto& [device, name] : out.adds) in.insert(name.text());
  const auto info = ConversationInfo::of(group_->extensions());
  const GroupWants wants = group_wants(context_.store, channel_);
  if (info) out.info = wanted_info(wants, *info, account_.name.text(), {in.begin(), in.end()});
  return out;
}

void Reconciler::stage(const Difference& wanted, Staging what) {
  auto& fetched = owner_.fetched_[channel_];
  mls::CommitRequest request;
  request.removes = wanted.removes;
  const mls::ExtensionList current = group_->extensions();
  if (wanted.info) {
    request.group_context_extensions = current;
    request.group_context_extensions->set(ConversationInfo::kExtensionType, wire::encode(*wanted.info));
  }
  conversation_.join_tokens.clear();
  std::set<proto::Address> recipients;
  const auto staying = recipients_of(context_.store, account_, owner_.views_, wanted.stay);
  if (staying) recipients.insert(staying->begin(), staying->end());
  for (const auto& [device, name] : wanted.adds) {
    FetchedPackage& package = fetched.at(device);
    const auto view = owner_.views_.view(context_.store, account_, name);
    recipients.insert({std::string(name.domain()), view->state().find(device)->device.mailbox});
    request.adds.push_back(std::move(package.package));
    conversation_.join_tokens.push_back({device, package.token});
  }
  fetched.clear();
  request.authenticated_data = commit_binding(channel_, group_->epoch() + 1, {recipients.begin(), recipients.end()});
  // The ratchets of a state that is in doubt may have been used: in the open none is.
  if (is_in_doubt(context_.store, channel_)) request.format = mls::HandshakeFormat::public_message;

  Awaited awaited;  // what is staged comes from views that check_views() has found fresh
  Gatekeeper gatekeeper(context_, account_, owner_.views_, awaited);
  Doorkeeper doorkeeper(context_, account_, owner_.views_, awaited, conversation_.kind, &current);
  const mls::NoPsks psks;
  const auto staged = group_->stage_commit(request, {gatekeeper, doorkeeper, psks}, context_.now, context_.entropy);
  // Neither is anything wrong with the conversation, nor does anybody wait for it.
  if (!staged && what == Staging::new_keys) return context_.note(proto::Event::Level::info, staged.error().where);
  if (!staged) {
    owner_.retry_later(context_, channel_);
    return trouble(std::string("A change of who is in this conversation was refused (") + staged.error().where +
                   "); nothing was sent.");
  }
  if (std::max((*staged)->commit().size(), (*staged)->joint_welcome().size()) > proto::kMaxHandshakeBlob) {
    group_->discard_pending();
    owner_.retry_later(context_, channel_);
    return trouble("This conversation has more devices than a change of it can describe; make a smaller one.");
  }
  note_staged((*staged)->summary());
  owner_.save_group(context_, channel_, *group_);
  owner_.save(context_, conversation_);
  owner_.due(channel_);
}

// ---- what is to be said ----

std::vector<directory::Gossip> Reconciler::gossip() {
  std::set<std::string> domains;
  for (const std::string& text : conversation_.names) {
    const auto name = directory::Name::from(text);
    if (name) domains.insert(std::string(name->domain()));
  }
  std::vector<directory::Gossip> out;
  for (const std::string& domain : domains) {
    const auto state = owner_.views_.domain(context_.store, account_, domain);
    if (!state) continue;
    keep_said(context_, account_, *state);
    out.push_back(state->gossip());
  }
  return out;
}

Result<OutboxEntry> Reconciler::protect(OutboxEntry entry) {
  const SecretBytes plaintext = encode_plaintext(gossip(), entry.plaintext);
  entry.ciphertext = TRY(group_->protect(plaintext.expose(), {}, context_.entropy));
  REQUIRE(entry.ciphertext.size() <= proto::kMaxEnvelopeBody, ErrorCode::over_limit, "message size");
  entry.ciphertext_hash = crypto::sha256(entry.ciphertext);
  entry.channel = channel_;
  entry.epoch = group_->epoch();
  return entry;
}

void Reconciler::note_sent_to() {
  for (const mls::Member& member : group_->members()) {
    const auto who = parse_identity(*member.node);
    auto& known = conversation_.sent_to;
    const auto at = std::lower_bound(known.begin(), known.end(), who->device);
    if (at == known.end() || *at != who->device) known.insert(at, who->device);
  }
  owner_.save(context_, conversation_);
}

void Reconciler::flush_outbox() {
  if (!conversation_.trouble.empty()) trouble({});
  const auto rows = context_.store.scan_prefix(tables::kOutbox, home_, 1);
  if (rows.empty()) return;
  auto entry = wire::decode<OutboxEntry>(rows.front().value);
  if (!entry) return;
  // Also what was given to the channel that was written to before: its answer comes first.
  for (const ChannelId& one : {channel_, entry->channel}) {
    if (owner_.calls_.under_way(key_of("send ", one))) return;
  }
  if (entry->ciphertext.empty()) {
    auto sealed = protect(std::move(*entry));
    if (!sealed) return trouble(std::string("A message could not be encrypted (") + sealed.error().where + ").");
    entry = std::move(*sealed);
    owner_.save_group(context_, channel_, *group_);
    context_.store.put(tables::kOutbox, rows.front().key, wire::encode(*entry));
    note_encrypted();
    if (entry->message != kNoMessage) note_sent_to();
  }
  if (entry->channel != channel_ ||
      entry->epoch != group_->epoch()) {  // the last write key before a commit stays good for a while, but not ours
    entry->ciphertext.clear();
    context_.store.put(tables::kOutbox, rows.front().key, wire::encode(*entry));
    return owner_.due(channel_);
  }
  proto::ChannelSend request;
  request.channel = channel_;
  request.epoch = entry->epoch;
  request.ciphertext = entry->ciphertext;
  request.signature =
      crypto::sign_labelled(write_key_of(*group_, channel_), crypto::kSignChannelSend, request.content());
  proto::Call call = call_to(context_.store, account_, conversation_.domain, proto::kPathChannelSend);
  call.body = wire::encode(request);
  owner_.calls_.start(context_, key_of("send ", channel_), std::move(call),
                      resume(owner_, channel_, [key = rows.front().key](Reconciler& self, const Answer& answer) {
                        self.send_answered(key, answer);
                      }));
}

void Reconciler::send_answered(const Bytes& key, const Answer& answer) {
  auto conversation = owner_.find(context_.store, channel_);
  if (!conversation) return;
  conversation_ = std::move(*conversation);
  const auto row = context_.store.get(tables::kOutbox, key);
  const auto entry = row ? wire::decode<OutboxEntry>(*row) : Result<OutboxEntry>(fail(ErrorCode::not_found, "outbox"));
  if (!entry || answer.body) {
    owner_.due(channel_);
    owner_.others_due(context_.store, channel_);
  }
  if (!entry) return;  // its echo was faster
  if (answer.body) {
    owner_.retries_.erase(channel_);
    owner_.set_delivery(context_, home_, entry->message, Delivery::sent, context_.now);
    await_echo(context_, entry->channel, entry->ciphertext_hash);
    return context_.store.erase(tables::kOutbox, key);
  }
  if (const auto target = owner_.written_to(context_.store, home_); target && target->channel != channel_) {
    return owner_.due(target->channel);
  }
  // 409: the epoch moved on; its commit is in the mailbox or about to come, and then the entry is protected again.
  owner_.retry_later(context_, channel_, &answer);
  group_ = owner_.group(context_.store, channel_);
  const bool is_behind = answer.status == 409 && group_ != nullptr && group_->epoch() == entry->epoch;
  if (is_behind) fell_behind();
  if (answer.status == 409) return;
  trouble(why_not(account_, conversation_.domain, answer, "; the message is kept and sent later."));
}

}  // namespace cairn::client
