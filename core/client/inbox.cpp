#include "core/client/inbox.h"

#include "core/base/encoding.h"
#include "core/client/answerer.h"
#include "core/client/early_changes.h"
#include "core/client/expiry.h"
#include "core/client/history_rows.h"
#include "core/client/identity.h"
#include "core/client/key_packages.h"
#include "core/client/messages.h"
#include "core/client/preview.h"
#include "core/client/rejoiner.h"
#include "core/client/requests.h"
#include "core/client/roles.h"
#include "core/client/standing.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/mls/message.h"
#include "core/mls/own_message.h"

namespace cairn::client {
namespace {

/// A commit comes as a commit, which its server has put in its place among all others, and nothing else does. What
/// cannot be read is for mls to refuse.
bool is_what_it_came_as(const proto::Envelope& envelope) {
  const auto outer = wire::decode<mls::MlsMessage>(envelope.body);
  if (!outer) return true;
  const auto* hidden = std::get_if<mls::PrivateMessage>(&outer->body);
  const auto* open = std::get_if<mls::PublicMessage>(&outer->body);
  const bool is_commit = (hidden != nullptr && hidden->content_type == mls::ContentType::commit) ||
                         (open != nullptr && open->content.content_type() == mls::ContentType::commit);
  return is_commit == (envelope.kind == proto::EnvelopeKind::commit);
}

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMaxOutbox = 10'000;

/// The key packages that a Welcome is for; empty when the bytes are no Welcome.
std::vector<mls::KeyPackageRef> welcome_references(ByteView message) {
  std::vector<mls::KeyPackageRef> out;
  const auto parsed = wire::decode<mls::MlsMessage>(message);
  if (!parsed) return out;
  const auto* welcome = std::get_if<mls::Welcome>(&parsed->body);
  if (welcome == nullptr) return out;
  for (const auto& secrets : welcome->secrets) out.push_back(secrets.new_member);
  return out;
}

std::string joined(const std::set<directory::Name>& names) {
  std::string out;
  for (const directory::Name& name : names) out += (out.empty() ? "" : ", ") + name.text();
  return out;
}

/// Whether a Welcome can be of the conversation that this device was removed from: of the same kind, between the same
/// two if they are two, and from after the removal. An older one was used before, and so were the keys of its epoch.
/// With a state that is lost or in doubt that cannot be seen: what follows is in doubt then, too.
bool goes_on(const Conversation& old, const mls::Group* before, const ConversationInfo& info,
             const std::set<directory::Name>& names, std::uint64_t epoch, bool is_lost) {
  const bool same_two = std::all_of(old.names.begin(), old.names.end(), [&](const std::string& text) {
    return std::any_of(names.begin(), names.end(), [&](const directory::Name& name) { return name.text() == text; });
  });
  if (old.kind != info.kind || old.domain != info.domain) return false;
  if (old.kind != ConversationKind::group && !same_two) return false;
  return is_lost ? before == nullptr || epoch > before->epoch() : before != nullptr && epoch > before->epoch() + 1;
}

std::set<directory::Name> without(const std::set<directory::Name>& all, const std::set<directory::Name>& some) {
  std::set<directory::Name> out;
  for (const directory::Name& name : all) {
    if (!some.contains(name)) out.insert(name);
  }
  return out;
}

/// The file that a message brings, beside its row.
void keep_received_file(Context& context, const ChannelId& home, std::uint64_t index, Content& content) {
  save_attachment(context, home, index, {std::move(*content.attachment), std::nullopt});
  if (!content.preview.empty()) save_preview(context, home, index, std::move(content.preview));
}

}  // namespace

void Inbox::note_members(Conversations& owner, Context& context, Conversation& conversation,
                         const mls::CommitSummary& commit, Committed where) {
  const auto before = names_of(commit.members);
  std::vector<mls::Member> after = commit.added;
  if (commit.source == mls::CommitSource::external) after.push_back(commit.committer);
  for (const mls::Member& member : commit.members) {
    const bool goes = std::any_of(commit.removed.begin(), commit.removed.end(),
                                  [&](const mls::Member& m) { return m.leaf == member.leaf; });
    if (!goes) after.push_back(member);
  }
  const auto now = names_of(after);
  const auto by = names_of({commit.committer});
  if (!before || !now || !by) return;
  const auto come = without(*now, *before);
  for (const directory::Name& name : come) {
    if (where == Committed::here) break;  // whoever is not in `names` any more goes by the next commit
    const auto at = std::lower_bound(conversation.names.begin(), conversation.names.end(), name.text());
    if (at == conversation.names.end() || *at != name.text()) conversation.names.insert(at, name.text());
  }
  const auto gone = without(*before, *now);
  for (const directory::Name& name : gone) std::erase(conversation.names, name.text());
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = context.now.ms;
  notice.epoch = commit.epoch;
  if (!come.empty()) {
    notice.text = joined(*by) + " added " + joined(come) + ".";
    owner.add_message(context, conversation, notice);
  }
  if (!gone.empty()) {
    notice.text = joined(*by) + " removed " + joined(gone) + ".";
    owner.add_message(context, conversation, notice);
  }
  if (commit.source == mls::CommitSource::external) {
    const auto who = parse_identity(*commit.committer.node);
    Answerer::came_in(context, conversation.channel, who->device);
    notice.text = "The device " + to_hex(who->device).substr(0, 8) + " of " + joined(*by) +
                  " had lost its place here, and rejoined.";
    owner.add_message(context, conversation, notice);
  }
  const auto info = commit.group_context_extensions ? ConversationInfo::of(*commit.group_context_extensions)
                                                    : Result<ConversationInfo>(ConversationInfo{});
  if (info) note_info(owner, context, conversation, *info, joined(*by));
}

void Inbox::process() {
  bool any = false;
  for (bool more = true; more;) {
    const auto rows = context_.store.scan_prefix(tables::kInboxByChannel, channel_, kBatch);
    more = !rows.empty();
    for (const Row& row : rows) {
      const Bytes key = to_bytes(ByteView(row.key).subspan(ChannelId::kSize));
      more = is_next(key) && take_row(key);
      if (!more) break;
      owner_.awaited_.erase(channel_);
      context_.store.erase(tables::kInboxByChannel, row.key);
      any = true;
    }
  }
  if (any) owner_.others_due(context_.store, channel_);
}

// What one device says is shown in the order in which it said it, whichever of a pair's channels it came through.
bool Inbox::is_next(ByteView sequence) const {
  for (const ChannelId& other : channels_of(context_.store, home_)) {
    if (other == channel_) continue;
    const auto rows = context_.store.scan_prefix(tables::kInboxByChannel, other, 1);
    if (!rows.empty() && less(ByteView(rows.front().key).subspan(ChannelId::kSize), sequence)) return false;
  }
  return true;
}

bool Inbox::take_row(const Bytes& key) {
  const auto stored = context_.store.get(tables::kInbox, key);
  const auto envelope = stored ? wire::decode<proto::Envelope>(*stored)
                               : Result<proto::Envelope>(fail(ErrorCode::not_found, "inbox row"));
  if (envelope && take(*envelope) == Verdict::wait) return false;
  context_.store.erase(tables::kInbox, key);
  return true;
}

Inbox::Verdict Inbox::take(const proto::Envelope& envelope) {
  // One server orders a channel. A commit that came another way could lead us where nobody else goes, an echo make us
  // believe that others have what they have not, and a welcome that it is elsewhere that this device has to ask.
  const auto conversation = owner_.find(context_.store, channel_);
  // An answer counts from where it was asked for; anything else may come before this device knows where that is.
  const bool is_answer = envelope.kind == proto::EnvelopeKind::rejoin_answer;
  const auto asked = is_answer ? load_rejoin(context_.store, channel_) : std::nullopt;
  const bool is_elsewhere = (conversation && envelope.domain != conversation->domain) ||
                            (asked && asked->needed && envelope.domain != asked->domain);
  if (is_elsewhere) {
    context_.note(proto::Event::Level::warning, "an envelope of another domain than its channel's was dropped");
    return Verdict::done;
  }
  note_reached(context_, channel_, envelope);
  if (envelope.kind == proto::EnvelopeKind::rejoin) {
    Answerer(owner_, context_, account_, channel_).take_request(envelope);
    return Verdict::done;
  }
  Rejoiner rejoiner(owner_, context_, account_, channel_);
  using Kind = proto::EnvelopeKind;
  if (envelope.kind == Kind::rejoin_answer) return take_answer(envelope, rejoiner);
  const bool is_commit = envelope.kind == Kind::commit || envelope.kind == Kind::commit_blob;
  if (is_commit && rejoiner.take_commit(envelope)) return Verdict::done;
  if (envelope.kind == Kind::commit_blob || envelope.kind == Kind::welcome_blob) return take_large(envelope);
  if (envelope.kind == Kind::welcome) return take_welcome(envelope);
  if (envelope.kind == proto::EnvelopeKind::message && take_echo(envelope)) return Verdict::done;
  return take_handshake_or_message(envelope);
}

bool Inbox::look_up(const std::set<directory::Name>& names) {
  bool waits = false;
  for (const directory::Name& name : names) {
    const Views::Outcome outcome = owner_.views_.outcome(name);
    if (outcome.absent) continue;
    owner_.views_.want_newer(context_, account_, name, owner_.awaited_[channel_][name]);
    waits = true;
  }
  return waits;
}

Inbox::Verdict Inbox::take_welcome(const proto::Envelope& envelope) {
  mls::Group* present = owner_.group(context_.store, channel_);
  const bool is_lost = needs_rejoin(context_.store, channel_);
  if (present != nullptr && present->is_active() && !is_lost) return Verdict::done;  // welcomed twice
  for (const mls::KeyPackageRef& reference : welcome_references(envelope.body)) {
    const auto package = find_key_package(context_.store, reference);
    if (!package) continue;
    Gatekeeper gatekeeper(context_, account_, owner_.views_, owner_.awaited_[channel_]);
    Doorkeeper doorkeeper(context_, account_, owner_.views_, owner_.awaited_[channel_], ConversationKind::pair);
    const mls::NoPsks psks;
    auto group = mls::Group::join({envelope.body, *package, std::nullopt}, {gatekeeper, doorkeeper, psks});
    if (!group) {
      if (group.error().code == ErrorCode::unavailable && look_up(gatekeeper.missing())) return Verdict::wait;
      context_.note(proto::Event::Level::warning, group.error().where);
      return Verdict::done;
    }
    const auto info = ConversationInfo::of(group->extensions());
    const auto names = names_of(group->members());
    if (!info || !names || info->channel != channel_ || info->domain != envelope.domain) {
      context_.note(proto::Event::Level::warning, "a welcome for another channel was dropped");
      return Verdict::done;
    }
    if (is_lost && !is_of_members(*doorkeeper.welcomed_by(), *names)) return Verdict::done;
    const bool is_known = owner_.find(context_.store, channel_).has_value();
    const bool is_late = group->epoch() > 1;
    if (enter(envelope, *info, *names, std::move(*group))) {
      // Another state of this device may have entered by it before.
      if (is_lost || is_older_than_gap(context_.store, *package)) owner_.doubt(context_, channel_);
      if (is_lost) owner_.notice(context_, home_, std::string(kGapWords) + ": this device was added again.");
      const auto back = is_late ? came_back_at(context_.store) : std::nullopt;
      if (!is_lost && !is_known && home_ == channel_)
        owner_.tell_of_gap_before(context_, home_, std::max(last_gap(context_.store), back));
      if (doorkeeper.welcomed_by()) note_welcome(context_, account_, home_, *info, *doorkeeper.welcomed_by());
      take_key_package(context_, *package);
    }
    return Verdict::done;
  }
  context_.note(proto::Event::Level::warning, "a welcome for no key package of ours was dropped");
  const auto old = owner_.find(context_.store, channel_);
  if (!old || old->is_writable() || is_back_in(envelope, *old)) {
    owner_.cannot_go_on(context_, channel_, envelope.domain);
  }
  return Verdict::done;
}

// Whoever was not in it when this device lost its state may have made another group for this channel.
bool Inbox::is_of_members(const directory::Name& by, const std::set<directory::Name>& names) {
  const auto old = owner_.find(context_.store, channel_);
  if (!old) return true;
  const auto was_in = [&](const directory::Name& name) {
    return std::binary_search(old->names.begin(), old->names.end(), name.text());
  };
  if (!was_in(by)) {
    context_.note(proto::Event::Level::warning, "a welcome of a stranger was dropped");
    return false;
  }
  // What waited was for those whom its writer knew to be here.
  if (!std::all_of(names.begin(), names.end(), was_in)) {
    owner_.refuse_outbox(context_, home_, Conversations::Unsent::all);
  }
  return true;
}

bool Inbox::enter(const proto::Envelope& envelope, const ConversationInfo& info, const std::set<directory::Name>& names,
                  mls::Group&& group) {
  Conversation conversation;
  auto old = owner_.find(context_.store, channel_);
  if (old) {
    const bool is_lost = needs_rejoin(context_.store, channel_);
    if (!goes_on(*old, owner_.group(context_.store, channel_), info, names, group.epoch(), is_lost)) {
      context_.note(proto::Event::Level::warning, "a welcome that does not continue its conversation was dropped");
      return false;
    }
    conversation = std::move(*old);
    conversation.sent_to.clear();
    conversation.trouble.clear();
  }
  conversation.channel = channel_;
  conversation.domain = info.domain;
  conversation.kind = info.kind;
  conversation.title = info.title;
  conversation.state = ConversationState::active;
  conversation.created_ms = context_.now.ms;
  conversation.names.clear();
  for (const directory::Name& name : names) conversation.names.push_back(name.text());
  bool is_news = true;
  if (!old) conversation.next_message = first_own_index(context_.store);
  if (info.kind != ConversationKind::group && !old) {
    if (const auto home = owner_.home_of_names(context_.store, info.kind, conversation.names)) {
      if (channels_of(context_.store, *home).size() >= kMaxChannelsOfPair) {
        context_.note(proto::Event::Level::warning, "a welcome to one more channel of a pair was dropped");
        return false;
      }
      is_news = !owner_.written_to(context_.store, *home);
      home_ = *home;
      join_home(context_.store, channel_, home_);
    }
  }
  note_info(owner_, context_, conversation, info, {});
  erase_rejoin(context_, channel_);
  owner_.groups_.erase(channel_);
  owner_.save_group(context_, channel_, group);
  owner_.groups_.emplace(channel_, std::move(group));
  owner_.save(context_, conversation);
  ++owner_.entries_;
  owner_.others_due(context_.store, channel_);
  if (!is_news || info.kind == ConversationKind::self) return true;
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = envelope.received_ms;
  const std::string called = info.title.empty() ? "" : ", called \"" + info.title + "\"";
  notice.text = "You are in a conversation with " + joined(without(names, {account_.name})) + called + ".";
  owner_.add_message(context_, conversation, notice);
  return true;
}

// What this device sent comes back: the server has it on disk, in the order all members see.
bool Inbox::take_echo(const proto::Envelope& envelope) {
  const Hash hash = crypto::sha256(envelope.body);
  for (const Row& row : context_.store.scan_prefix(tables::kOutbox, home_, kMaxOutbox)) {
    const auto entry = wire::decode<OutboxEntry>(row.value);
    if (!entry || entry->ciphertext.empty() || entry->ciphertext_hash != hash) continue;
    owner_.set_delivery(context_, home_, entry->message, Delivery::sent, Time{envelope.received_ms});
    context_.store.erase(tables::kOutbox, row.key);
    owner_.others_due(context_.store, channel_);
    return true;
  }
  return false;
}

// A device that was removed gets nothing of later epochs, unless it was added again. And in what it gave up it was
// alone: a copy that was put back, and another one after it, may not know that others were brought there in between.
bool Inbox::is_back_in(const proto::Envelope& envelope, const Conversation& conversation) {
  if (conversation.state != ConversationState::left) return false;
  const mls::Group* group = owner_.group(context_.store, channel_);
  if (group == nullptr) return conversation.kind != ConversationKind::group;
  return !group->is_active() && envelope.epoch > group->epoch() + 1;
}

bool Inbox::has_place(const proto::Envelope& envelope, const std::optional<Conversation>& conversation) {
  const bool is_back = conversation && is_back_in(envelope, *conversation);
  if (conversation && !conversation->is_writable() && !is_back) return false;
  const mls::Group* group = owner_.group(context_.store, channel_);
  // Members write to this device in what it does not know, or knows no more.
  if (!conversation || group == nullptr || is_back) owner_.cannot_go_on(context_, channel_, envelope.domain);
  return conversation && group != nullptr && group->is_active();
}

Inbox::Verdict Inbox::take_handshake_or_message(const proto::Envelope& envelope) {
  auto conversation = owner_.find(context_.store, channel_);
  if (!has_place(envelope, conversation)) return Verdict::done;
  mls::Group* group = owner_.group(context_.store, channel_);
  const auto rejoin = load_rejoin(context_.store, channel_);
  // What this state can still read it reads; but once something was made to take its place, it follows no commit.
  if (rejoin && !rejoin->commit.empty() && envelope.kind == proto::EnvelopeKind::commit) return Verdict::done;
  if (!is_what_it_came_as(envelope)) {
    not_taken(*conversation, envelope, {ErrorCode::malformed, "a commit that came as a message, or the other way"});
    return Verdict::done;
  }
  Gatekeeper gatekeeper(context_, account_, owner_.views_, owner_.awaited_[channel_]);
  const mls::ExtensionList current = group->extensions();
  Doorkeeper doorkeeper(context_, account_, owner_.views_, owner_.awaited_[channel_], conversation->kind, &current);
  const mls::NoPsks psks;
  auto received = group->process(envelope.body, {gatekeeper, doorkeeper, psks});
  if (!received) {
    std::set<directory::Name> missing = gatekeeper.missing();
    missing.insert(doorkeeper.missing().begin(), doorkeeper.missing().end());
    if (received.error().code == ErrorCode::unavailable && look_up(missing)) return Verdict::wait;
    not_taken(*conversation, envelope, received.error());
    return Verdict::done;
  }
  if (auto* commit = std::get_if<mls::ReceivedCommit>(&*received)) {
    return take_commit(*conversation, *group, std::move(*commit));
  }
  if (std::holds_alternative<mls::OwnCommit>(*received)) {
    const mls::CommitSummary summary = group->pending()->summary();
    CHECK(group->merge_pending().has_value());
    owner_.save_moved_on(context_, channel_, *group, summary.epoch - 1);
    conversation->join_tokens.clear();
    erase_rejoin(context_, channel_);  // what was staged before a doubt was dropped with it: these keys are new
    note_members(owner_, context_, *conversation, summary, Committed::here);
    owner_.save(context_, *conversation);
    return Verdict::done;
  }
  if (auto* message = std::get_if<mls::ApplicationMessage>(&*received)) {
    owner_.save_group(context_, channel_, *group);
    take_message(*conversation, *group, envelope, std::move(*message));
    return Verdict::done;
  }
  // A proposal. Ours make none; what others propose is neither committed in our name nor does it stop us from sending.
  group->forget_proposals();
  owner_.save_group(context_, channel_, *group);
  return Verdict::done;
}

Inbox::Verdict Inbox::take_commit(Conversation& conversation, mls::Group& group, mls::ReceivedCommit&& received) {
  const mls::CommitSummary summary = received.commit.summary();
  if (!summary.removes_us) {
    const auto recipients = recipients_of(context_.store, account_, owner_.views_, received.commit.members());
    if (!recipients || commit_binding(channel_, summary.epoch, *recipients) != summary.authenticated_data) {
      broken(conversation, "a commit does not name the mailboxes of its members");
      return Verdict::done;
    }
  }
  if (const auto merged = group.merge(std::move(received)); !merged) {
    broken(conversation, merged.error().where);
    return Verdict::done;
  }
  owner_.save_moved_on(context_, channel_, group, summary.epoch - 1);
  conversation.join_tokens.clear();
  const bool from_outside = summary.source == mls::CommitSource::external;
  if (from_outside && summary.removes_us) {
    evicted(conversation);
    return Verdict::done;
  }
  followed();
  note_members(owner_, context_, conversation, summary, Committed::elsewhere);
  for (const mls::Member& removed : summary.removed) {
    const auto who = parse_identity(*removed.node);
    if (who) owner_.adds_after_[channel_][who->name] = owner_.views_.accepted(who->name);
  }
  if (summary.removes_us) removed(conversation);
  owner_.save(context_, conversation);
  return Verdict::done;
}

void Inbox::not_taken(Conversation& conversation, const proto::Envelope& envelope, const Error& error) {
  const std::string_view where = error.where;
  const bool is_commit = envelope.kind == proto::EnvelopeKind::commit;
  if (where == mls::kMessageNeverSent) {  // a later state of this device said it
    owner_.doubt(context_, channel_);
    return owner_.notice(
        context_, home_,
        std::string(kGapWords) + ": this device was put back from a copy, and what it said since is gone.");
  }
  // A commit between is gone; or a later state of this device made it, and has the keys that follow.
  // Of which epoch it is counts by the envelope's word, which its server has checked: anybody can write another into a
  // message.
  const mls::Group* group = owner_.group(context_.store, channel_);
  const bool is_later = group != nullptr && envelope.epoch > group->epoch();
  const bool is_behind =
      (error.code == ErrorCode::wrong_epoch && is_later) || (is_commit && where == mls::kMessageOfOurOwn);
  if (is_behind) return owner_.cannot_go_on(context_, channel_, envelope.domain);
  if (error.code == ErrorCode::duplicate) return owner_.came_again(context_, channel_, envelope);
  if (error.code == ErrorCode::stale) return owner_.came_too_late(context_, channel_, envelope);
  if (is_commit) return broken(conversation, error.where);
  unreadable(conversation, envelope, error);
}

// A commit could be followed after all: nobody has to let this device in.
void Inbox::followed() {
  auto rejoin = load_rejoin(context_.store, channel_);
  if (!rejoin || !rejoin->needed) return;
  rejoin->needed = false;
  rejoin->begin_anew();
  erase_rejoin(context_, channel_);
  if (rejoin->doubt) save_rejoin(context_, channel_, *rejoin);
}

// Whoever has a copy of this device's keys came in with them: a thief, or this device before it was put back.
void Inbox::evicted(Conversation& conversation) {
  wire::Writer w;
  w.u64(context_.now.ms);
  context_.store.put(tables::kEvictions, to_bytes(channel_.view()), w.take());
  ++owner_.evictions_seen_;
  owner_.save(context_, conversation);
  // Nobody is let in twice in a day, and whoever did it is to be noticed meanwhile.
  owner_.cannot_go_on(context_, channel_, conversation.domain, after(context_.now, kRejoinEveryMs));
  conversation = *owner_.find(context_.store, channel_);
  conversation.trouble =
      "Something with the keys of this device took its place here; if this device was not copied or put back by you, "
      "remove it from your name with another one. It asks to be let in again in a day.";
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = context_.now.ms;
  notice.text = std::string(kGapWords) + ": " + conversation.trouble;
  owner_.add_message(context_, conversation, notice);
}

void Inbox::removed(Conversation& conversation) {
  erase_rejoin(context_, channel_);
  const auto target = owner_.written_to(context_.store, home_);
  conversation.state = ConversationState::left;
  forget_who_brought(context_, conversation);
  const bool was_wanted = settings_of(context_.store, home_).is_leaving;
  conversation.trouble = was_wanted ? "You left this group; somebody in it can add you again."
                                    : "This device was removed from the conversation; begin a new one.";
  if (target && target->channel != channel_) return;  // nobody writes here any more
  // Whoever lets us in again, to what calls itself this conversation, is not who this was for.
  owner_.refuse_outbox(context_, home_, Conversations::Unsent::all);
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = context_.now.ms;
  notice.text = was_wanted ? "You left; what was received stays readable here."
                           : "This device was removed from the conversation; what was received stays readable here.";
  owner_.add_message(context_, conversation, notice);
}

void Inbox::take_message(Conversation& conversation, const mls::Group& group, const proto::Envelope& envelope,
                         mls::ApplicationMessage&& received) {
  const auto who = parse_identity(*received.sender.node);
  if (!who) return;
  // What a removed leaf sent before it learned of that, ordered after its removal, is dropped.
  const Standing standing = standing_of(context_.store, channel_, group, received);
  if (standing == Standing::out) {
    return context_.note(proto::Event::Level::info, "a message of a removed device was dropped");
  }
  const auto view = owner_.views_.view(context_.store, account_, who->name);
  const bool is_gone = view && !view->state().is_active(who->device);
  Message message;
  message.sender = who->name.text();
  message.device = who->device;
  message.time_ms = envelope.received_ms;
  message.epoch = received.epoch;
  auto plaintext = decode_plaintext(received.plaintext.expose());
  if (plaintext) {
    // What was protected again, in a newer epoch or for another channel, may have been taken the first time too.
    Bytes key = concat({home_, who->device, plaintext->content_hash});
    if (context_.store.get(tables::kContents, key)) {
      return context_.note(proto::Event::Level::info, "a message that came before was dropped");
    }
    context_.store.put(tables::kContents, std::move(key), {});
  }
  const bool is_out = standing == Standing::before_removal;
  if (plaintext && owner_.hearer_) {
    const std::uint32_t life_s = settings_of(context_.store, home_).life_s;
    owner_.hearer_(context_, account_,
                   {home_, conversation.names, who->name, who->device, plaintext->gossip, plaintext->content.control,
                    is_gone, is_out});
    const bool is_changed = settings_of(context_.store, home_).life_s != life_s;
    if (is_changed) tell_of_removed(owner_, context_, home_, Said::change, message.sender, is_gone, is_out);
    if (plaintext->content.control) return;
    conversation = *owner_.find(context_.store, channel_);  // it may have got a row
  }
  if (contact_of(context_.store, account_, message.sender).is_blocked) return;
  if (message.sender == account_.name.text() && !is_gone) accept_conversation(context_, account_, conversation);
  if (!plaintext) {
    message.unknown_type = "application/octet-stream";
  } else {
    Content& content = plaintext->content;
    message.id = Conversations::id_of(conversation, message.sender, plaintext->encoded, content.salt);
    const Speaker by{message.sender, message.device, message.time_ms};
    if (const auto change = change_in(content, message.id, by)) {
      const bool is_taken = take_change(owner_, context_, home_, *change);
      wait_no_longer_than(context_, home_, *change, content.expires);
      if (is_taken) tell_of_removed(owner_, context_, home_, Said::change, message.sender, is_gone, is_out);
      return;
    }
    if (find_id(context_.store, home_, message.id)) {  // another own device gave it with the history
      return context_.note(proto::Event::Level::info, "a message that is here already was dropped");
    }
    message.version = message.id;
    message.in_reply_to = content.in_reply_to;
    set_life(message, content.expires);
    if (content.text) message.text = std::move(content.text->text);
    message.unknown_type = content.unknown_type;
    if (content.attachment) message.text = std::move(content.description);
  }
  const std::uint64_t index = owner_.add_message(context_, conversation, message);
  if (plaintext && plaintext->content.attachment) keep_received_file(context_, home_, index, plaintext->content);
  note_message(owner_, context_, home_, index);
  if (owner_.receiver_) owner_.receiver_(context_, account_, home_, index);
  tell_of_removed(owner_, context_, home_, Said::message, message.sender, is_gone, is_out);
  conversation = *owner_.find(context_.store, channel_);
}

void Inbox::unreadable(Conversation& conversation, const proto::Envelope& envelope, const Error& error) {
  context_.note(proto::Event::Level::warning, error.where);
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = envelope.received_ms;
  notice.epoch = envelope.epoch;
  notice.text = std::string("A message here could not be read (") + error.where + "); ask its sender to repeat it.";
  owner_.add_message(context_, conversation, notice);
}

void Inbox::broken(Conversation& conversation, const char* why) {
  context_.note(proto::Event::Level::warning, why);
  conversation.state = ConversationState::broken;
  conversation.trouble = std::string("A member changed this conversation in a way that is not allowed (") + why +
                         "); nothing more is sent here: begin a new one.";
  owner_.save(context_, conversation);
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = context_.now.ms;
  notice.text = conversation.trouble;
  if (owner_.written_to(context_.store, home_)) {
    notice.text = std::string("A change of this conversation was not allowed (") + why +
                  ") and is not followed; it goes on over another channel between the same two.";
  }
  owner_.add_message(context_, conversation, notice);
  owner_.others_due(context_.store, channel_);
}

}  // namespace cairn::client
