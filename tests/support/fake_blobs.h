// Blobs of a fake server (docs/spec/relay.md s.6): the rules that clients can tell apart. The real ones are in
// core/relay.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/proto/blobs.h"
#include "tests/support/fake_post.h"

namespace cairn::testing {

class FakeBlobs {
 public:
  struct Blob {
    PublicKey owner_key;
    std::uint64_t size = 0;
    Bytes bytes;
    bool is_whole() const { return bytes.size() == size; }
  };
  std::map<proto::BlobId, Blob> blobs;
  std::uint64_t quota = ~std::uint64_t{0};
  std::size_t parts_taken = 0;
  std::size_t parts_again = 0;  ///< parts that it had already
  std::size_t bytes_given = 0;  ///< to who fetches
  std::optional<ErrorCode> refuses_puts;
  std::optional<ErrorCode> refuses_deletes;
  std::set<std::size_t> lost_parts;  ///< numbers: of no blob the server's store has them any more
  bool fails_a_get = false;          ///< the next one, and no other

  bool has(const proto::BlobRef& ref) const {
    const auto found = blobs.find(ref.blob);
    return found != blobs.end() && found->second.is_whole() && found->second.size == ref.size &&
           crypto::sha256(found->second.bytes) == ref.digest;
  }

  /// `is_logged_in` says whether the call's token is good.
  std::optional<Result<proto::CallReply>> answer(const std::string& path, const proto::Call& call, bool is_logged_in) {
    return answer(path, call, is_logged_in ? ok() : Status(fail(ErrorCode::unauthenticated, "Log in first.")));
  }
  /// `may_put`: what is said of who puts.
  std::optional<Result<proto::CallReply>> answer(const std::string& path, const proto::Call& call,
                                                 const Status& may_put) {
    Result<Bytes> body = fail(ErrorCode::not_found, "There is nothing here.");
    if (path == proto::kPathBlobPut) {
      body = may_put ? put(call) : Result<Bytes>(tl::unexpected<Error>(may_put.error()));
    } else if (path == proto::kPathBlobGet) {
      body = get(call);
    } else if (path == proto::kPathBlobDelete) {
      body = remove(call);
    } else {
      return std::nullopt;
    }
    if (!body) return FakePost::refusal(body.error().code, body.error().where);
    return proto::CallReply{200, *body, {}};
  }

 private:
  static constexpr const char* kFault = "The server has a fault, and nothing was changed; tell its operator.";

  Result<Bytes> put(const proto::Call& call) {
    const auto request = TRY(wire::decode<proto::BlobPut>(call.body));
    TRY(crypto::verify_labelled(request.owner_key, crypto::kSignBlobPut, request.content(crypto::sha256(request.data)),
                                request.signature));
    const auto found = blobs.find(request.blob);
    const std::uint64_t have = found == blobs.end() ? 0 : found->second.bytes.size();
    REQUIRE(
        found == blobs.end() || (found->second.owner_key == request.owner_key && found->second.size == request.size),
        ErrorCode::conflict, "This blob id is taken; choose another one.");
    if (!request.data.empty() && request.offset < have) ++parts_again;
    if (request.data.empty() || request.offset != have) return wire::encode(proto::BlobPutAnswer{have, quota});
    if (refuses_puts) return fail(*refuses_puts, "The server's disk is full.");
    if (found == blobs.end()) {
      REQUIRE(request.size <= quota, ErrorCode::over_limit,
              "The room that this server gives a name for attachments is used up.");
      quota -= request.size;
      blobs[request.blob] = {request.owner_key, request.size, {}};
    }
    append(blobs[request.blob].bytes, request.data);
    ++parts_taken;
    return wire::encode(proto::BlobPutAnswer{blobs[request.blob].bytes.size(), quota});
  }
  Result<Bytes> get(const proto::Call& call) {
    const auto request = TRY(wire::decode<proto::BlobGet>(call.body));
    const auto found = blobs.find(request.blob);
    REQUIRE(found != blobs.end() && found->second.is_whole(), ErrorCode::not_found, "This is not on the server.");
    const Bytes& bytes = found->second.bytes;
    REQUIRE(request.offset < bytes.size(), ErrorCode::over_limit, "The blob ends before the range begins.");
    const std::size_t count = std::min<std::size_t>(request.length, bytes.size() - request.offset);
    for (std::size_t part = request.offset / proto::kBlobPart; part * proto::kBlobPart < request.offset + count;
         ++part) {
      REQUIRE(!lost_parts.contains(part), ErrorCode::internal, kFault);
    }
    REQUIRE(!std::exchange(fails_a_get, false), ErrorCode::internal, kFault);
    bytes_given += count;
    return wire::encode(proto::BlobPart{bytes.size(), to_bytes(ByteView(bytes).subspan(request.offset, count))});
  }
  Result<Bytes> remove(const proto::Call& call) {
    const auto request = TRY(wire::decode<proto::BlobDelete>(call.body));
    const auto found = blobs.find(request.blob);
    REQUIRE(found != blobs.end(), ErrorCode::not_found, "There is no such blob here.");
    if (refuses_deletes) return fail(*refuses_deletes, "The server is busy.");
    TRY(crypto::verify_labelled(found->second.owner_key, crypto::kSignBlobDelete, request.content(),
                                request.signature));
    blobs.erase(found);
    return Bytes{};
  }
};

}  // namespace cairn::testing
