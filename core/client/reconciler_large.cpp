// Commits and welcomes that no envelope holds lie at the server before their request leaves (large_bodies.h).
#include <algorithm>

#include "core/client/identity.h"
#include "core/client/reconciler.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

/// Bytes of all welcomes of a request, each with the whole tree: beyond that they are one, which all of them fetch.
constexpr std::size_t kMostWelcomesInside = std::size_t{512} * 1024;

}  // namespace

std::optional<Reconciler::Carried> Reconciler::carry(ByteView body) {
  if (body.size() <= proto::kMaxEnvelopeBody) return Carried{proto::Carriage::inside, to_bytes(body)};
  return put(body);
}

std::optional<Reconciler::Carried> Reconciler::put(ByteView body) {
  const Hash sent = crypto::sha256(group_->pending()->commit());
  const bool is_whole = owner_.large_.put(
      context_, account_, {channel_, conversation_.domain, group_->epoch()}, write_key_of(*group_, channel_), body,
      resume(owner_, channel_, [sent](Reconciler& self, const Answer& answer) { self.put_answered(sent, answer); }));
  if (!is_whole) return std::nullopt;
  return Carried{proto::Carriage::blob, wire::encode(LargeBodies::place_of(account_, channel_, body))};
}

void Reconciler::put_answered(const Hash& sent, const Answer& answer) {
  if (answer.body) return owner_.due(channel_);
  commit_answered(sent, without_winner(answer));
}

bool Reconciler::is_own(const proto::CommitAnswer& winner) const {
  const Bytes& own = group_->pending()->commit();
  if (own.size() <= proto::kMaxEnvelopeBody) return equal(winner.winning_commit, own);
  return equal(winner.winning_commit, wire::encode(LargeBodies::place_of(account_, channel_, own)));
}

bool Reconciler::should_be_in(const mls::Member& member) const {
  const auto who = parse_identity(*member.node);
  const auto view = who ? owner_.views_.view(context_.store, account_, who->name) : std::nullopt;
  const auto& names = conversation_.names;
  return view && view->state().is_active(who->device) &&
         std::binary_search(names.begin(), names.end(), who->name.text());
}

// A device that was removed since this was staged, or whose name is wanted here no more, is not welcomed; and a server
// that has not taken the commit yet refuses it for that, and it is staged anew. Where one has taken it, the removal is
// the next commit.
std::vector<bool> Reconciler::still_awaited() const {
  std::vector<bool> out;
  for (const mls::Member& member : group_->pending()->summary().added) out.push_back(should_be_in(member));
  return out;
}

Bytes Reconciler::one_for_all(const std::vector<bool>& awaited) const {
  Bytes joint = group_->pending()->joint_welcome(awaited);
  const auto count = static_cast<std::size_t>(std::count(awaited.begin(), awaited.end(), true));
  const bool is_large = joint.size() > proto::kMaxEnvelopeBody || joint.size() * count > kMostWelcomesInside;
  return is_large ? joint : Bytes{};
}

bool Reconciler::add_welcomes(proto::ChannelCommit& request) {
  const mls::PendingCommit& pending = *group_->pending();
  const std::vector<mls::Member>& added = pending.summary().added;
  if (added.empty()) return true;
  const std::vector<bool> awaited = still_awaited();
  const Bytes joint = one_for_all(awaited);
  const auto large = joint.empty() ? std::nullopt : put(joint);
  if (!joint.empty() && !large) return false;
  std::vector<mls::OutgoingWelcome> each;
  if (!large) each = pending.welcomes();
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (!awaited[i]) continue;
    const auto one = recipients_of(context_.store, account_, owner_.views_, {added[i]});
    const auto who = parse_identity(*added[i].node);
    CHECK(one.has_value() && who.has_value());
    proto::WelcomeFor welcome;
    welcome.to = one->front();
    welcome.carriage = large ? large->carriage : proto::Carriage::inside;
    welcome.welcome = large ? large->body : std::move(each[i].message);
    for (const HeldJoinToken& held : conversation_.join_tokens) {
      if (held.device == who->device) welcome.join_token = held.token;
    }
    request.welcomes.push_back(std::move(welcome));
  }
  return true;
}

// ---- what the server refused ----

bool Reconciler::is_still_wanted() const {
  const auto is_in = [this](const mls::Member& member) { return should_be_in(member); };
  const std::vector<mls::Member> members = group_->pending()->members();
  const std::vector<mls::Member>& removed = group_->pending()->summary().removed;
  return std::all_of(members.begin(), members.end(), is_in) && std::none_of(removed.begin(), removed.end(), is_in);
}

void Reconciler::drop_refused() {
  const Bytes& commit = group_->pending()->commit();
  const std::size_t added = group_->pending()->summary().added.size();
  const Bytes joint = added == 0 ? Bytes{} : one_for_all(still_awaited());
  // Of when all of them were wanted.
  const Bytes first = added == 0 ? Bytes{} : one_for_all(std::vector<bool>(added, true));
  const auto take_back = [&](const Bytes& body) {
    owner_.large_.take_back(context_, account_, channel_, conversation_.domain, body);
  };
  if (commit.size() > proto::kMaxEnvelopeBody) take_back(commit);
  if (!joint.empty()) take_back(joint);
  if (!first.empty() && first != joint) take_back(first);
  group_->discard_pending();
  conversation_.join_tokens.clear();
  owner_.save_group(context_, channel_, *group_);
  owner_.save(context_, conversation_);
}

}  // namespace cairn::client
