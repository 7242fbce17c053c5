#include "core/client/row_keys.h"

#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {

Bytes numbered(const ChannelId& home, std::uint64_t index) {
  wire::Writer w;
  w.raw(home);
  w.u64(index);
  return w.take();
}

std::uint64_t index_of(ByteView key) {
  wire::Reader r(key.subspan(ChannelId::kSize));
  const auto index = r.u64();
  CHECK(index.has_value());
  return *index;
}

}  // namespace cairn::client
