#include "core/relay/leaf_pages.h"

#include <algorithm>

#include "core/directory/update.h"
#include "core/relay/tables.h"

namespace cairn::relay {
namespace {

using directory::LeafChange;

/// A page has at most twice as many.
constexpr std::size_t kPageLeaves = 128;
/// Leaves that are written for one that changed: a domain of a million names is written anew every 250,000 changes, and
/// a start reads the audits of so many.
constexpr std::size_t kWrittenForOne = 4;
constexpr std::size_t kPagesAtOnce = 256;
constexpr std::size_t kLeafBytes = 32 + 104;

using Changed = std::map<Hash, directory::NameLeaf>;

/// What the audit of one epoch sets, where the page is older.
Status follow(const StoreView& rows, std::uint64_t epoch, std::uint32_t min_reset_delay_s, std::span<const Hash> firsts,
              std::span<const std::uint64_t> sizes, Changed& changed) {
  const std::optional<Bytes> bytes = rows.get(table::kAudits, u64_key(epoch));
  REQUIRE(bytes, ErrorCode::internal, "an audit is missing from the store");
  const auto audit = TRY(directory::EpochAudit::decode(*bytes));
  const auto updates =
      TRY(directory::next_leaves(audit.updates, audit.notices, audit.record.time_ms, min_reset_delay_s));
  for (const directory::LeafUpdate& update : updates) {
    const auto after = std::upper_bound(firsts.begin(), firsts.end(), update.key);
    const bool is_in_page =
        after != firsts.begin() && sizes[static_cast<std::size_t>(after - firsts.begin()) - 1] > epoch;
    if (!is_in_page) changed[update.key] = update.after;
  }
  return ok();
}

/// Both ascend; where both have a key the second counts.
std::vector<LeafChange> merge(std::vector<LeafChange> pages, const Changed& changed) {
  if (changed.empty()) return pages;
  std::vector<LeafChange> out;
  out.reserve(pages.size() + changed.size());
  auto next = changed.begin();
  for (const LeafChange& leaf : pages) {
    for (; next != changed.end() && next->first < leaf.key; ++next) out.push_back({next->first, next->second});
    if (next != changed.end() && next->first == leaf.key) continue;
    out.push_back(leaf);
  }
  for (; next != changed.end(); ++next) out.push_back({next->first, next->second});
  return out;
}

}  // namespace

void LeafPage::write(wire::Writer& w) const {
  w.reserve(8 + leaves.size() * kLeafBytes);
  w.u64(size);
  for (const LeafChange& leaf : leaves) {
    w.raw(leaf.key);
    leaf.leaf.write(w);
  }
}

Result<LeafPage> LeafPage::read(wire::Reader& r) {
  LeafPage out;
  out.size = TRY(r.u64());
  while (!r.done()) {
    const Hash key = TRY(r.fixed<Hash>());
    REQUIRE(out.leaves.empty() || out.leaves.back().key < key, ErrorCode::malformed, "leaf page: order");
    out.leaves.push_back({ key, TRY(directory::NameLeaf::read(r)) });
  }
  return out;
}

Result<std::vector<LeafChange>> LeafPages::load(const StoreView& rows, std::uint64_t size,
                                                std::uint32_t min_reset_delay_s) {
  firsts_.clear();
  next_ = 0;
  std::vector<std::uint64_t> sizes;
  std::vector<LeafChange> leaves;
  Bytes from;
  for (std::vector<Row> some; !(some = rows.scan(table::kLeaves, from, {}, kPagesAtOnce)).empty();) {
    for (const Row& row : some) {
      firsts_.push_back(TRY(Hash::from(row.key)));
      const auto page = wire::decode<LeafPage>(row.value);
      const bool fits = page && page->size <= size &&
                        (page->leaves.empty() || page->leaves.front().key >= firsts_.back()) &&
                        (leaves.empty() || leaves.back().key < firsts_.back());
      REQUIRE(fits, ErrorCode::internal, "a page of leaves in the store does not fit");
      sizes.push_back(page->size);
      leaves.insert(leaves.end(), page->leaves.begin(), page->leaves.end());
    }
    from = std::move(some.back().key);
    from.push_back(0);
  }
  const auto oldest = std::min_element(sizes.begin(), sizes.end());
  Changed changed;
  for (std::uint64_t epoch = oldest == sizes.end() ? 0 : *oldest; epoch < size; ++epoch) {
    TRY(follow(rows, epoch, min_reset_delay_s, firsts_, sizes, changed));
  }
  next_ = oldest == sizes.end() ? 0 : static_cast<std::size_t>(oldest - sizes.begin());
  return merge(std::move(leaves), changed);
}

void LeafPages::write_some(Overlay& rows, const directory::Map& map, std::uint64_t size, std::size_t changed) {
  if (firsts_.empty()) firsts_.push_back(Hash{});
  const std::size_t wanted = std::max<std::size_t>(changed * kWrittenForOne, 1);
  const std::size_t most_pages = firsts_.size();
  std::size_t written = 0;
  for (std::size_t pages = 0; written < wanted && pages < most_pages; ++pages) written += write_page(rows, map, size);
}

/// Writes the page whose turn it is, as several where it has grown too large: how many leaves.
std::size_t LeafPages::write_page(Overlay& rows, const directory::Map& map, std::uint64_t size) {
  const std::size_t place = next_;
  const bool is_last = place + 1 == firsts_.size();
  const auto all = map.leaves(firsts_[place], is_last ? std::nullopt : std::optional(firsts_[place + 1]));
  const std::size_t share = all.size() > 2 * kPageLeaves ? kPageLeaves : std::max<std::size_t>(all.size(), 1);
  std::vector<Hash> more;
  std::size_t done = 0;
  do {
    LeafPage page{size, {}};
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(done);
    const std::size_t left = all.size() - done;
    // What would be left over for a page of its own stays here.
    const std::size_t count = left < 2 * share ? left : share;
    page.leaves.assign(first, first + static_cast<std::ptrdiff_t>(count));
    if (done != 0) more.push_back(page.leaves.front().key);
    save(rows, table::kLeaves, to_bytes(done == 0 ? firsts_[place] : more.back()), page);
    done += count;
  } while (done < all.size());
  firsts_.insert(firsts_.begin() + static_cast<std::ptrdiff_t>(place) + 1, more.begin(), more.end());
  next_ = (place + 1 + more.size()) % firsts_.size();
  return all.size();
}

Result<std::vector<LeafChange>> load_leaves(const StoreView& rows, std::uint64_t size,
                                            std::uint32_t min_reset_delay_s) {
  return LeafPages().load(rows, size, min_reset_delay_s);
}

}  // namespace cairn::relay
