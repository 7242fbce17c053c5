#include "core/client/pending_link.h"

#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::uint8_t kLinkVersion = 1;
constexpr std::uint8_t kNewcomer = 1;
constexpr std::uint8_t kSettingsAlone = 2;
constexpr std::size_t kMaxLinkSentence = 1024;
/// More links than anybody has under way.
constexpr std::size_t kMaxLinks = 64;

}  // namespace

SecretBytes PendingLink::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.u8(kLinkVersion);
  w.u8(static_cast<std::uint8_t>(stage));
  w.u8(static_cast<std::uint8_t>((is_newcomer ? kNewcomer : 0) |
                                 (history == HistoryChoice::settings_alone ? kSettingsAlone : 0)));
  w.raw(code.signature_key);
  w.raw(code.secret.expose());
  w.u64(started.ms);
  w.u32(sequence);
  w.opaque(request);
  w.opaque(statement);
  w.opaque(sentence);
  return w.take_secret();
}

Result<PendingLink> PendingLink::decode(ByteView bytes) {
  wire::Reader r(bytes);
  REQUIRE(TRY(r.u8()) == kLinkVersion, ErrorCode::unsupported, "pending link version");
  PendingLink out;
  const std::uint8_t stage = TRY(r.u8());
  REQUIRE(stage >= 1 && stage <= static_cast<std::uint8_t>(LinkStage::failed), ErrorCode::malformed, "link stage");
  out.stage = static_cast<LinkStage>(stage);
  const std::uint8_t flags = TRY(r.u8());
  REQUIRE(flags <= (kNewcomer | kSettingsAlone), ErrorCode::malformed, "flags of a link");
  out.is_newcomer = (flags & kNewcomer) != 0;
  if ((flags & kSettingsAlone) != 0) out.history = HistoryChoice::settings_alone;
  out.code.signature_key = TRY(r.fixed<PublicKey>());
  out.code.secret = TRY(r.fixed<LinkSecret>());
  out.started = Time { TRY(r.u64()) };
  out.sequence = TRY(r.u32());
  out.request = TRY(r.opaque_bytes(proto::kMaxRendezvousBody));
  out.statement = TRY(r.opaque_bytes(proto::kMaxStatementSize));
  out.sentence = TRY(r.opaque_text(kMaxLinkSentence));
  TRY(r.finish());
  return out;
}

std::vector<PendingLink> load_links(const StoreView& store) {
  std::vector<PendingLink> out;
  for (const Row& row : store.scan(tables::kPendingLinks, {}, {}, kMaxLinks)) {
    auto link = PendingLink::decode(row.value);
    if (link) out.push_back(std::move(*link));
  }
  return out;
}

std::optional<PendingLink> load_link(const StoreView& store, const PublicKey& newcomer) {
  const auto row = store.get(tables::kPendingLinks, newcomer);
  if (!row) return std::nullopt;
  auto link = PendingLink::decode(*row);
  if (!link) return std::nullopt;
  return std::move(*link);
}

void save_link(Context& context, const PendingLink& link) {
  context.store.put(tables::kPendingLinks, to_bytes(link.code.signature_key.view()), to_bytes(link.encode().expose()));
}

void erase_link(Context& context, const PendingLink& link) {
  context.store.erase(tables::kPendingLinks, to_bytes(link.code.signature_key.view()));
}

}  // namespace cairn::client
