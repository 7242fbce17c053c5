#include "tests/lying/own_store.h"

#include <algorithm>

#include "core/directory/update.h"
#include "core/relay/leaf_pages.h"
#include "tests/support/naive_log.h"

namespace cairn::lying {

using directory::Statement;

std::map<Hash, directory::NameLeaf> leaves_of(const StoreView& store) {
  const auto served = need<relay::ServedRow>(store, relay::table::kServed, {});
  const auto config = need<directory::DirectoryConfig>(store, relay::table::kKeys, as_bytes(relay::kConfigRow));
  const auto all = relay::load_leaves(store, served.size, config.min_reset_delay_s);
  CHECK(all.has_value());
  std::map<Hash, directory::NameLeaf> out;
  for (const directory::LeafChange& leaf : *all) out[leaf.key] = leaf.leaf;
  return out;
}

directory::Map map_with(const StoreView& store, const Hash& key, const std::optional<directory::NameLeaf>& leaf) {
  std::map<Hash, directory::NameLeaf> leaves = leaves_of(store);
  leaves.erase(key);
  if (leaf) leaves[key] = *leaf;
  return map_of(leaves);
}

directory::Map map_of(const std::map<Hash, directory::NameLeaf>& leaves) {
  std::vector<directory::LeafChange> changes;
  for (const auto& [at, value] : leaves) changes.push_back({at, value});
  directory::Map map;
  map.update(changes);
  return map;
}

OldLog log_before(const StoreView& store, const Hash& key, std::uint64_t count) {
  const auto config = need<directory::DirectoryConfig>(store, relay::table::kKeys, as_bytes(relay::kConfigRow));
  OldLog out;
  for (std::uint64_t epoch = 0;; ++epoch) {
    const auto audit = need<directory::EpochAudit>(store, relay::table::kAudits, relay::u64_key(epoch));
    const auto updates =
        directory::next_leaves(audit.updates, audit.notices, audit.record.time_ms, config.min_reset_delay_s);
    CHECK(updates.has_value());
    OldLog next{audit.record, out.leaves};
    for (const directory::LeafUpdate& update : *updates) next.leaves[update.key] = update.after;
    const auto leaf = next.leaves.find(key);
    if (leaf != next.leaves.end() && leaf->second.count >= count) break;
    out = std::move(next);
  }
  CHECK(!out.leaves.empty());
  return out;
}

Chain chain_of(const StoreView& store, const directory::Name& name, std::uint64_t count) {
  Chain out;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Bytes key = relay::chain_key(name.text(), i);
    out.statements.push_back(need<Statement>(store, relay::table::kStatements, key));
    if (!is_request(out.statements.back())) continue;
    out.notices.push_back(need<directory::RequestNotice>(store, relay::table::kNotices, key).request);
  }
  return out;
}

directory::NameState state_of(const directory::Name& name, std::span<const Statement> statements) {
  directory::NameState state(name);
  for (const Statement& statement : statements) CHECK(state.apply(statement).has_value());
  return state;
}

bool is_request(const Statement& statement) {
  return statement.content.type() == directory::StatementType::request_reset;
}

void answer_with(const Chain& told, const Chain& truth, const directory::LookupRequest& request,
                 directory::LookupResponse& response) {
  const auto& all = told.statements;
  const bool begins_truth =
      all.size() <= truth.statements.size() && std::equal(all.begin(), all.end(), truth.statements.begin());
  const std::size_t known = std::min<std::size_t>(request.known_count, all.size());
  Hash head;
  for (std::size_t i = 0; i < known; ++i) head = directory::extend_head(head, all[i].commitment());
  const bool knows_more = request.known_count > all.size();
  const bool goes_on = knows_more ? begins_truth : head == request.known_head;
  const std::size_t first = goes_on ? known : 0;
  response.statements.assign(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
  response.notices.clear();
  for (const directory::ResetNotice& notice : told.notices) {
    if (notice.request_sequence >= first) response.notices.push_back(notice);
  }
}

std::vector<Bytes> entries_of(const StoreView& store, std::uint64_t size) {
  std::vector<Bytes> out;
  for (Row& record : store.scan(relay::table::kRecords, {}, relay::u64_key(size), ~std::size_t{0})) {
    out.push_back(std::move(record.value));
  }
  CHECK(out.size() == size);
  return out;
}

tlog::SignedCheckpoint sign_log(const StoreView& store, const std::vector<Bytes>& entries, std::uint64_t known_size,
                                tlog::GrowthProof& growth) {
  testing::NaiveLog log;
  log.entries = entries;
  if (known_size < entries.size()) growth = *tlog::prove_growth(log, known_size, entries.size());
  const auto config = need<directory::DirectoryConfig>(store, relay::table::kKeys, as_bytes(relay::kConfigRow));
  return tlog::SignedCheckpoint::sign({config.origin, log.head(entries.size()), {}}, log_key(store));
}

}  // namespace cairn::lying
