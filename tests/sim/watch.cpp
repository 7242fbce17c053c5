#include "tests/sim/watch.h"

#include "core/base/encoding.h"
#include "core/client/conversation.h"
#include "core/client/identity.h"
#include "core/client/rejoin.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/directory/statement.h"
#include "core/mls/group.h"
#include "core/tlog/witness_request.h"
#include "tests/sim/host.h"

namespace cairn::sim {
namespace {

std::string_view path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = scheme == std::string_view::npos ? scheme : url.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string_view() : url.substr(slash);
}

bool is_good(int status) { return status >= 200 && status < 300; }

}  // namespace

void Watch::look_at(Host& host, Role role) {
  roles_.emplace(&host, role);
  if (role != Role::device) return;
  people_.push_back(&host);
  sent_in_.emplace(&host, SentIn{});
  came_.emplace(&host, HowTheyCame{});
  host.disk().on_commit([this, &host](const std::vector<Write>& writes) { on_commit(host, writes); });
}

void Watch::violation(std::string sentence) { violations_.push_back(std::move(sentence)); }

// ---- what devices sign and keep ----

void Watch::on_call(const Host& from, const proto::Call& call) {
  const auto role = roles_.find(&from);
  if (role == roles_.end() || role->second != Role::device) return;
  if (path_of(call.url) == proto::kPathChannelSend) on_send(from, call.body);
  if (path_of(call.url) == proto::kPathStatement) said(from.name(), call.body);
}

void Watch::on_send(const Host& from, ByteView body) {
  const auto send = wire::decode<proto::ChannelSend>(body);
  if (!send) return violation(from.name() + " gave a channel what is nothing");
  const Epoch epoch{send->channel, send->epoch};
  const bool is_new = given_.emplace(crypto::sha256(send->ciphertext), Given{&from, epoch, from.true_now()}).second;
  const auto used = used_.find(&from);
  if (is_new && used != used_.end() && used->second.contains(epoch)) {
    violation(from.name() + " encrypts with a state that a later one of it has used, in " +
              to_hex(send->channel).substr(0, 8));
  }
}

Watch::Copied Watch::copied(const Host& host) const { return {host.true_now(), sent_in_.at(&host), came_.at(&host)}; }

void Watch::put_back(const Host& host, Copied copied) {
  harmed_.insert(&host);
  // Of what it sent since it knows nothing, and what it sends from now on gets the same numbers.
  sent_in_.at(&host) = std::move(copied.sent_in);
  came_.at(&host) = std::move(copied.came);
  // A copy from before the last time it was put back knows what that one had forgotten.
  const auto last = put_back_.find(&host);
  if (last != put_back_.end() && copied.when < last->second) used_[&host].clear();
  put_back_[&host] = host.true_now();
  for (const auto& [hash, given] : given_) {
    if (given.by == &host && given.taken && given.first > copied.when) used_[&host].insert(given.epoch);
  }
}

void Watch::said(const std::string& who, ByteView statement_request) {
  const auto request = wire::decode<proto::StatementRequest>(statement_request);
  const auto statement = request ? wire::decode<directory::Statement>(request->statement)
                                 : Result<directory::Statement>(fail(ErrorCode::malformed, "statement"));
  if (!statement) return violation(who + " gave the directory what is no statement");
  Said one{statement->content.name, std::nullopt, std::nullopt, false};
  const directory::Device* newcomer = nullptr;
  if (const auto* genesis = std::get_if<directory::Genesis>(&statement->content.body)) newcomer = &genesis->device;
  if (const auto* add = std::get_if<directory::AddDevice>(&statement->content.body)) newcomer = &add->device;
  if (const auto* gone = std::get_if<directory::RemoveDevice>(&statement->content.body)) one.removes = gone->device;
  if (newcomer != nullptr) {
    one.adds = newcomer->id();
    authorised_.emplace(newcomer->id(), newcomer->signature_key);
  }
  statements_.emplace(crypto::sha256(request->statement), std::move(one));
}

void Watch::on_commit(const Host& device, const std::vector<Write>& writes) {
  note_how_they_came(device, writes);
  for (const Write& write : writes) {
    if (!write.value) continue;
    if (write.table == client::tables::kGroups) on_group(device, write.key, *write.value);
    if (write.table == client::tables::kRejoins) on_rejoin(device, *write.value);
    if (write.table == client::tables::kMessages) on_message(device, *write.value);
    if (write.table == client::tables::kOutbox) {
      const auto entry = wire::decode<client::OutboxEntry>(*write.value);
      if (!entry || entry->ciphertext.empty()) continue;
      wire::Writer message;
      message.raw(ByteView(write.key).first(ChannelId::kSize));
      message.u64(entry->message);
      sent_in_.at(&device).insert_or_assign(std::move(message).take(), Epoch{entry->channel, entry->epoch});
    }
  }
}

// Whoever is in a group's tree, or in that of a commit about to be sent, can read what comes next.
std::set<DeviceId> Watch::check_members(const Host& device, const std::vector<mls::Member>& members) {
  std::set<DeviceId> out;
  for (const mls::Member& member : members) {
    const auto who = client::parse_identity(*member.node);
    const auto known = who ? authorised_.find(who->device) : authorised_.end();
    if (known == authorised_.end() || !equal(known->second.view(), member.node->signature_key)) {
      violation(device.name() + " encrypts to a device that no owner let in");
      continue;
    }
    out.insert(who->device);
  }
  return out;
}

void Watch::on_rejoin(const Host& device, ByteView row) {
  const auto rejoin = wire::decode<client::Rejoin>(row);
  if (!rejoin || rejoin->group.empty()) return;
  const auto group = mls::Group::restore(rejoin->group.expose());
  if (!group) return violation(device.name() + " made a group that cannot be read");
  check_members(device, group->members());
}

void Watch::on_group(const Host& device, ByteView channel, ByteView row) {
  const auto group = mls::Group::restore(row);
  const auto id = ChannelId::from(channel);
  if (!group || !id) return violation(device.name() + " keeps a group that cannot be read");
  if (group->pending() != nullptr) check_members(device, group->pending()->members());
  if (!group->is_active()) return;
  Members members{check_members(device, group->members()), group->epoch_authenticator()};
  const auto [known, is_new] = members_.emplace(Epoch{*id, group->epoch()}, members);
  if (!is_new && known->second != members) {
    violation(device.name() + " has another epoch " + std::to_string(group->epoch()) + " than others of " +
              to_hex(*id).substr(0, 8));
  }
}

void Watch::on_spin(const Host& host) { violation(host.name() + " wants its timer again and again without a pause"); }

// ---- what servers answer ----

void Watch::on_answer(const Host& by, const proto::RequestArrived& request, const proto::Respond& answer) {
  const auto role = roles_.find(&by);
  if (role == roles_.end() || !is_good(answer.status)) return;
  if (role->second == Role::cosigner && request.target == "/add-checkpoint") check_cosigned(by, request.body);
  if (role->second != Role::relay) return;
  if (request.target == proto::kPathKeyPackageFetch) check_handed_out(answer.body);
  if (request.target.starts_with("/v1/channel/")) ++channel_writes_;
  if (request.target == proto::kPathChannelCommit) {
    const auto commit = wire::decode<proto::ChannelCommit>(request.body);
    leaf_updates_ += commit && commit->welcomes.empty() && commit->revoke == proto::Revoke::no ? 1 : 0;
  }
  if (request.target == proto::kPathChannelSend) {
    const auto send = wire::decode<proto::ChannelSend>(request.body);
    const auto given = send ? given_.find(crypto::sha256(send->ciphertext)) : given_.end();
    if (given != given_.end()) given->second.taken = true;
  }
  if (request.target == proto::kPathStatement) {
    const auto body = wire::decode<proto::StatementRequest>(request.body);
    const auto said = body ? statements_.find(crypto::sha256(body->statement)) : statements_.end();
    if (said == statements_.end()) return violation("the server took a statement that nobody made");
    said->second.accepted = true;
    ++statements_taken_;
  }
}

void Watch::check_cosigned(const Host& by, ByteView body) {
  const auto request = tlog::AddCheckpoint::parse(as_text(body), tlog::ExtensionLines::refuse);
  if (!request) return violation(by.name() + " cosigned what is no checkpoint");
  const tlog::Checkpoint& claim = request->checkpoint.claim();
  const tlog::TreeHead& tree = claim.tree;
  const auto [known, is_new] = cosigned_.emplace(std::tuple{&by, claim.origin, tree.size}, tree.root);
  if (!is_new && known->second != tree.root) {
    violation(by.name() + " cosigned two roots for size " + std::to_string(tree.size));
  }
}

void Watch::check_handed_out(ByteView answer) {
  const auto packages = wire::decode<proto::KeyPackageAnswer>(answer);
  if (!packages) return violation("the server handed out what are no key packages");
  for (const auto& item : packages->items) {
    const auto package = wire::decode<mls::KeyPackage>(item.key_package);
    if (!package) return violation("the server handed out what is no key package");
    if (package->is_last_resort()) continue;
    if (!handed_out_.insert(crypto::sha256(item.key_package)).second) {
      violation("the server handed out a key package for the second time");
    }
  }
}

}  // namespace cairn::sim
