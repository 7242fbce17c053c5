#include "core/vault/entry.h"

namespace cairn::vault {

void Entry::write(wire::Writer& writer) const {
  writer.opaque(path);
  writer.opaque(attributes);
  writer.u8(static_cast<std::uint8_t>(layout));
  writer.u64(size);
}

Result<Entry> Entry::read(wire::Reader& reader) {
  Entry out;
  out.path = TRY(reader.opaque_bytes(kMaxPathSize));
  out.attributes = TRY(reader.opaque_bytes(kMaxAttributesSize));
  out.layout = static_cast<Layout>(TRY(reader.u8()));
  out.size = TRY(reader.u64());
  REQUIRE(!out.path.empty(), ErrorCode::malformed, "entry: path");
  REQUIRE(out.layout == Layout::batched || out.layout == Layout::own, ErrorCode::unsupported, "entry: layout");
  return out;
}

}  // namespace cairn::vault
