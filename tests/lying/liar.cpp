#include "tests/lying/liar.h"

#include "core/tlog/cosignature.h"
#include "tests/lying/own_store.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::lying {
namespace {

namespace table = relay::table;
using directory::Statement;

/// What a file says, and what is said to people.
struct Words {
  Lie lie;
  std::string_view word;
  std::string_view sentence;
};
constexpr Words kWords[] = {
    {Lie::none, "none", "The server tells the truth."},
    {Lie::unsigned_device, "unsigned-device", "The server adds a device of its own that the owner never signed."},
    {Lie::forged_signature, "forged-signature",
     "The server adds a device of its own in the name of one of the owner's, which never signed it."},
    {Lie::brought_back, "brought-back", "The server adds a device again that the owner had removed."},
    {Lie::undone_removal, "undone-removal",
     "The server leaves out that a device was removed, and that device lets another one in."},
    {Lie::dropped_statement, "dropped-statement", "The server leaves the owner's newest statement out."},
    {Lie::forked_chain, "forked-chain", "The server gives a chain of its own under the name."},
    {Lie::another_name, "another-name", "The server gives another name's devices for this one."},
    {Lie::false_place, "false-place",
     "The server shows the name in another name's place, with a chain of its own there."},
    {Lie::replayed_answer, "replayed-answer", "The server gives an old answer that was true once."},
    {Lie::forked_map, "forked-map",
     "The server makes a second map with its own device, and signs it with the log's key."},
    {Lie::forked_with_lines, "forked-with-lines",
     "The server puts the auditors' old cosignatures under its second map."},
    {Lie::flash, "flash", "The server lies for one epoch, and tells the truth again from the next one on."},
    {Lie::false_absence, "false-absence",
     "The server says that the name does not exist, with a second map to prove it."},
    {Lie::false_reset, "false-reset", "The server resets the name to its own device, without anybody being told."},
    {Lie::no_quorum, "no-quorum", "The server shows a checkpoint that only one has cosigned."},
    {Lie::own_cosigners, "own-cosigners", "The server shows a checkpoint that cosigners of its own have cosigned."},
    {Lie::another_config, "another-config", "The server gives another key of the directory."},
    {Lie::false_proof, "false-proof",
     "The server gives a chain of its own under the name, and proves its place in a map that is not the record's."},
    {Lie::false_record, "false-record",
     "The server shows a record of its own, with its own device, under the auditors' checkpoint."},
    {Lie::no_notice, "no-notice", "The server shows a reset without its notice."},
    {Lie::wrong_veto_keys, "wrong-veto-keys", "The server says that its own key is the one that may veto a reset."},
    {Lie::hidden_reset, "hidden-reset", "The server hides that a reset was requested."},
    {Lie::short_delay, "short-delay", "The server says, with all auditors, that a reset matures in an hour."},
    {Lie::early_completion, "early-completion",
     "The server completes a reset, with all auditors, before its delay is over."},
    {Lie::false_completion, "false-completion",
     "The server completes a reset, with all auditors, as if its delay were over and its owner had said nothing."},
    {Lie::other_config, "other-config", "The server shows, with all auditors, a record of another configuration."},
    {Lie::frozen_clock, "frozen-clock", "The server shows what all auditors have cosigned a day and an hour ago."},
    {Lie::yesterday, "yesterday",
     "The server shows, as all auditors cosigned it a day and an hour ago, what was before the owner's newest "
     "statement."},
    {Lie::fast_clock, "fast-clock", "The server shows what all auditors have cosigned in an hour."},
    {Lie::rolled_back, "rolled-back",
     "The server shows, as all auditors cosign it again, the log as it was before the owner's newest statement."},
    {Lie::another_log_key, "another-log-key",
     "The server shows, with all auditors, a chain of its own in a log that another key than the log's has signed."},
};

/// The same claim, signed in the log's name by this key.
std::string signed_by(const crypto::SigningKey& key, const std::string& checkpoint) {
  const auto parsed = tlog::SignedCheckpoint::parse(checkpoint, tlog::ExtensionLines::refuse);
  CHECK(parsed.has_value());
  return tlog::SignedCheckpoint::sign(parsed->claim(), key).encode();
}

}  // namespace

std::string_view describe(Lie lie) {
  for (const Words& it : kWords) {
    if (it.lie == lie) return it.sentence;
  }
  return "";
}

Lie lie_named(std::string_view word) {
  for (const Words& it : kWords) {
    if (it.word == word) return it.lie;
  }
  return Lie::none;
}

std::string_view word_of(Lie lie) {
  for (const Words& it : kWords) {
    if (it.lie == lie) return it.word;
  }
  return "";
}

Time cosigned_at(Lie lie, Time now) {
  if (lie == Lie::frozen_clock || lie == Lie::yesterday) return Time{now.ms - kDayMs - kHourMs};
  return lie == Lie::fast_clock ? after(now, kHourMs) : now;
}

Liar::Liar(directory::Name victim, Entropy& entropy)
    : victim_(std::move(victim)), entropy_(entropy), key_(crypto::SigningKey::generate(entropy)) {
  device_ = {key_.public_key(), random_value<MailboxId>(entropy), {0xf102}};
}

Statement Liar::add_device(const directory::NameState& state, const directory::Device& device,
                           const crypto::SigningKey& signer, const crypto::SigningKey& device_key) {
  Statement out{
      {victim_, state.count(), state.head(), 0, random_value<Nonce16>(entropy_), {}, directory::AddDevice{device}}, {}};
  out.signatures = {directory::sign_as_device(out.content, signer),
                    directory::sign_as_new_device(out.content, device_key)};
  return out;
}

Statement Liar::false_genesis() {
  Statement out{{victim_,
                 0,
                 {},
                 0,
                 random_value<Nonce16>(entropy_),
                 {},
                 directory::Genesis{device_, random_value<Hash>(entropy_), 0}},
                {}};
  out.signatures = {directory::sign_as_new_device(out.content, key_)};
  return out;
}

Statement Liar::false_request(std::uint32_t sequence, const Hash& previous) {
  const directory::RequestReset body{device_, random_value<Hash>(entropy_), 0};
  Statement out{{victim_, sequence, previous, 0, random_value<Nonce16>(entropy_), {}, body}, {}};
  out.signatures = {directory::sign_as_new_device(out.content, key_)};
  return out;
}

Statement Liar::complete_reset(const directory::NameState& state) const {
  CHECK(state.open_reset().has_value());
  const directory::CompleteReset body{state.open_reset()->sequence};
  Statement out{{victim_, state.count(), state.head(), 0, {}, {}, body}, {}};
  out.signatures = {directory::sign_as_new_device(out.content, key_)};
  return out;
}

Liar::Response Liar::under_another_name(const StoreView& store, Response response) const {
  CHECK(own_name_.has_value());
  const auto row = need<relay::NameRow>(store, table::kNames, own_name_->bytes());
  response.vrf_proof = row.vrf_proof;
  const directory::NameLeaf leaf = leaves_of(store).at(row.map_key);
  response.map_proof = map_with(store, row.map_key, leaf).prove(row.map_key);
  response.statements = chain_of(store, *own_name_, leaf.count).statements;
  response.notices.clear();
  return response;
}

// ---- the chain ----

/// The leaf that goes with a chain, valid or not. A request without a notice leaves no trace in it.
std::optional<directory::NameLeaf> Liar::leaf_of(const Chain& chain) {
  if (chain.statements.empty()) return std::nullopt;
  directory::NameLeaf leaf;
  auto notice = chain.notices.begin();
  for (const Statement& statement : chain.statements) {
    leaf.head = directory::extend_head(leaf.head, statement.commitment());
    ++leaf.count;
    if (is_request(statement) && notice != chain.notices.end()) leaf.pending = (notice++)->hash();
    if (statement.content.type() == directory::StatementType::veto_reset) {
      leaf.pending = directory::veto_mark(leaf.pending);
    }
    if (statement.content.type() != directory::StatementType::complete_reset || leaf.pending.is_zero()) continue;
    leaf.resets = directory::extend_resets(leaf.resets, leaf.pending);
    leaf.pending = {};
  }
  return leaf;
}

/// By its own signature, where its key is here; else without one, and where none was removed it is the attacker's.
Statement Liar::bring_back(const directory::NameState& state) {
  const auto* helper = removed_key_ ? state.find_by_key(removed_key_->public_key()) : nullptr;
  if (helper != nullptr) return add_device(state, helper->device, *removed_key_, *removed_key_);
  const auto& devices = state.devices();
  const auto removed = std::ranges::find_if(devices, [](const auto& device) { return !device.active(); });
  if (removed == devices.end()) return add_device(state, device_, key_, key_);
  Statement out = add_device(state, removed->device, key_, key_);
  for (directory::StatementSignature& signature : out.signatures) signature.key = removed->device.signature_key;
  return out;
}

/// What stands in it is as if the owner's first device had let the attacker's in: the signature alone is not its own.
Statement Liar::forge_signature(const directory::NameState& state) {
  Statement out = add_device(state, device_, key_, key_);
  const auto active = state.active_devices();
  if (!active.empty()) out.signatures.front().key = active.front().signature_key;
  return out;
}

/// Up to the removal, and then the attacker's device by the signature of the removed one, which was good there.
Chain Liar::undo_removal(Chain chain) {
  CHECK(removed_key_.has_value());
  const DeviceId id = directory::device_id(removed_key_->public_key());
  const auto removal = std::ranges::find_if(chain.statements, [&](const Statement& statement) {
    const auto* body = std::get_if<directory::RemoveDevice>(&statement.content.body);
    return body != nullptr && body->device == id;
  });
  CHECK(removal != chain.statements.end());
  chain.statements.erase(removal, chain.statements.end());
  std::erase_if(chain.notices, [&](const auto& it) { return it.request_sequence >= chain.statements.size(); });
  const auto state = state_of(victim_, chain.statements);
  chain.statements.push_back(add_device(state, device_, *removed_key_, key_));
  return chain;
}

/// Told of a name that allows no resets, too: its chain would not take these.
Chain Liar::reset_unnoticed(Chain chain) {
  Hash head = leaf_of(chain).value_or(directory::NameLeaf{}).head;
  for (int step = 0; step < 2; ++step) {
    const auto count = static_cast<std::uint32_t>(chain.statements.size());
    Statement statement = false_request(count, head);
    if (step == 1) {
      statement.content.body = directory::CompleteReset{count - 1};
      statement.signatures = {directory::sign_as_new_device(statement.content, key_)};
    }
    head = directory::extend_head(head, statement.commitment());
    chain.statements.push_back(std::move(statement));
  }
  return chain;
}

Chain Liar::told_chain(const StoreView& store, const Chain& truth) {
  Chain out = truth;
  switch (lie_) {
    case Lie::unsigned_device:
      out.statements.push_back(add_device(state_of(victim_, truth.statements), device_, key_, key_));
      break;
    case Lie::forged_signature: out.statements.push_back(forge_signature(state_of(victim_, truth.statements))); break;
    case Lie::brought_back: out.statements.push_back(bring_back(state_of(victim_, truth.statements))); break;
    case Lie::undone_removal: return undo_removal(truth);
    case Lie::dropped_statement:
    case Lie::yesterday:
      CHECK(!out.statements.empty());
      if (is_request(out.statements.back())) out.notices.pop_back();
      out.statements.pop_back();
      break;
    case Lie::another_name: {
      CHECK(own_name_.has_value());
      const Hash place = need<relay::NameRow>(store, table::kNames, own_name_->bytes()).map_key;
      return chain_of(store, *own_name_, leaves_of(store).at(place).count);
    }
    case Lie::hidden_reset:
      out.statements.erase(std::ranges::find_if(out.statements, is_request), out.statements.end());
      out.notices.clear();
      break;
    case Lie::wrong_veto_keys:
      for (directory::ResetNotice& notice : out.notices) notice.veto_keys = {key_.public_key()};
      break;
    case Lie::false_reset: return reset_unnoticed(truth);
    case Lie::false_absence: return {};
    case Lie::forked_chain:
    case Lie::forked_map:
    case Lie::forked_with_lines:
    case Lie::false_place:
    case Lie::false_proof:
    case Lie::false_record:
    case Lie::another_log_key:
    case Lie::flash: return {{false_genesis()}, {}};
    default: break;
  }
  return out;
}

/// The chain is made to lie, and above it as much as the lie wants.
Liar::Response Liar::with_chain(const StoreView& store, const Request& request, Response response, Time now) {
  const Hash place = need<relay::NameRow>(store, table::kNames, victim_.bytes()).map_key;
  const Chain truth = chain_of(store, victim_, leaves_of(store).at(place).count);
  const Chain told = told_chain(store, truth);
  answer_with(told, truth, request, response);
  if (lie_ == Lie::no_notice) response.notices.clear();
  if (lie_ == Lie::false_record || lie_ == Lie::false_proof) {
    const directory::EpochRecord honest = response.record;
    put_into_map(store, victim_, leaf_of(told), response);
    if (lie_ == Lie::false_proof) response.record = honest;
    return response;
  }
  const bool same_size = lie_ == Lie::forked_map || lie_ == Lie::forked_with_lines;
  const bool forks = same_size || lie_ == Lie::flash || lie_ == Lie::false_absence || lie_ == Lie::false_reset;
  // Behind all that a client can have seen: nothing but the missing signatures is against it then.
  if (lie_ == Lie::forked_map && fit_ == Fit::chain_alone) {
    return in_one_epoch_more(store, request, std::move(response), leaf_of(told));
  }
  if (same_size || (forks && fit_ == Fit::chain_alone)) {
    return forked(store, request, std::move(response), leaf_of(told));
  }
  if (fit_ == Fit::chain_alone) return response;
  if (lie_ != Lie::yesterday) response.record.time_ms = std::max(response.record.time_ms, now.ms);
  if (lie_ == Lie::false_place) return at_another_place(store, request, std::move(response), *leaf_of(told));
  response = in_one_epoch_more(store, request, std::move(response), leaf_of(told));
  if (lie_ == Lie::another_log_key) response.checkpoint = signed_by(key_, response.checkpoint);
  return response;
}

// ---- the map and the log ----

void Liar::put_into_map(const StoreView& store, const directory::Name& place, std::optional<directory::NameLeaf> leaf,
                        Response& response) const {
  const auto row = need<relay::NameRow>(store, table::kNames, place.bytes());
  const directory::Map map = map_with(store, row.map_key, leaf);
  response.vrf_proof = row.vrf_proof;
  response.map_proof = map.prove(row.map_key);
  response.record.map_root = map.root();
  response.record.names = map.size();
}

Liar::Response Liar::forked(const StoreView& store, const Request& request, Response response,
                            std::optional<directory::NameLeaf> leaf) const {
  put_into_map(store, victim_, leaf, response);
  auto entries = entries_of(store, response.record.epoch);
  entries.push_back(wire::encode(response.record));
  auto checkpoint = sign_log(store, entries, request.known_size, response.growth);
  if (lie_ == Lie::forked_with_lines || lie_ == Lie::flash) {
    const auto honest = tlog::SignedCheckpoint::parse(response.checkpoint, tlog::ExtensionLines::refuse);
    for (const tlog::NoteSignature& line : honest->note().signatures) {
      if (line.key_name.text() != honest->claim().origin) CHECK(checkpoint.add(line).has_value());
    }
  }
  response.checkpoint = checkpoint.encode();
  return response;
}

Liar::Response Liar::in_one_epoch_more(const StoreView& store, const Request& request, Response response,
                                       const std::optional<directory::NameLeaf>& leaf) const {
  return in_one_epoch_more(store, request, std::move(response), victim_, leaf);
}

Liar::Response Liar::in_one_epoch_more(const StoreView& store, const Request& request, Response response,
                                       const directory::Name& place,
                                       const std::optional<directory::NameLeaf>& leaf) const {
  put_into_map(store, place, leaf, response);
  auto entries = entries_of(store, ++response.record.epoch);
  entries.push_back(wire::encode(response.record));
  response.checkpoint = sign_log(store, entries, request.known_size, response.growth).encode();
  return response;
}

Liar::Response Liar::at_another_place(const StoreView& store, const Request& request, Response response,
                                      const directory::NameLeaf& leaf) const {
  CHECK(own_name_.has_value());
  return in_one_epoch_more(store, request, std::move(response), *own_name_, leaf);
}

/// What an auditor would have refused, with everything above it made to fit.
Liar::Response Liar::with_epoch(const StoreView& store, const Request& request, Response response, Time now) const {
  const auto row = need<relay::NameRow>(store, table::kNames, victim_.bytes());
  directory::NameLeaf leaf = leaves_of(store).at(row.map_key);
  response.record.time_ms = std::max(response.record.time_ms, now.ms);
  if (lie_ == Lie::other_config) response.record.config = row.map_key;
  if (lie_ == Lie::short_delay) {
    CHECK(!response.notices.empty());  // the client has not seen the request
    directory::ResetNotice& notice = response.notices.back();
    notice.matures_ms = notice.requested_ms + kHourMs;
    leaf.pending = notice.hash();
  }
  if (lie_ == Lie::other_config || lie_ == Lie::short_delay) {
    return in_one_epoch_more(store, request, std::move(response), leaf);
  }
  return with_completion(store, request, std::move(response));
}

Liar::Response Liar::with_completion(const StoreView& store, const Request& request, Response response) const {
  const auto row = need<relay::NameRow>(store, table::kNames, victim_.bytes());
  directory::NameLeaf leaf = leaves_of(store).at(row.map_key);
  auto statements = chain_of(store, victim_, leaf.count).statements;
  while (statements.back().content.type() != directory::StatementType::request_reset) statements.pop_back();
  const auto before = state_of(victim_, statements);
  const std::uint32_t sequence = before.count() - 1;
  const auto notice =
      need<directory::RequestNotice>(store, table::kNotices, relay::chain_key(victim_.text(), sequence)).request;
  Statement completion = complete_reset(before);
  statements.push_back(std::move(completion));
  const auto state = state_of(victim_, statements);
  if (lie_ == Lie::false_completion) response.record.time_ms = std::max(response.record.time_ms, notice.matures_ms);
  const auto known = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(request.known_count, sequence + 1));
  response.statements.assign(statements.begin() + known, statements.end());
  response.notices.clear();
  if (request.known_count <= sequence) response.notices = {notice};
  leaf = {state.count(), state.head(), {}, directory::extend_resets(leaf.resets, notice.hash())};
  return in_one_epoch_more(store, request, std::move(response), leaf);
}

Liar::Response Liar::in_a_flash(const StoreView& store, const Request& request, Response response, Time now) {
  const std::uint64_t size = response.record.epoch + 1;
  if (flash_size_ == 0) flash_size_ = size;
  if (size != flash_size_) return response;
  return with_chain(store, request, std::move(response), now);
}

/// An older state of the log, as its operator still has all of it.
Liar::Response Liar::rolled_back(const StoreView& store, const Request& request, Response response) const {
  const auto row = need<relay::NameRow>(store, table::kNames, victim_.bytes());
  const std::uint64_t count = leaves_of(store).at(row.map_key).count;
  const OldLog old = log_before(store, row.map_key, count);
  const auto leaf = old.leaves.find(row.map_key);
  const Chain told = chain_of(store, victim_, leaf == old.leaves.end() ? 0 : leaf->second.count);
  answer_with(told, chain_of(store, victim_, count), request, response);
  response.record = old.record;
  response.vrf_proof = row.vrf_proof;
  response.map_proof = map_of(old.leaves).prove(row.map_key);
  response.growth = {};
  // From a greater log to this one there is no proof: the answer is as for who has seen none.
  const std::uint64_t size = old.record.epoch + 1;
  const std::uint64_t known_size = request.known_size > size ? 0 : request.known_size;
  response.checkpoint = sign_log(store, entries_of(store, size), known_size, response.growth).encode();
  return response;
}

std::string Liar::cosigned_otherwise(const StoreView& store, const std::string& honest, Time now) const {
  const auto truth = tlog::SignedCheckpoint::parse(honest, tlog::ExtensionLines::refuse);
  CHECK(truth.has_value());
  auto checkpoint = tlog::SignedCheckpoint::sign(truth->claim(), log_key(store));
  std::uint64_t count = 0;
  for (const tlog::NoteSignature& line : truth->note().signatures) {
    if (line.key_name.text() == truth->claim().origin) continue;
    ++count;
    if (lie_ == Lie::own_cosigners) {
      // As many as the honest ones, and of the same names.
      testing::SeededEntropy entropy(count);
      const auto key = crypto::SigningKey::generate(entropy);
      const auto own = tlog::cosign(line.key_name, key, now.ms / kSecondMs, checkpoint.note().text);
      CHECK(checkpoint.add(own).has_value());
    } else if (count == 1) {
      CHECK(checkpoint.add(line).has_value());
    }
  }
  return checkpoint.encode();
}

Liar::Response Liar::with_another_config(Response response) const {
  if (response.config) {
    response.config->vrf_key = *crypto::VrfPublicKey::from(key_.public_key().view());
  } else {
    response.record.config = {};
  }
  return response;
}

Bytes Liar::answer(ByteView request_bytes, Bytes honest, const StoreView& store, Time now) {
  const auto request = wire::decode<Request>(request_bytes);
  CHECK(request.has_value());
  if (!(request->name == victim_)) return honest;
  if (first_answer_.empty()) first_answer_ = honest;
  if (lie_ == Lie::replayed_answer) return first_answer_;
  if (lie_ == Lie::none) return honest;  // the name may not be there yet
  Response response = *wire::decode<Response>(honest);
  switch (lie_) {
    case Lie::flash: response = in_a_flash(store, *request, std::move(response), now); break;
    case Lie::no_quorum:
    case Lie::own_cosigners: response.checkpoint = cosigned_otherwise(store, response.checkpoint, now); break;
    case Lie::another_config: response = with_another_config(std::move(response)); break;
    case Lie::short_delay:
    case Lie::early_completion:
    case Lie::false_completion:
    case Lie::other_config: response = with_epoch(store, *request, std::move(response), now); break;
    case Lie::frozen_clock:
    case Lie::fast_clock: break;  // who cosigns it lies
    case Lie::rolled_back: response = rolled_back(store, *request, std::move(response)); break;
    default:
      response = lie_ == Lie::another_name && fit_ == Fit::chain_alone
                     ? under_another_name(store, std::move(response))
                     : with_chain(store, *request, std::move(response), now);
  }
  return wire::encode(response);
}

}  // namespace cairn::lying
