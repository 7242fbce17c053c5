#include "core/base/memory_view.h"

namespace cairn {

std::optional<Bytes> MemoryView::get(Table table, ByteView key) const {
  const auto rows = tables_.find(table);
  if (rows == tables_.end()) return std::nullopt;
  const auto row = rows->second.find(key);
  if (row == rows->second.end()) return std::nullopt;
  return row->second;
}

std::vector<Row> MemoryView::scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const {
  std::vector<Row> out;
  const auto rows = tables_.find(table);
  if (rows == tables_.end() || (!end.empty() && !less(first, end))) return out;
  auto low = rows->second.lower_bound(first);
  auto high = end.empty() ? rows->second.end() : rows->second.lower_bound(end);
  while (low != high && out.size() < limit) {
    const auto& row = order == Order::ascending ? *low++ : *--high;
    out.push_back({row.first, row.second});
  }
  return out;
}

void MemoryView::apply(const std::vector<Write>& writes) {
  for (const Write& write : writes) {
    if (write.value) {
      tables_[write.table].insert_or_assign(write.key, *write.value);
      continue;
    }
    const auto rows = tables_.find(write.table);
    if (rows == tables_.end()) continue;
    rows->second.erase(write.key);
    if (rows->second.empty()) tables_.erase(rows);
  }
}

}  // namespace cairn
