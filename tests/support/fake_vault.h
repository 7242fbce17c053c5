// A storage of vaults and key boxes for tests of clients: keeps what it is given, and can be spoilt. That a storage
// checks signatures, sizes and quotas is the contract of real ones (tests/support/vault_contract.h).
#pragma once

#include <functional>
#include <map>

#include "core/proto/storage.h"
#include "tests/support/fake_post.h"

namespace cairn::testing {

class FakeVault {
 public:
  struct Upload {
    std::uint64_t size = 0;
    Bytes bytes;
    bool whole() const { return bytes.size() == size; }
  };
  using Objects = std::map<proto::ObjectId, Upload>;
  std::map<proto::VaultId, Objects> vaults;
  std::map<proto::KeyBoxId, proto::KeyBoxPut> key_boxes;
  std::uint64_t left = 1 << 30;                           ///< bytes that it says may still be put
  std::optional<std::size_t> parts_left;                  ///< so many parts are taken, and then no more
  std::function<bool(const proto::VaultPut&)> forgets{};  ///< after this part, all that it has of that object
  std::optional<proto::ObjectId> endless;                 ///< an object that is as large as any can be
  /// Changes what it says of its objects.
  std::function<void(const proto::VaultList&, proto::VaultListAnswer&)> spoil_list{};
  std::function<bool(const proto::KeyBoxPut&)> refuses_box{};  ///< for want of room

  std::string loses{};  ///< a path of which the next request is done, and its answer lost

  std::optional<proto::CallReply> answer(const std::string& path, const proto::Call& call) {
    if (path == loses) {
      loses.clear();
      answer(path, call);
      return FakePost::refusal(ErrorCode::unavailable, "The answer was lost.");
    }
    if (path == proto::kPathVaultCreate) return done(call, &FakeVault::create);
    if (path == proto::kPathVaultPut) return done(call, &FakeVault::put);
    if (path == proto::kPathVaultGet) return done(call, &FakeVault::get);
    if (path == proto::kPathVaultList) return done(call, &FakeVault::list);
    if (path == proto::kPathVaultPrune) return done(call, &FakeVault::prune);
    if (path == proto::kPathVaultDelete) return done(call, &FakeVault::remove);
    if (path == proto::kPathKeyBoxPut) return done(call, &FakeVault::put_box);
    if (path == proto::kPathKeyBoxGet) return done(call, &FakeVault::get_box);
    if (path == proto::kPathKeyBoxDelete) return done(call, &FakeVault::delete_box);
    return std::nullopt;
  }

  std::vector<Bytes> all_bytes() const {
    std::vector<Bytes> out;
    for (const auto& [id, objects] : vaults) {
      for (const auto& [object, upload] : objects) out.push_back(upload.bytes);
    }
    for (const auto& [id, box] : key_boxes) out.push_back(box.body);
    return out;
  }

 private:
  template <class Request>
  proto::CallReply done(const proto::Call& call, Result<Bytes> (FakeVault::*handler)(const Request&)) {
    const auto request = wire::decode<Request>(call.body);
    const auto body = request ? (this->*handler)(*request) : fail(ErrorCode::malformed, "No request.");
    if (!body) return FakePost::refusal(body.error().code, body.error().where);
    return {200, *body, {}};
  }

  Result<Bytes> create(const proto::VaultCreate& request) {
    vaults[request.vault];
    return wire::encode(proto::VaultRoom{left});
  }
  Result<Bytes> put(const proto::VaultPut& request) {
    const auto vault = vaults.find(request.vault);
    REQUIRE(vault != vaults.end(), ErrorCode::not_found, "No such vault.");
    if (parts_left && !request.data.empty()) {
      REQUIRE(*parts_left > 0, ErrorCode::over_limit, "The room is used up.");
      --*parts_left;
    }
    Upload& upload = vault->second.try_emplace(request.object, Upload{request.size, {}}).first->second;
    if (request.offset == upload.bytes.size()) append(upload.bytes, request.data);
    if (forgets && forgets(request)) upload.bytes.clear();
    return wire::encode(proto::VaultPutAnswer{upload.bytes.size(), left});
  }
  Result<Bytes> get(const proto::VaultGet& request) {
    const auto vault = vaults.find(request.vault);
    REQUIRE(vault != vaults.end(), ErrorCode::not_found, "No such vault.");
    const auto object = vault->second.find(request.object);
    REQUIRE(object != vault->second.end() && object->second.whole(), ErrorCode::not_found, "No such object.");
    if (endless == request.object)
      return wire::encode(proto::VaultPart{proto::kMaxVaultObject, Bytes(proto::kVaultPart)});
    const ByteView rest = ByteView(object->second.bytes).subspan(request.offset);
    return wire::encode(proto::VaultPart{object->second.size,
                                         to_bytes(rest.first(std::min<std::size_t>(rest.size(), request.length)))});
  }
  Result<Bytes> list(const proto::VaultList& request) {
    const auto vault = vaults.find(request.vault);
    REQUIRE(vault != vaults.end(), ErrorCode::not_found, "No such vault.");
    proto::VaultListAnswer out;
    for (const auto& [id, upload] : vault->second) {
      if (upload.whole()) out.items.push_back({id, upload.size});
    }
    if (spoil_list) spoil_list(request, out);
    return wire::encode(out);
  }
  Result<Bytes> prune(const proto::VaultPrune& request) {
    const auto vault = vaults.find(request.vault);
    REQUIRE(vault != vaults.end(), ErrorCode::not_found, "No such vault.");
    for (const proto::ObjectId& id : request.objects) vault->second.erase(id);
    return wire::encode(proto::VaultRoom{left});
  }
  Result<Bytes> remove(const proto::VaultDelete& request) {
    REQUIRE(vaults.erase(request.vault) == 1, ErrorCode::not_found, "No such vault.");
    return Bytes{};
  }
  Result<Bytes> put_box(const proto::KeyBoxPut& request) {
    const auto box = key_boxes.find(request.id);
    const std::uint64_t version = box == key_boxes.end() ? 0 : box->second.version;
    REQUIRE(request.version == version + 1, ErrorCode::conflict, "Another version.");
    REQUIRE(!refuses_box || !refuses_box(request), ErrorCode::over_limit, "The room for key boxes is used up.");
    key_boxes[request.id] = request;
    return Bytes{};
  }
  Result<Bytes> get_box(const proto::KeyBoxGet& request) {
    const auto box = key_boxes.find(request.id);
    REQUIRE(box != key_boxes.end(), ErrorCode::not_found, "No such key box.");
    return wire::encode(box->second);
  }
  Result<Bytes> delete_box(const proto::KeyBoxDelete& request) {
    REQUIRE(key_boxes.erase(request.id) == 1, ErrorCode::not_found, "No such key box.");
    return Bytes{};
  }
};

}  // namespace cairn::testing
