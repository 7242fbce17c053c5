#include "tests/lying/liar.h"

#include "core/directory/map.h"
#include "core/relay/tables.h"
#include "core/tlog/checkpoint.h"
#include "tests/support/naive_log.h"

namespace cairn::lying {
namespace {

namespace table = relay::table;
using directory::Statement;

/// The rows of a store that its operator can read cannot be missing.
template <class T>
T need(const StoreView& store, Table in, ByteView key) {
  auto row = relay::load<T>(store, in, key);
  CHECK(row.has_value() && row->has_value());
  return std::move(**row);
}

crypto::SigningKey log_key(const StoreView& store) {
  const auto seed = store.get(table::kKeys, as_bytes(relay::kLogKeyRow));
  CHECK(seed.has_value());
  return crypto::SigningKey::from_seed(*crypto::Ed25519Seed::from(*seed));
}

/// The map as it is served, but for one leaf.
directory::Map map_with(const StoreView& store, const Hash& key, const std::optional<directory::NameLeaf>& leaf) {
  std::map<Hash, directory::NameLeaf> leaves;
  for (const Row& row : store.scan(table::kLeaves, {}, {}, ~std::size_t{0})) {
    leaves[*Hash::from(row.key)] = *wire::decode<directory::NameLeaf>(row.value);
  }
  leaves.erase(key);
  if (leaf) leaves[key] = *leaf;
  std::vector<directory::LeafChange> changes;
  for (const auto& [at, value] : leaves) changes.push_back({at, value});
  directory::Map map;
  map.update(changes);
  return map;
}

directory::NameState state_of(const directory::Name& name, std::span<const Statement> statements) {
  directory::NameState state(name);
  for (const Statement& statement : statements) CHECK(state.apply(statement).has_value());
  return state;
}

/// All statements of a name that are served.
std::vector<Statement> statements_of(const StoreView& store, const directory::Name& name, std::uint64_t count) {
  std::vector<Statement> out;
  for (std::uint32_t i = 0; i < count; ++i)
    out.push_back(need<Statement>(store, table::kStatements, relay::chain_key(name.text(), i)));
  return out;
}

}  // namespace

std::string_view describe(Lie lie) {
  switch (lie) {
    case Lie::none: return "The server tells the truth.";
    case Lie::unsigned_device: return "The server adds a device of its own that the owner never signed.";
    case Lie::dropped_statement: return "The server leaves the owner's newest statement out.";
    case Lie::another_name: return "The server gives another name's devices for this one.";
    case Lie::replayed_answer: return "The server gives an old answer that was true once.";
    case Lie::forked_map: return "The server makes a second map with its own device, and signs it with the log's key.";
    case Lie::forked_with_lines: return "The server puts the auditors' old cosignatures under its second map.";
    case Lie::false_absence: return "The server says that the name does not exist, with a second map to prove it.";
    case Lie::false_reset: return "The server resets the name to its own device, without anybody being told.";
  }
  return "";
}

Liar::Liar(directory::Name victim, Entropy& entropy)
    : victim_(std::move(victim)), entropy_(entropy), key_(crypto::SigningKey::generate(entropy)) {
  device_ = {key_.public_key(), random_value<MailboxId>(entropy), {0xf102}};
}

Statement Liar::add_false_device(const directory::NameState& state) {
  Statement out{
      {victim_, state.count(), state.head(), 0, random_value<Nonce16>(entropy_), {}, directory::AddDevice{device_}},
      {}};
  out.signatures = {directory::sign_as_device(out.content, key_), directory::sign_as_new_device(out.content, key_)};
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

Liar::Response Liar::under_another_name(const StoreView& store, Response response) const {
  CHECK(own_name_.has_value());
  const auto row = need<relay::NameRow>(store, table::kNames, own_name_->bytes());
  response.vrf_proof = row.vrf_proof;
  const auto leaf = need<directory::NameLeaf>(store, table::kLeaves, row.map_key);
  response.map_proof = map_with(store, row.map_key, leaf).prove(row.map_key);
  response.statements = statements_of(store, *own_name_, leaf.count);
  response.notices.clear();
  return response;
}

Liar::Response Liar::forked(const StoreView& store, const Request& request, Response response,
                            std::optional<directory::NameLeaf> leaf) const {
  const auto row = need<relay::NameRow>(store, table::kNames, victim_.bytes());
  const directory::Map map = map_with(store, row.map_key, leaf);
  response.map_proof = map.prove(row.map_key);
  response.record.map_root = map.root();
  response.record.names = map.size();

  const std::uint64_t size = response.record.epoch + 1;
  testing::NaiveLog log;
  for (const Row& record : store.scan(table::kRecords, {}, relay::u64_key(size - 1), ~std::size_t{0})) {
    log.entries.push_back(record.value);
  }
  log.entries.push_back(wire::encode(response.record));
  if (request.known_size < size) response.growth = *tlog::prove_growth(log, request.known_size, size);

  const auto config = need<directory::DirectoryConfig>(store, table::kKeys, as_bytes(relay::kConfigRow));
  auto checkpoint = tlog::SignedCheckpoint::sign({config.origin, log.head(size), {}}, log_key(store));
  if (lie_ == Lie::forked_with_lines) {
    const auto honest = tlog::SignedCheckpoint::parse(response.checkpoint, tlog::ExtensionLines::refuse);
    for (const tlog::NoteSignature& line : honest->note().signatures) {
      if (line.key_name.text() != config.origin) CHECK(checkpoint.add(line).has_value());
    }
  }
  response.checkpoint = checkpoint.encode();
  return response;
}

Liar::Response Liar::with_false_chain(const StoreView& store, const Request& request, Response response) {
  response.statements = {false_genesis()};
  response.notices.clear();
  const auto state = state_of(victim_, response.statements);
  return forked(store, request, std::move(response), directory::NameLeaf{state.count(), state.head(), {}, {}});
}

Liar::Response Liar::with_false_reset(const StoreView& store, const Request& request, Response response) {
  const auto leaf = need<directory::NameLeaf>(store, table::kLeaves,
                                              need<relay::NameRow>(store, table::kNames, victim_.bytes()).map_key);
  auto statements = statements_of(store, victim_, leaf.count);
  const auto before = state_of(victim_, statements);
  Hash head = before.head();
  std::uint32_t count = before.count();
  // Told of a name that allows no resets, too: its chain would not take these.
  for (int step = 0; step < 2; ++step) {
    Statement statement = false_request(count, head);
    if (step == 1) {
      statement.content.body = directory::CompleteReset{count - 1};
      statement.signatures = {directory::sign_as_new_device(statement.content, key_)};
    }
    head = directory::extend_head(head, statement.commitment());
    ++count;
    statements.push_back(std::move(statement));
  }
  const auto known = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(request.known_count, leaf.count));
  response.statements.assign(statements.begin() + known, statements.end());
  response.notices.clear();
  return forked(store, request, std::move(response), directory::NameLeaf{count, head, {}, {}});
}

Bytes Liar::answer(ByteView request_bytes, Bytes honest, const StoreView& store, Time) {
  const auto request = wire::decode<Request>(request_bytes);
  CHECK(request.has_value());
  if (!(request->name == victim_)) return honest;
  if (first_answer_.empty()) first_answer_ = honest;
  if (lie_ == Lie::replayed_answer) return first_answer_;
  if (lie_ == Lie::none) return honest;  // the name may not be there yet
  Response response = *wire::decode<Response>(honest);
  const auto row = need<relay::NameRow>(store, table::kNames, victim_.bytes());
  switch (lie_) {
    case Lie::unsigned_device: response.statements.push_back(add_false_device(row.state)); break;
    case Lie::dropped_statement:
      if (!response.statements.empty()) response.statements.pop_back();
      break;
    case Lie::another_name: response = under_another_name(store, std::move(response)); break;
    case Lie::forked_map:
    case Lie::forked_with_lines: response = with_false_chain(store, *request, std::move(response)); break;
    case Lie::false_absence:
      response.statements.clear();
      response.notices.clear();
      response = forked(store, *request, std::move(response), std::nullopt);
      break;
    case Lie::false_reset: response = with_false_reset(store, *request, std::move(response)); break;
    default: break;
  }
  return wire::encode(response);
}

}  // namespace cairn::lying
