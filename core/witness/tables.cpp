#include "core/witness/tables.h"

#include "core/crypto/hash.h"
#include "core/witness/config.h"

namespace cairn::witness {

LogId log_id(std::string_view origin) { return crypto::sha256(as_bytes(origin)); }

Bytes root_key(const LogId& log, std::uint64_t size) {
  wire::Writer writer;
  writer.raw(log);
  writer.u64(size);
  return writer.take();
}

Bytes request_key(const LogId& log, const Hash& request) { return concat({log, request}); }

void LogRow::write(wire::Writer& writer) const {
  writer.opaque(key.to_text());
  writer.opaque(url);
  writer.u64(adopted_size);
  writer.optional(config);
}

Result<LogRow> LogRow::read(wire::Reader& reader) {
  const std::string vkey = TRY(reader.opaque_text(tlog::kMaxVerifierKeyBytes));
  LogRow row {
    TRY(tlog::VerifierKey::parse(vkey))
    , {}, 0, {}
  };
  row.url = TRY(reader.opaque_text(kMaxUrlBytes));
  row.adopted_size = TRY(reader.u64());
  row.config = TRY(reader.optional<directory::DirectoryConfig>());
  return row;
}

void RootRow::write(wire::Writer& writer) const {
  writer.raw(root);
  writer.opaque(note);
}

Result<RootRow> RootRow::read(wire::Reader& reader) {
  RootRow row;
  row.root = TRY(reader.fixed<Hash>());
  row.note = TRY(reader.opaque_text(tlog::kMaxNoteBytes));
  return row;
}

void Evidence::write(wire::Writer& writer) const {
  writer.opaque(first);
  writer.opaque(second);
}

Result<Evidence> Evidence::read(wire::Reader& reader) {
  Evidence out;
  out.first = TRY(reader.opaque_text(tlog::kMaxNoteBytes));
  out.second = TRY(reader.opaque_text(tlog::kMaxNoteBytes));
  return out;
}

}  // namespace cairn::witness
