#include "apps/cairn/folder_reader.h"

#include <utility>

#include "core/proto/storage.h"
#include "shell/os/clock.h"

namespace cairn::apps {
namespace {

constexpr int kOk = 200;
constexpr int kNotFound = 404;

}  // namespace

FolderReader::FolderReader(std::string url) : url_(std::move(url)), storage_({[] { return os::now(); }}) {}

Result<Bytes> FolderReader::ask(std::string_view path, Bytes body) const {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = url_ + std::string(path);
  call.body = std::move(body);
  proto::CallReply reply = storage_.answer(call);
  REQUIRE(reply.status != kNotFound, ErrorCode::not_found, "not in this folder");
  REQUIRE(reply.status == kOk, ErrorCode::unavailable, "a folder that cannot be read");
  return std::move(reply.body);
}

Result<vault::StorageIdentity> FolderReader::identity() const {
  const Bytes body = TRY(key_box(*vault::KeyBoxId::from(as_bytes("cairn storage id"))));
  return vault::StorageIdentity::of_folder(TRY(vault::FolderId::from(body)));
}

Result<Bytes> FolderReader::key_box(const vault::KeyBoxId& id) const {
  const proto::KeyBoxGet get{*proto::KeyBoxId::from(id)};
  const Bytes body = TRY(ask(proto::kPathKeyBoxGet, wire::encode(get)));
  auto put = TRY(wire::decode<proto::KeyBoxPut>(body));
  REQUIRE(put.id == get.id, ErrorCode::malformed, "another key box");
  return std::move(put.body);
}

Result<vault::StoredObjects> FolderReader::list(const vault::VaultId& id) const {
  vault::StoredObjects out;
  proto::VaultList wanted{*proto::VaultId::from(id), std::nullopt};
  for (;;) {
    const Bytes body = TRY(ask(proto::kPathVaultList, wire::encode(wanted)));
    const auto page = TRY(wire::decode<proto::VaultListAnswer>(body));
    for (const proto::VaultItem& item : page.items) out.emplace(*vault::ObjectId::from(item.object), item.size);
    const bool onward = !page.next || !wanted.after || *wanted.after < *page.next;
    REQUIRE(onward && out.size() <= proto::kMaxVaultObjects, ErrorCode::malformed, "a list that cannot be");
    if (!page.next) return out;
    wanted.after = page.next;
  }
}

Result<Bytes> FolderReader::object(const vault::VaultId& id, const vault::ObjectId& object, std::size_t most) const {
  Bytes out;
  for (;;) {
    const proto::VaultGet get{*proto::VaultId::from(id), *proto::ObjectId::from(object), out.size(), proto::kVaultPart};
    const Bytes body = TRY(ask(proto::kPathVaultGet, wire::encode(get)));
    const auto part = TRY(wire::decode<proto::VaultPart>(body));
    REQUIRE(part.size <= most, ErrorCode::not_found, "larger than it can be");
    REQUIRE(!part.data.empty() && out.size() + part.data.size() <= part.size, ErrorCode::malformed, "no part");
    append(out, part.data);
    if (out.size() == part.size) return out;
  }
}

}  // namespace cairn::apps
