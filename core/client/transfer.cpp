#include "core/client/transfer.h"

#include <algorithm>

#include "core/client/content.h"
#include "core/client/preview.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxTransferSentence = 1024;
constexpr std::size_t kAllTransfers = 10'000;

template <class Enum>
Result<Enum> read_transfer_enum(wire::Reader& r, std::uint8_t last) {
  const std::uint8_t value = TRY(r.u8());
  REQUIRE(value >= 1 && value <= last, ErrorCode::malformed, "enum value");
  return static_cast<Enum>(value);
}

Bytes part_key(const TransferId& id, std::uint64_t number) {
  wire::Writer w;
  w.raw(id);
  w.u64(number);
  return w.take();
}

}  // namespace

Transfer Transfer::clone() const {
  Transfer out;
  out.id = id;
  out.kind = kind;
  out.state = state;
  out.home = home;
  out.message = message;
  out.path = path;
  out.text = text;
  out.file = file.clone();
  out.began_ms = began_ms;
  out.ended_ms = ended_ms;
  out.code = code;
  out.sentence = sentence;
  out.stamp = stamp;
  if (owner) out.owner = owner->clone();
  out.part = part;
  out.is_exact = is_exact;
  out.is_finishing = is_finishing;
  return out;
}

void Transfer::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  w.u8(static_cast<std::uint8_t>(state));
  w.raw(home);
  w.u64(message);
  w.opaque(path);
  w.opaque(text);
  file.write(w);
  w.u64(began_ms);
  w.u64(ended_ms);
  w.u8(static_cast<std::uint8_t>(code));
  w.opaque(sentence);
  w.optional_raw(stamp ? std::optional<ByteView>(stamp->view()) : std::nullopt);
  w.optional_raw(owner ? std::optional<ByteView>(owner->expose()) : std::nullopt);
  w.raw(part);
  w.u8(is_exact ? 1 : 0);
  w.u8(is_finishing ? 1 : 0);
}

Result<Transfer> Transfer::read(wire::Reader& r) {
  Transfer out;
  out.kind = TRY(read_transfer_enum<Kind>(r, 2));
  out.state = TRY(read_transfer_enum<State>(r, 4));
  out.home = TRY(r.fixed<ChannelId>());
  out.message = TRY(r.u64());
  out.path = TRY(r.opaque_text(proto::kMaxPath));
  out.text = TRY(r.opaque_text(kMaxTextSize));
  out.file = TRY(Attachment::read(r));
  out.began_ms = TRY(r.u64());
  out.ended_ms = TRY(r.u64());
  out.code = TRY(read_transfer_enum<ErrorCode>(r, static_cast<std::uint8_t>(ErrorCode::internal)));
  out.sentence = TRY(r.opaque_text(kMaxTransferSentence));
  if (TRY(r.presence())) out.stamp = TRY(r.fixed<proto::FileStamp>());
  if (TRY(r.presence())) {
    const ByteView seed = TRY(r.raw(crypto::Ed25519Seed::kSize));
    out.owner = TRY(crypto::Ed25519Seed::from(seed));
  }
  out.part = TRY(r.fixed<proto::FileId>());
  out.is_exact = TRY(r.presence());
  out.is_finishing = TRY(r.presence());
  return out;
}

std::optional<Transfer> load_transfer(const StoreView& store, const TransferId& id) {
  const auto row = store.get(tables::kTransfers, id);
  if (!row) return std::nullopt;
  auto transfer = wire::decode<Transfer>(*row);
  if (!transfer) return std::nullopt;
  transfer->id = id;
  return std::move(*transfer);
}

std::vector<Transfer> load_transfers(const StoreView& store) {
  std::vector<Transfer> out;
  for (const Row& row : store.scan(tables::kTransfers, {}, {}, kAllTransfers)) {
    const auto id = TransferId::from(row.key);
    auto transfer = id ? load_transfer(store, *id) : std::nullopt;
    if (transfer) out.push_back(std::move(*transfer));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Transfer& a, const Transfer& b) { return a.began_ms < b.began_ms; });
  return out;
}

void save_transfer(Context& context, const Transfer& transfer) {
  context.store.put(tables::kTransfers, to_bytes(transfer.id), to_bytes(wire::encode_secret(transfer).expose()));
}

void erase_transfer(Context& context, const TransferId& id) {
  erase_part_digests(context, id);
  erase_preview_to_send(context, id);
  context.store.erase(tables::kTransfers, to_bytes(id));
}

std::optional<Hash> part_digest(const StoreView& store, const TransferId& id, std::uint64_t number) {
  const auto row = store.get(tables::kPartDigests, part_key(id, number));
  const auto digest = row ? Hash::from(*row) : Result<Hash>(fail(ErrorCode::not_found, "digest of a part"));
  return digest ? std::optional(*digest) : std::nullopt;
}

void save_part_digest(Context& context, const TransferId& id, std::uint64_t number, const Hash& digest) {
  context.store.put(tables::kPartDigests, part_key(id, number), to_bytes(digest));
}

void erase_part_digests(Context& context, const TransferId& id) {
  for (const Row& row : context.store.scan_prefix(tables::kPartDigests, id, ~std::size_t{0})) {
    context.store.erase(tables::kPartDigests, row.key);
  }
}

}  // namespace cairn::client
