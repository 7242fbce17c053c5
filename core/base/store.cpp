#include "core/base/store.h"

namespace cairn {

Bytes prefix_end(ByteView prefix) {
  Bytes end = to_bytes(prefix);
  while (!end.empty() && end.back() == 0xff) end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

std::vector<Row> StoreView::scan_prefix(Table table, ByteView prefix, std::size_t limit) const {
  return scan(table, prefix, prefix_end(prefix), limit);
}

}  // namespace cairn
