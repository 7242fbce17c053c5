// Commits and welcomes that no envelope holds lie at the server before their request leaves (large_bodies.h).
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

bool Reconciler::add_welcomes(proto::ChannelCommit& request) {
  const mls::PendingCommit& pending = *group_->pending();
  const std::vector<mls::Member>& added = pending.summary().added;
  if (added.empty()) return true;
  const Bytes joint = pending.joint_welcome();
  const bool is_large = joint.size() > proto::kMaxEnvelopeBody || joint.size() * added.size() > kMostWelcomesInside;
  const auto one_for_all = is_large ? put(joint) : std::nullopt;
  if (is_large && !one_for_all) return false;
  std::vector<mls::OutgoingWelcome> each;
  if (!is_large) each = pending.welcomes();
  for (std::size_t i = 0; i < added.size(); ++i) {
    const auto one = recipients_of(context_.store, account_, owner_.views_, {added[i]});
    const auto who = parse_identity(*added[i].node);
    CHECK(one.has_value() && who.has_value());
    // Removed since this was staged: it is welcomed no more, and a server that has not taken the commit yet refuses it
    // for that. One that has says so, and the removal is the next commit.
    const auto view = owner_.views_.view(context_.store, account_, who->name);
    if (!view || !view->state().is_active(who->device)) continue;
    proto::WelcomeFor welcome;
    welcome.to = one->front();
    welcome.carriage = one_for_all ? one_for_all->carriage : proto::Carriage::inside;
    welcome.welcome = one_for_all ? one_for_all->body : std::move(each[i].message);
    for (const HeldJoinToken& held : conversation_.join_tokens) {
      if (held.device == who->device) welcome.join_token = held.token;
    }
    request.welcomes.push_back(std::move(welcome));
  }
  return true;
}

}  // namespace cairn::client
