// The files of a machine in memory, for tests of clients: answers `local-file:` calls as shell/files does
// (core/proto/files.h), and is spoilt by a test.
#pragma once

#include <map>
#include <set>

#include "core/base/encoding.h"
#include "core/proto/api.h"
#include "core/proto/files.h"
#include "core/proto/transport.h"

namespace cairn::testing {

class FakeFiles {
 public:
  struct File {
    Bytes bytes;
    std::uint64_t changes = 0;  ///< what a stamp is made of
  };
  std::map<std::string, File> files;  ///< by path
  std::uint64_t free_bytes = ~std::uint64_t{0};
  std::size_t reads = 0;
  std::size_t largest = 0;  ///< bytes of one call or answer

  void put(const std::string& path, Bytes bytes) { files[path] = {std::move(bytes), ++changes_}; }
  /// Another content that the system does not tell of.
  void change_unseen(const std::string& path, std::size_t at) { files.at(path).bytes.at(at) ^= 1; }

  /// Whether what gathers there is not at its place yet.
  static bool is_part(const std::string& path) { return path.ends_with(kPartEnding); }

  std::optional<Result<proto::CallReply>> answer(const proto::Call& call) {
    if (!call.url.starts_with(proto::kFileScheme)) return std::nullopt;
    const auto body = dispatch(call);
    largest = std::max({largest, call.body.size(), body ? body->size() : 0});
    if (!body) {
      const Error& why = body.error();
      return proto::CallReply{proto::status_of(why.code), wire::encode(proto::ErrorAnswer{why.code, why.where}), {}};
    }
    return proto::CallReply{200, *body, {}};
  }

 private:
  static constexpr const char* kPartEnding = ".cairn-part";

  Result<Bytes> dispatch(const proto::Call& call) {
    if (call.url == proto::kUrlFileRead) return read(TRY(wire::decode<proto::FileRead>(call.body)));
    if (call.url == proto::kUrlFileWrite) return write(TRY(wire::decode<proto::FileWrite>(call.body)));
    if (call.url == proto::kUrlFileFinish) return finish(TRY(wire::decode<proto::FileFinish>(call.body)));
    if (call.url == proto::kUrlFileDrop) return drop(TRY(wire::decode<proto::FileDrop>(call.body)));
    return fail(ErrorCode::not_found, "There is nothing at this address.");
  }
  static std::string part_of(const std::string& path, const proto::FileId& id) {
    return path.substr(0, path.rfind('/') + 1) + "." + to_hex(id) + kPartEnding;
  }
  static proto::FileStamp stamp_of(const File& file) {
    proto::FileStamp out;
    for (std::size_t i = 0; i < 8; ++i) out.mutable_view()[i] = static_cast<std::uint8_t>(file.changes >> (8 * i));
    return out;
  }
  Result<Bytes> read(const proto::FileRead& request) {
    ++reads;
    const auto found = files.find(request.path);
    REQUIRE(found != files.end(), ErrorCode::not_found, "There is no such file or folder; check its path.");
    const File& file = found->second;
    REQUIRE(!request.stamp || *request.stamp == stamp_of(file), ErrorCode::conflict, "The file was changed meanwhile.");
    const std::size_t from = std::min<std::size_t>(request.offset, file.bytes.size());
    const std::size_t count = std::min<std::size_t>(request.length, file.bytes.size() - from);
    return wire::encode(
        proto::FilePiece{stamp_of(file), file.bytes.size(), to_bytes(ByteView(file.bytes).subspan(from, count))});
  }
  Result<Bytes> write(const proto::FileWrite& request) {
    const std::string part = part_of(request.path, request.id);
    proto::FileHave have{0, part, files.contains(request.path)};
    const auto found = files.find(part);
    if (found != files.end()) have.size = found->second.bytes.size();
    if (request.data.empty()) return wire::encode(have);
    REQUIRE(request.offset <= have.size, ErrorCode::conflict, "Bytes before these are missing.");
    REQUIRE(request.data.size() <= free_bytes, ErrorCode::storage_full,
            "The disk is full; make room and do the same again.");
    free_bytes -= request.data.size();
    File& file = files[part];
    file.bytes.resize(request.offset);
    append(file.bytes, request.data);
    file.changes = ++changes_;
    have.size = file.bytes.size();
    return wire::encode(have);
  }
  Result<Bytes> finish(const proto::FileFinish& request) {
    const std::string part = part_of(request.path, request.id);
    if (request.size == 0) files.try_emplace(part, File{{}, ++changes_});
    REQUIRE(files.contains(part), ErrorCode::not_found, "There is no such file or folder; check its path.");
    REQUIRE(files[part].bytes.size() == request.size, ErrorCode::conflict, "Bytes are missing.");
    REQUIRE(!files.contains(request.path), ErrorCode::conflict,
            "Something stands at this path already, and is not overwritten; name another one.");
    files[request.path] = std::move(files[part]);
    files.erase(part);
    return Bytes{};
  }
  Result<Bytes> drop(const proto::FileDrop& request) {
    files.erase(part_of(request.path, request.id));
    return Bytes{};
  }

  std::uint64_t changes_ = 0;
};

}  // namespace cairn::testing
