// The leaves of the served map as rows: pages of neighbours, of which each epoch writes some anew, in turn.
//
// A row for each leaf would cost an epoch one page of the disk for each name that it changes, and a start the reading
// of them in no order. What an epoch changes stands in its audit anyhow: so pages may be older than the map, and a
// start reads the audits since.
#pragma once

#include "core/base/overlay.h"
#include "core/directory/map.h"

namespace cairn::relay {

/// The leaves from the row's key (the first page's: zeros) up to the next row's.
struct LeafPage {
  std::uint64_t size = 0;  ///< of the log when it was written: the epochs whose changes it has
  std::vector<directory::LeafChange> leaves;

  void write(wire::Writer&) const;
  static Result<LeafPage> read(wire::Reader&);
};

class LeafPages {
 public:
  /// The leaves of the map after the first `size` epochs, ascending by key. `internal` for a store that is not sound.
  Result<std::vector<directory::LeafChange>> load(const StoreView& rows, std::uint64_t size,
                                                  std::uint32_t min_reset_delay_s);

  /// The map has moved on to `size` epochs by `changed` leaves: writes the pages that are next in turn, several leaves
  /// for each that changed, so that the oldest page is never far behind.
  void write_some(Overlay& rows, const directory::Map& map, std::uint64_t size, std::size_t changed);

 private:
  std::size_t write_page(Overlay& rows, const directory::Map& map, std::uint64_t size);

  std::vector<Hash> firsts_;  ///< keys of the rows
  std::size_t next_ = 0;      ///< whose turn it is
};

/// The same leaves, for who writes no pages.
Result<std::vector<directory::LeafChange>> load_leaves(const StoreView& rows, std::uint64_t size,
                                                       std::uint32_t min_reset_delay_s);

}  // namespace cairn::relay
