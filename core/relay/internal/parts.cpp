#include "core/relay/internal/parts.h"

namespace cairn::relay {

Result<Bytes> Parts::load(const StoreView& rows, std::uint64_t number) const {
  auto part = rows.get(table, numbered_key(key, number));
  REQUIRE(part, ErrorCode::internal, "a part of an object is missing from the store");
  return std::move(*part);
}

Result<Bytes> Parts::read(const StoreView& rows, std::uint64_t offset, std::uint64_t end) const {
  Bytes out;
  for (std::uint64_t at = offset; at < end;) {
    const Bytes part = TRY(load(rows, at / proto::kVaultPart));
    const auto skip = static_cast<std::size_t>(at % proto::kVaultPart);
    REQUIRE(skip < part.size(), ErrorCode::internal, "a part of an object is too short");
    const std::size_t count = std::min<std::size_t>(part.size() - skip, end - at);
    cairn::append(out, ByteView(part).subspan(skip, count));
    at += count;
  }
  return out;
}

bool Parts::erase(Turn& turn, std::uint64_t& have, std::uint64_t& most) const {
  while (have > 0) {
    const std::uint64_t number = count(have) - 1;
    const std::uint64_t size = have - number * proto::kVaultPart;
    const std::uint64_t cost = std::max(size, kEraseLeast);
    if (cost > most) return false;
    most -= cost;
    turn.rows.erase(table, numbered_key(key, number));
    have -= size;
  }
  return true;
}

}  // namespace cairn::relay
