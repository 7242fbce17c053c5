// New keys for this device's own leaf, on a schedule (leaf_updates.h): a commit that changes nothing else, and keeps
// nobody waiting.
#include "core/client/gatekeeper.h"
#include "core/client/key_packages.h"
#include "core/client/leaf_updates.h"
#include "core/client/reconciler.h"
#include "core/client/rejoin.h"
#include "core/client/requests.h"
#include "core/client/settings.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

/// When this epoch began here; nothing when that is not known any more, or this device came in with it.
std::optional<Time> began(const StoreView& store, const ChannelId& channel, std::uint64_t epoch) {
  wire::Writer key;
  key.raw(channel);
  key.u64(epoch - 1);
  const auto row = epoch == 0 ? std::nullopt : store.get(tables::kFormerEpochs, key.view());
  if (!row) return std::nullopt;
  wire::Reader r(*row);
  const auto ended = r.u64();
  return ended ? std::optional(Time{*ended}) : std::nullopt;
}

}  // namespace

// All that a leaf says of itself.
LeafFacts Reconciler::own_leaf_facts() const {
  const auto own = group_->member(group_->own_leaf());
  CHECK(own.has_value());
  LeafFacts facts;
  facts.leaf = crypto::sha256(own->node->encryption_key);
  if (const auto* lifetime = std::get_if<mls::Lifetime>(&own->node->origin)) {
    facts.made = made_at(*lifetime);
    facts.is_last_resort = is_of_last_resort(*lifetime);
  }
  const auto log = owner_.views_.domain(context_.store, account_, account_.name.domain());
  if (log) facts.least = log->trusted_now(Time{0});
  return facts;
}

LeafFacts Reconciler::leaf_facts() const {
  LeafFacts facts = own_leaf_facts();
  facts.devices = group_->members().size();
  facts.blanks_above = group_->blanks_above();
  facts.epoch_began = began(context_.store, channel_, group_->epoch());
  return facts;
}

bool Reconciler::is_leaf_update() const {
  if (group_->pending() == nullptr || is_in_doubt(context_.store, channel_)) return false;
  const mls::CommitSummary& summary = group_->pending()->summary();
  return summary.added.empty() && summary.removed.empty() && !summary.group_context_extensions;
}

// What is to be said does not wait for it: the messages are of the epoch that it ends, and the server takes them for a
// minute more, else they are protected again.
void Reconciler::flush_beside_update() {
  if (group_->pending() == nullptr || conversation_.state != ConversationState::active) return;
  const auto wanted = difference();
  if (!wanted) return cannot_be_written_to(wanted.error());
  if (!wanted->empty()) return;
  tell_of_left_out(*wanted);
  flush_outbox();
}

bool Reconciler::is_as_wanted() const {
  const auto wanted = difference();
  return wanted && wanted->empty();
}

// As with what arrived and was read (receipts.cpp).
bool Reconciler::is_kept_quiet() const {
  const ConversationSettings settings = settings_of(context_.store, home_);
  return settings.is_request || settings.is_hidden || is_blocked(context_.store, account_, conversation_);
}

// Messages bring this here again and again, and each would send it. A moment further away than any pause is of a clock
// that was ahead.
bool Reconciler::is_put_off() const {
  const auto retry = owner_.update_retries_.find(channel_);
  return retry != owner_.update_retries_.end() && retry->second.at > context_.now &&
         retry->second.at <= after(context_.now, kMostRetryAfterMs);
}

void Reconciler::try_commit_later(bool is_quiet, const Answer& answer) {
  if (is_quiet) return Conversations::put_off(context_, owner_.update_retries_[channel_], &answer);
  owner_.retry_later(context_, channel_, &answer);
}

void Reconciler::update_leaf(const Difference& nothing) {
  const bool is_alone = group_->members().size() < 2;
  if (is_alone || conversation_.state != ConversationState::active || load_rejoin(context_.store, channel_)) return;
  const auto before = load_leaf_age(context_.store, channel_);
  const LeafFacts facts = leaf_facts();
  LeafAge age = age_of(before, facts, context_.now);
  const Time at = plan_leaf_update(age, facts, context_.now, context_.entropy);
  const bool is_unwanted = is_kept_quiet();
  if (at <= context_.now && !is_unwanted) note_leaf_try(age, context_.now, context_.entropy);
  if (age != before) save_leaf_age(context_, channel_, age);
  if (at > context_.now) return owner_.wake(channel_, at);
  if (is_unwanted) return owner_.wake(channel_, after(context_.now, kUnwantedLookMs));
  owner_.wake(channel_, Time{age.at_ms});
  stage(nothing, Staging::new_keys);
}

void Reconciler::note_staged(const mls::CommitSummary& summary) {
  const LeafFacts facts = own_leaf_facts();
  LeafAge age = age_of(load_leaf_age(context_.store, channel_), facts, context_.now);
  note_leaf_staged(age, crypto::sha256(summary.committer.node->encryption_key), known_time(facts, context_.now));
  save_leaf_age(context_, channel_, age);
}

void Reconciler::note_encrypted() {
  LeafAge age = age_of(load_leaf_age(context_.store, channel_), own_leaf_facts(), context_.now);
  ++age.sent;
  save_leaf_age(context_, channel_, age);
}

}  // namespace cairn::client
