#include "core/mls/group.h"

#include "core/mls/internal/successor.h"

namespace cairn::mls {

using internal::StagedState;

StagedCommit::StagedCommit(std::unique_ptr<StagedState> state) : state_(std::move(state)) {}
StagedCommit::~StagedCommit() = default;
StagedCommit::StagedCommit(StagedCommit&&) noexcept = default;
StagedCommit& StagedCommit::operator=(StagedCommit&&) noexcept = default;

const CommitSummary& StagedCommit::summary() const { return state_->summary; }

SecretBytes StagedCommit::exporter(std::string_view label, ByteView context, std::size_t size) const {
  CHECK(state_->next.has_value());
  const CipherSuite& suite = cipher_suite(static_cast<SuiteId>(state_->next->context.cipher_suite));
  return internal::export_secret(suite, state_->next->secrets.exporter, label, context, size);
}

Bytes StagedCommit::epoch_authenticator() const {
  CHECK(state_->next.has_value());
  return to_bytes(state_->next->secrets.authenticator.view());
}

std::vector<Member> StagedCommit::members() const {
  CHECK(state_->next.has_value());
  return state_->next->members();
}

const ExtensionList& StagedCommit::extensions() const {
  CHECK(state_->next.has_value());
  return state_->next->context.extensions;
}

const Bytes& PendingCommit::commit() const { return state_->commit; }

std::vector<OutgoingWelcome> PendingCommit::welcomes() const {
  const Welcome& all = state_->welcome;
  Welcome one{all.cipher_suite, {}, all.encrypted_group_info};
  std::vector<OutgoingWelcome> out;
  out.reserve(all.secrets.size());
  for (std::size_t i = 0; i < all.secrets.size(); ++i) {
    one.secrets.assign(1, all.secrets[i]);
    out.push_back({all.secrets[i].new_member, state_->summary.added[i].leaf, encode_message(one)});
  }
  return out;
}

Bytes PendingCommit::joint_welcome() const {
  return joint_welcome(std::vector<bool>(state_->welcome.secrets.size(), true));
}

Bytes PendingCommit::joint_welcome(const std::vector<bool>& to) const {
  const Welcome& all = state_->welcome;
  CHECK(to.size() == all.secrets.size());
  Welcome some{all.cipher_suite, {}, all.encrypted_group_info};
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i]) some.secrets.push_back(all.secrets[i]);
  }
  return some.secrets.empty() ? Bytes{} : encode_message(some);
}

Bytes PendingCommit::ratchet_tree() const {
  wire::Writer writer;
  state_->next->tree.write(writer);
  return writer.take();
}

Group::Group(std::unique_ptr<internal::GroupState> state) : state_(std::move(state)) {}
Group::~Group() = default;
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;

const GroupId& Group::group_id() const { return state_->current.context.group_id; }
SuiteId Group::suite() const { return state_->suite->id; }
std::uint64_t Group::epoch() const { return state_->current.number(); }
LeafIndex Group::own_leaf() const { return state_->own_leaf(); }
const ExtensionList& Group::extensions() const { return state_->current.context.extensions; }
std::vector<Member> Group::members() const { return state_->current.members(); }
std::optional<Member> Group::member(LeafIndex leaf) const { return state_->current.member(leaf); }
bool Group::is_active() const { return state_->is_active; }
const std::optional<ReInit>& Group::reinit() const { return state_->reinit; }

Status Group::check_can_send() const {
  REQUIRE(state_->is_active, ErrorCode::invalid_state, "not a member any more");
  REQUIRE(!state_->reinit, ErrorCode::invalid_state, "group was reinitialised");
  return ok();
}

Result<const PendingCommit*> Group::stage_commit(const CommitRequest& request, const Rules& rules, Time now,
                                                 Entropy& entropy) {
  TRY(check_can_send());
  REQUIRE(pending_ == nullptr, ErrorCode::invalid_state, "a commit is pending");
  REQUIRE(request.authenticated_data.size() <= kMaxAuthenticatedDataSize, ErrorCode::over_limit, "authenticated data");
  auto staged = TRY(internal::stage_own(*state_, request, rules, now, entropy));
  pending_.reset(new PendingCommit(std::move(staged)));
  return pending_.get();
}

const PendingCommit* Group::pending() const { return pending_.get(); }

Status Group::merge_pending() {
  REQUIRE(pending_ != nullptr, ErrorCode::invalid_state, "no commit is pending");
  const auto staged = std::move(pending_);
  internal::advance(*state_, std::move(*staged->state_));
  return ok();
}

void Group::discard_pending() { pending_ = nullptr; }

Status Group::merge(ReceivedCommit&& received) {
  StagedState& staged = *received.commit.state_;
  REQUIRE(staged.base_epoch == epoch() && staged.base_authenticator == state_->current.secrets.authenticator,
          ErrorCode::stale, "commit of another epoch");
  REQUIRE(state_->is_active, ErrorCode::invalid_state, "not a member any more");
  pending_ = nullptr;
  internal::advance(*state_, std::move(staged));
  return ok();
}

SecretBytes Group::exporter(std::string_view label, ByteView context, std::size_t size) const {
  CHECK(!state_->current.secrets.exporter.empty());
  return internal::export_secret(*state_->suite, state_->current.secrets.exporter, label, context, size);
}

Bytes Group::epoch_authenticator() const { return to_bytes(state_->current.secrets.authenticator.view()); }

Result<Psk> Group::resumption_psk(std::uint64_t epoch) const { return internal::resumption_psk(*state_, epoch); }

std::size_t Group::blanks_above() const {
  const internal::RatchetTree& tree = state_->current.tree;
  std::size_t beyond = 0;
  for (const internal::PathStep& step : tree.filtered_direct_path(own_leaf()))
    beyond += tree.resolution(step.copath).size() - 1;
  return beyond;
}

Bytes Group::ratchet_tree() const {
  wire::Writer writer;
  state_->current.tree.write(writer);
  return writer.take();
}

void Group::forget_epochs_before(std::uint64_t epoch) {
  while (!state_->past.empty() && state_->past.back().number < epoch) state_->past.pop_back();
  state_->resumption.erase(state_->resumption.begin(), state_->resumption.lower_bound(epoch));
  // RFC 9420 s.12.4.2: a removed client "SHOULD promptly delete its group state and secret tree".
  if (!state_->is_active && state_->current.number() < epoch) internal::forget_last(*state_);
}

void Group::forget_proposals() { state_->proposals.clear(); }

SecretBytes Group::serialise() const {
  wire::Writer writer(wire::Sensitivity::is_secret);
  state_->write(writer);
  writer.u8(pending_ ? 1 : 0);
  if (pending_) pending_->state_->write(writer);
  return writer.take_secret();
}

Result<Group> Group::restore(ByteView serialised) {
  wire::Reader reader(serialised);
  Group out(std::make_unique<internal::GroupState>(TRY(internal::GroupState::read(reader))));
  if (TRY(reader.presence())) {
    auto staged = std::make_unique<StagedState>(TRY(StagedState::read(*out.state_, reader)));
    out.pending_.reset(new PendingCommit(std::move(staged)));
  }
  TRY(reader.finish());
  return out;
}

}  // namespace cairn::mls
