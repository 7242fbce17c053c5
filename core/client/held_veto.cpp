#include "core/client/held_veto.h"

#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxVetoesRead = 1000;

}  // namespace

void HeldVeto::write(wire::Writer& w) const {
  name.write(w);
  notice.write(w);
  w.u8(static_cast<std::uint8_t>(origin));
  w.u64(since_ms);
}

Result<HeldVeto> HeldVeto::read(wire::Reader& r) {
  directory::Name name = TRY(directory::Name::read(r));
  directory::VetoNotice notice = TRY(directory::VetoNotice::read(r));
  const std::uint8_t origin = TRY(r.u8());
  REQUIRE(origin >= 1 && origin <= 3, ErrorCode::malformed, "held veto");
  const std::uint64_t since_ms = TRY(r.u64());
  return HeldVeto{std::move(name), std::move(notice), static_cast<Origin>(origin), since_ms};
}

Bytes veto_key(const Account& account, const directory::Name& name, const Hash& request) {
  return concat({name_key(account, name.text()), request});
}

void save_veto(Context& context, const Account& account, const HeldVeto& veto) {
  context.store.put(tables::kVetoes, veto_key(account, veto.name, veto.notice.request.hash()), wire::encode(veto));
}

std::optional<HeldVeto> veto_of(const StoreView& store, const Account& account, const directory::Name& name,
                                const Hash& request) {
  const auto row = store.get(tables::kVetoes, veto_key(account, name, request));
  auto veto = row ? wire::decode<HeldVeto>(*row) : Result<HeldVeto>(fail(ErrorCode::not_found, "held veto"));
  if (!veto) return std::nullopt;
  return std::move(*veto);
}

std::vector<directory::VetoNotice> vetoes_of(const StoreView& store, const Account& account,
                                             const directory::Name& name) {
  std::vector<directory::VetoNotice> out;
  for (const Row& row : store.scan_prefix(tables::kVetoes, name_key(account, name.text()), kMaxVetoesRead)) {
    auto veto = wire::decode<HeldVeto>(row.value);
    if (veto) out.push_back(std::move(veto->notice));
  }
  return out;
}

}  // namespace cairn::client
