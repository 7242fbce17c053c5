#include "core/proto/files.h"

namespace cairn::proto {
namespace {

Result<std::string> read_path(wire::Reader& r) {
  std::string path = TRY(r.opaque_text(kMaxPath));
  REQUIRE(path.starts_with('/') && path.find('\0') == std::string::npos, ErrorCode::malformed, "path");
  return path;
}

}  // namespace

void FileRead::write(wire::Writer& w) const {
  w.opaque(path);
  w.optional_raw(stamp ? std::optional<ByteView>(stamp->view()) : std::nullopt);
  w.u64(offset);
  w.u32(length);
}
Result<FileRead> FileRead::read(wire::Reader& r) {
  FileRead out;
  out.path = TRY(read_path(r));
  if (TRY(r.presence())) out.stamp = TRY(r.fixed<FileStamp>());
  out.offset = TRY(r.u64());
  out.length = TRY(r.u32());
  REQUIRE(out.length <= kMaxFilePiece, ErrorCode::over_limit, "length of a piece");
  return out;
}

void FilePiece::write(wire::Writer& w) const {
  w.reserve(data.size() + 64);
  w.raw(stamp);
  w.u64(size);
  w.opaque(data);
}
Result<FilePiece> FilePiece::read(wire::Reader& r) {
  FilePiece out;
  out.stamp = TRY(r.fixed<FileStamp>());
  out.size = TRY(r.u64());
  out.data = TRY(r.opaque_bytes(kMaxFilePiece));
  return out;
}

void FileWrite::write(wire::Writer& w) const {
  w.reserve(path.size() + data.size() + 64);
  w.opaque(path);
  w.raw(id);
  w.u64(offset);
  w.opaque(data);
}
Result<FileWrite> FileWrite::read(wire::Reader& r) {
  FileWrite out;
  out.path = TRY(read_path(r));
  out.id = TRY(r.fixed<FileId>());
  out.offset = TRY(r.u64());
  out.data = TRY(r.opaque_bytes(kMaxFilePiece));
  return out;
}

void FileHave::write(wire::Writer& w) const {
  w.u64(size);
  w.opaque(part);
  w.u8(place_is_taken ? 1 : 0);
}
Result<FileHave> FileHave::read(wire::Reader& r) {
  FileHave out;
  out.size = TRY(r.u64());
  out.part = TRY(r.opaque_text(kMaxPath));
  const std::uint8_t taken = TRY(r.u8());
  REQUIRE(taken <= 1, ErrorCode::malformed, "flag");
  out.place_is_taken = taken == 1;
  return out;
}

void FileFinish::write(wire::Writer& w) const {
  w.opaque(path);
  w.raw(id);
  w.u64(size);
}
Result<FileFinish> FileFinish::read(wire::Reader& r) {
  FileFinish out;
  out.path = TRY(read_path(r));
  out.id = TRY(r.fixed<FileId>());
  out.size = TRY(r.u64());
  return out;
}

void FileDrop::write(wire::Writer& w) const {
  w.opaque(path);
  w.raw(id);
}
Result<FileDrop> FileDrop::read(wire::Reader& r) {
  FileDrop out;
  out.path = TRY(read_path(r));
  out.id = TRY(r.fixed<FileId>());
  return out;
}

}  // namespace cairn::proto
