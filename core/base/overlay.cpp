#include "core/base/overlay.h"

#include "core/base/secret.h"

namespace cairn {

void Overlay::put(Table table, Bytes key, Bytes value) { apply(Write{table, std::move(key), std::move(value)}); }

void Overlay::erase(Table table, Bytes key) { apply(Write{table, std::move(key), std::nullopt}); }

// Rows mostly come in their order: at the end of an epoch by the hundred thousand.
void Overlay::apply(Write write) {
  Pending& pending = tables_[write.table];
  if (pending.empty() || less(pending.rbegin()->first, write.key)) {
    pending.emplace_hint(pending.end(), std::move(write.key), std::move(write.value));
    return;
  }
  const auto [row, is_new] = pending.try_emplace(std::move(write.key));
  if (row->second) wipe(*row->second);  // keys are among what is written, and what takes their place hides none
  row->second = std::move(write.value);
}

void Overlay::apply(std::vector<Write> writes) {
  for (Write& write : writes) apply(std::move(write));
}

std::optional<Bytes> Overlay::get(Table table, ByteView key) const {
  if (const auto pending = tables_.find(table); pending != tables_.end()) {
    if (const auto row = pending->second.find(key); row != pending->second.end()) return row->second;
  }
  return below_.get(table, key);
}

// Merges the pending rows of the range with as many rows below as the limit can need.
std::vector<Row> Overlay::scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const {
  if (!end.empty() && !less(first, end)) return {};
  const auto pending = tables_.find(table);
  if (pending == tables_.end()) return below_.scan(table, first, end, limit, order);
  auto low = pending->second.lower_bound(first);
  auto high = end.empty() ? pending->second.end() : pending->second.lower_bound(end);

  // Each deletion hides at most one row below, so that many more suffice.
  std::size_t wanted = limit;
  for (auto write = low; write != high; ++write) {
    if (!write->second && wanted < ~std::size_t{0}) ++wanted;
  }
  std::vector<Row> rows = below_.scan(table, first, end, wanted, order);

  const bool ascending = order == Order::ascending;
  std::vector<Row> out;
  auto row = rows.begin();
  while (out.size() < limit && (row != rows.end() || low != high)) {
    if (low == high) {
      out.push_back(std::move(*row++));
      continue;
    }
    const auto& [key, value] = ascending ? *low : *std::prev(high);
    if (row != rows.end() && (ascending ? less(row->key, key) : less(key, row->key))) {
      out.push_back(std::move(*row++));
      continue;
    }
    if (row != rows.end() && row->key == key) wipe((row++)->value);  // what a newer one takes the place of
    if (value) out.push_back({key, *value});
    if (ascending) {
      ++low;
    } else {
      --high;
    }
  }
  for (; row != rows.end(); ++row) wipe(row->value);
  return out;
}

std::vector<Write> Overlay::take_writes() {
  std::vector<Write> out;
  for (auto& [table, pending] : tables_) {
    while (!pending.empty()) {
      auto node = pending.extract(pending.begin());
      out.push_back({table, std::move(node.key()), std::move(node.mapped())});
    }
  }
  tables_.clear();
  return out;
}

}  // namespace cairn
