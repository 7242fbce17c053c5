#include "core/base/overlay.h"

namespace cairn {

void Overlay::put(Table table, Bytes key, Bytes value) { pending_[{table, std::move(key)}] = std::move(value); }

void Overlay::erase(Table table, Bytes key) { pending_[{table, std::move(key)}] = std::nullopt; }

void Overlay::apply(const Write& write) { pending_[{write.table, write.key}] = write.value; }

std::optional<Bytes> Overlay::get(Table table, ByteView key) const {
  const auto found = pending_.find({table, to_bytes(key)});
  return found == pending_.end() ? below_.get(table, key) : found->second;
}

// Merges the pending rows of the range with as many rows below as the limit can need.
std::vector<Row> Overlay::scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const {
  if (!end.empty() && !less(first, end)) return {};
  std::map<Bytes, std::optional<Bytes>> merged;
  std::size_t hidden = 0;
  for (auto it = pending_.lower_bound({table, to_bytes(first)}); it != pending_.end(); ++it) {
    if (it->first.first != table || (!end.empty() && !less(it->first.second, end))) break;
    merged[it->first.second] = it->second;
    if (!it->second) ++hidden;
  }
  // At most `hidden` of the rows below are erased here, so that many more suffice.
  const std::size_t wanted = limit > ~std::size_t{0} - hidden ? limit : limit + hidden;
  for (Row& row : below_.scan(table, first, end, wanted, order)) {
    merged.try_emplace(std::move(row.key), std::move(row.value));
  }
  std::vector<Row> out;
  const auto take = [&](const auto& entry) {
    if (entry.second && out.size() < limit) out.push_back({entry.first, *entry.second});
  };
  if (order == Order::ascending) {
    for (auto it = merged.begin(); it != merged.end() && out.size() < limit; ++it) take(*it);
  } else {
    for (auto it = merged.rbegin(); it != merged.rend() && out.size() < limit; ++it) take(*it);
  }
  return out;
}

std::vector<Write> Overlay::take_writes() {
  std::vector<Write> writes;
  writes.reserve(pending_.size());
  for (auto& [key, value] : pending_) writes.push_back({key.first, key.second, std::move(value)});
  pending_.clear();
  return writes;
}

}  // namespace cairn
