#include "core/client/standing.h"

#include <algorithm>

#include "core/client/row_keys.h"
#include "core/mls/limits.h"

namespace cairn::client {
namespace {

constexpr std::size_t kAll = ~std::size_t{0};
constexpr std::size_t kMostStored = std::size_t{16} * 1024 * 1024;  // far more than the leaves of any tree have

/// Whether nothing that was taken before the commit which ended `epoch` comes behind this envelope. The server of a
/// channel takes one commit an epoch, and nothing of an epoch before the commit that leads to it.
bool is_past(const proto::Envelope& envelope, std::uint64_t epoch) {
  using Kind = proto::EnvelopeKind;
  const bool is_commit = envelope.kind == Kind::commit || envelope.kind == Kind::commit_blob;
  // A Welcome stands before its commit, and what is of a rejoin is in no order with either.
  if (!is_commit && envelope.kind != Kind::message) return false;
  return envelope.epoch > epoch || (is_commit && envelope.epoch == epoch);
}

bool has_leaf(const mls::Group& group, const mls::Credential& who) {
  const auto members = group.members();
  return std::any_of(members.begin(), members.end(),
                     [&](const mls::Member& member) { return member.node->credential == who; });
}

}  // namespace

void OwnRemoval::write(wire::Writer& w) const {
  const std::size_t mark = w.begin_vector();
  for (const Bytes& identity : identities) w.opaque(identity);
  w.end_vector(mark);
}

Result<OwnRemoval> OwnRemoval::read(wire::Reader& r) {
  OwnRemoval out;
  wire::Reader identities = TRY(r.nested(kMostStored));
  while (!identities.done()) out.identities.push_back(TRY(identities.opaque_bytes(mls::kMaxCredentialSize)));
  return out;
}

void note_own_removal(Context& context, const ChannelId& channel, const mls::CommitSummary& commit) {
  OwnRemoval row;
  for (const mls::Member& member : commit.removed) {
    const auto identity = member.node->credential.identity();
    if (identity) row.identities.push_back(to_bytes(*identity));
  }
  if (row.identities.empty()) return;
  context.store.put(tables::kOwnRemovals, numbered(channel, commit.epoch - 1), wire::encode(row));
}

void note_reached(Context& context, const ChannelId& channel, const proto::Envelope& envelope) {
  for (const Row& row : context.store.scan_prefix(tables::kOwnRemovals, channel, kAll)) {
    if (is_past(envelope, index_of(row.key))) context.store.erase(tables::kOwnRemovals, row.key);
  }
}

Standing standing_of(const StoreView& store, const ChannelId& channel, const mls::Group& group,
                     const mls::ApplicationMessage& message) {
  const mls::Credential& who = message.sender.node->credential;
  if (message.epoch >= group.epoch() || has_leaf(group, who)) return Standing::in;
  const auto identity = who.identity();
  if (!identity) return Standing::out;
  for (const Row& row : store.scan_prefix(tables::kOwnRemovals, channel, kAll)) {
    const auto removal = wire::decode<OwnRemoval>(row.value);
    if (!removal || message.epoch > index_of(row.key)) continue;
    const bool is_by_it = std::any_of(removal->identities.begin(), removal->identities.end(),
                                      [&](const Bytes& one) { return equal(one, *identity); });
    if (is_by_it) return Standing::before_removal;
  }
  return Standing::out;
}

// Sent before the removal and late, or by whoever has that device now: only its owner can say.
void tell_of_removed(Conversations& conversations, Context& context, const ChannelId& home, Said what,
                     const std::string& name, bool is_gone, bool is_out) {
  const bool is_change = what == Said::change;
  if (is_gone) {
    conversations.notice(
        context, home,
        (is_change ? "Something here was changed from a device that " : "This came from a device that ") + name +
            " has removed; ask them another way before you rely on it.");
  } else if (is_out) {
    conversations.notice(context, home,
                         "By the word of the server " + name + (is_change ? " changed something here" : " said this") +
                             " before they were removed.");
  }
}

}  // namespace cairn::client
