#include "shell/store/store.h"

#include <algorithm>

namespace cairn::store {

bool all_hold(const StoreView& rows, const std::vector<Condition>& conditions) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& one) { return rows.get(one.table, one.key) == one.value; });
}

}  // namespace cairn::store
