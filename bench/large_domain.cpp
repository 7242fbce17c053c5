#include "bench/large_domain.h"

#include <fcntl.h>
#include <unistd.h>

namespace cairn::bench {
namespace {

namespace table = relay::table;
using directory::Statement;

/// While rows come in any order.
constexpr std::size_t kFillCacheBytes = std::size_t{1} << 30;
constexpr std::size_t kRowsAtOnce = 50'000;
/// Names that are rows alone come in so many rounds, each in the order of the tables: that goes through the file once a
/// round, where rows in any order would go to a page of it each, and leaves pages as full as they are in a domain that
/// grew.
constexpr std::size_t kRounds = 4;

}  // namespace

LargeDomain::LargeDomain(std::string folder, std::size_t all, std::size_t registered, std::size_t epochs)
    : names(all), folder_(std::move(folder)) {
  CHECK(registered > 0 && registered <= all);
  // One epoch, however many names it changes: what the mind can do, not what auditors can fetch.
  config_.times.epoch_updates = directory::kMaxEpochUpdates;
  config_.times.epoch_bytes = directory::kMaxAuditBytes;
  config_.limits.due_statements = all + 1;
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directory(folder_);
  start(kFillCacheBytes);
  register_members(registered);
  fill_up(all - registered);
  make_log(epochs);
  stop();
  start();
}

LargeDomain::~LargeDomain() {
  stop();
  std::filesystem::remove_all(folder_);
}

void LargeDomain::start(std::size_t cache_bytes) {
  store::SqliteOptions options;
  options.path = path();
  options.application_id = 1;
  options.cache_bytes = cache_bytes;
  store_ = *store::SqliteStore::open(options);
  relay_ = std::make_unique<relay::Relay>(config_);
  const proto::Effects effects = relay_->rebuild(*store_, now_, entropy_);
  for (const proto::Event& event : effects.events) CHECK(event.level != proto::Event::Level::error);
  CHECK(store_->commit(effects.writes).has_value());
}

void LargeDomain::stop() {
  relay_.reset();
  store_.reset();
}

void LargeDomain::forget_file() {
  const int file = ::open(path().c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(file >= 0 && ::fsync(file) == 0 && ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0);
  ::close(file);
}

std::vector<proto::Respond> LargeDomain::batch(const std::vector<proto::Input>& inputs) {
  Overlay rows(*store_);
  std::vector<proto::Respond> answers;
  for (const proto::Input& input : inputs) {
    proto::Effects effects = relay_->handle(input, rows, now_, entropy_);
    rows.apply(std::move(effects.writes));
    for (const proto::Event& event : effects.events) CHECK(event.level != proto::Event::Level::error);
    for (proto::Send& send : effects.sends) {
      if (auto* respond = std::get_if<proto::Respond>(&send)) answers.push_back(std::move(*respond));
    }
  }
  CHECK(store_->commit(rows.take_writes()).has_value());
  return answers;
}

proto::RequestArrived LargeDomain::post(std::string_view target, Bytes body) {
  return {proto::RequestId{next_request_++}, proto::Method::post, std::string(target), {}, {}, std::move(body)};
}

proto::Input LargeDomain::submit(const Statement& statement) {
  const proto::StatementRequest request{wire::encode(statement), {}, {}};
  return post(proto::kPathStatement, wire::encode(request));
}

void LargeDomain::accept(std::vector<proto::Input> statements) {
  for (auto first = statements.begin(); first != statements.end();) {
    const auto end = first + std::min<std::ptrdiff_t>(statements.end() - first, proto::kMaxBatchInputs);
    for (const proto::Respond& answer : batch({std::move_iterator(first), std::move_iterator(end)})) {
      CHECK(answer.status == 202);
    }
    first = end;
  }
}

directory::Device LargeDomain::new_device(const crypto::SigningKey& key) {
  return {key.public_key(), random_value<MailboxId>(entropy_), {0xf102, 1}};
}

void LargeDomain::register_members(std::size_t count) {
  std::vector<proto::Input> statements;
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = directory::Name::from("m" + std::to_string(entropy_.next()) + "@" + config_.domain);
    Member member{*name, crypto::SigningKey::generate(entropy_), 0, {}};
    const directory::Genesis genesis{new_device(member.key), random_value<Hash>(entropy_), 0};
    Statement statement{{*name, 0, {}, now_.ms, random_value<Nonce16>(entropy_), {}, genesis}, {}};
    statement.signatures = {directory::sign_as_new_device(statement.content, member.key)};
    member.take(statement);
    members.push_back(std::move(member));
    statements.push_back(submit(statement));
  }
  accept(std::move(statements));
  publish();
}

std::vector<proto::Input> LargeDomain::make_updates(std::size_t count) {
  CHECK(count <= members.size());
  std::vector<proto::Input> statements;
  for (std::size_t i = 0; i < count; ++i) {
    Member& member = members[i];
    const auto key = crypto::SigningKey::generate(entropy_);
    const directory::AddDevice body{new_device(key)};
    Statement statement{{member.name, member.count, member.head, now_.ms, random_value<Nonce16>(entropy_), {}, body},
                        {}};
    statement.signatures = {directory::sign_as_device(statement.content, member.key),
                            directory::sign_as_new_device(statement.content, key)};
    member.take(statement);
    statements.push_back(submit(statement));
  }
  return statements;
}

void LargeDomain::publish() {
  do {
    now_ = after(now_, config_.times.collect_ms);
    batch({proto::TimerFired{}});
  } while (!store_->scan(table::kDue, {}, {}, 1).empty());
}

void LargeDomain::limit_epochs(EpochLimits limits) {
  const relay::PublishTimes shipped;
  const bool most = limits == EpochLimits::most;
  const std::size_t updates = most ? directory::kMaxEpochUpdates : shipped.epoch_updates;
  if (config_.times.epoch_updates == updates) return;
  config_.times.epoch_updates = updates;
  config_.times.epoch_bytes = most ? directory::kMaxAuditBytes : shipped.epoch_bytes;
  stop();
  start();
}

// ---- rows as they would be ----

Row LargeDomain::sample(Table table) const {
  auto rows = store_->scan(table, {}, {}, 1);
  CHECK(!rows.empty());
  return std::move(rows.front());
}

void LargeDomain::fill_up(std::size_t count) {
  for (std::size_t round = 0; round < kRounds; ++round) {
    add_rows(count * (round + 1) / kRounds - count * round / kRounds);
  }
}

void LargeDomain::add_rows(std::size_t count) {
  const std::size_t name_size = members.front().name.text().size();
  const Bytes name_row = sample(table::kNames).value;
  const Bytes statement_row = sample(table::kStatements).value;
  const Bytes mailbox_row = sample(table::kMailboxes).value;
  std::vector<std::string> made;
  std::vector<std::pair<DeviceId, std::size_t>> devices;
  std::vector<MailboxId> mailboxes;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back("f" + std::to_string(entropy_.next()));
    made.back().resize(name_size, '0');
    devices.emplace_back(random_value<DeviceId>(entropy_), i);
    mailboxes.push_back(random_value<MailboxId>(entropy_));
    const directory::NameLeaf leaf{1, random_value<Hash>(entropy_), {}, {}};
    leaves_.push_back({random_value<Hash>(entropy_), leaf});
  }
  std::sort(made.begin(), made.end());
  std::sort(devices.begin(), devices.end());
  std::sort(mailboxes.begin(), mailboxes.end());
  put_rows(table::kNames, count, [&](std::size_t i) { return Row{to_bytes(as_bytes(made[i])), name_row}; });
  put_rows(table::kStatements, count, [&](std::size_t i) { return Row{relay::chain_key(made[i], 0), statement_row}; });
  put_rows(table::kDevices, count, [&](std::size_t i) {
    return Row{to_bytes(devices[i].first), to_bytes(as_bytes(made[devices[i].second]))};
  });
  put_rows(table::kMailboxes, count, [&](std::size_t i) { return Row{to_bytes(mailboxes[i]), mailbox_row}; });
}

void LargeDomain::put_rows(Table table, std::size_t count, const std::function<Row(std::size_t)>& row) {
  std::vector<Write> writes;
  for (std::size_t i = 0; i < count; ++i) {
    Row next = row(i);
    writes.push_back({table, std::move(next.key), std::move(next.value)});
    if (writes.size() < kRowsAtOnce && i + 1 < count) continue;
    CHECK(store_->commit(std::exchange(writes, {})).has_value());
  }
}

void LargeDomain::make_log(std::size_t epochs) {
  directory::Map map;
  {
    const auto served = **relay::load<relay::ServedRow>(*store_, table::kServed, {});
    auto leaves = *relay::load_leaves(*store_, served.size, directory::kMinResetDelayS);
    leaves.insert(leaves.end(), leaves_.begin(), leaves_.end());
    std::exchange(leaves_, {});
    std::sort(leaves.begin(), leaves.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    map.update(leaves);
  }
  const auto config = **relay::load<directory::DirectoryConfig>(*store_, table::kKeys, as_bytes(relay::kConfigRow));
  const directory::EpochRecord record{epochs - 1, now_.ms,       map.root(),
                                      map.size(), config.hash(), directory::notices_hash({})};
  std::vector<Hash> entries(epochs);
  for (Hash& entry : entries) entry = random_value<Hash>(entropy_);
  entries.back() = record.log_leaf();

  Overlay rows(*store_);
  for (Row& row : store_->scan(table::kLeaves, {}, {}, SIZE_MAX)) rows.erase(table::kLeaves, std::move(row.key));
  relay::LeafPages().write_some(rows, map, epochs, map.size());
  for (const Table of_the_old_log : {table::kRecords, table::kAudits, table::kTiles}) {
    for (Row& row : store_->scan(of_the_old_log, {}, {}, SIZE_MAX)) rows.erase(of_the_old_log, std::move(row.key));
  }
  const MemoryView nothing;
  auto tiles = *tlog::grow(tlog::StoredTiles(nothing, table::kTiles), 0, entries);
  for (tlog::Tile& tile : tiles) rows.apply(tlog::store_tile(table::kTiles, std::move(tile)));
  const auto edge = *tlog::right_edge(tlog::StoredTiles(rows, table::kTiles), epochs);
  const auto key = crypto::SigningKey::from_seed(
      *crypto::Ed25519Seed::from(*store_->get(table::kKeys, as_bytes(relay::kLogKeyRow))));
  const auto note = tlog::SignedCheckpoint::sign({config.origin, {epochs, edge.root()}, {}}, key).encode();
  relay::save(rows, table::kRecords, relay::u64_key(epochs - 1), record);
  relay::save(rows, table::kServed, {}, relay::ServedRow{epochs, now_.ms, note});
  CHECK(store_->commit(rows.take_writes()).has_value());
}

}  // namespace cairn::bench
