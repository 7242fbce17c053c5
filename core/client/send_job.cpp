#include "core/client/send_job.h"

#include "core/client/file_name.h"
#include "core/client/preview.h"
#include "core/crypto/labels.h"
#include "core/proto/storage.h"

namespace cairn::client {
namespace {

constexpr unsigned kMostStalled = 5;
constexpr std::uint64_t kStalledPauseMs = kSecondMs;

}  // namespace

SendJob::SendJob(const TransferRooms& rooms, Transfer transfer)
    : TransferJob(rooms, std::move(transfer)),
      owner_(crypto::SigningKey::from_seed(transfer_.owner ? transfer_.owner->clone() : crypto::Ed25519Seed())),
      hasher_(crypto::HashAlgorithm::sha256) {}

void SendJob::work(Context& context, const Account& account) {
  if (!transfer_.stamp) return look_at_file(context, account);
  put_url_ = account.server_url + std::string(proto::kPathBlobPut);
  token_ = rooms_.session.token();
  const bool is_whole = have_ == sealed_size();
  if (is_whole && hashed_ == parts()) return say(context, account);
  if (token_.empty()) {
    doing_ = "waiting";
    return;
  }
  if (!have_) return ask_have(context);
  // What the server has already is read once more all the same: the hash is of all.
  const std::uint64_t missing = is_whole ? parts() : *have_ / proto::kBlobPart;
  doing_ = hashed_ < missing ? "reading" : "sending";
  read_part(context, std::min(hashed_, missing));
}

void SendJob::look_at_file(Context& context, const Account& account) {
  doing_ = "reading";
  ask_file(context, proto::kUrlFileRead, wire::encode(proto::FileRead{transfer_.path, std::nullopt, 0, 0}),
           [this, self = shared_from_this(), domain = account.domain()](Context& later, const Answer& answer) {
             if (!answer.body) return fail_of_file(later, answer.body.error().code, answer.message);
             const auto piece = wire::decode<proto::FilePiece>(*answer.body);
             if (!piece) return fail_of_file(later, ErrorCode::malformed, "It cannot be read.");
             if (piece->size > kMaxFileSize) {
               return fail_of_file(later, ErrorCode::over_limit, "A file has at most 4 GiB; send it in parts.");
             }
             transfer_.stamp = piece->stamp;
             transfer_.file.size = piece->size;
             transfer_.file.domain = domain;
             save(later);
           });
}

void SendJob::ask_have(Context& context) { put(context, 0, {}); }

void SendJob::put(Context& context, std::uint64_t offset, Bytes data) {
  proto::BlobPut request;
  request.blob = transfer_.file.blob;
  request.owner_key = owner_.public_key();
  request.size = sealed_size();
  request.offset = offset;
  request.signature = crypto::sign_labelled(owner_, crypto::kSignBlobPut, request.content(crypto::sha256(data)));
  request.data = std::move(data);
  ask_server(context, {put_url_, token_, wire::encode(request)},
             [this, self = shared_from_this()](Context& later, const Bytes& body) {
               const auto answer = wire::decode<proto::BlobPutAnswer>(body);
               const bool is_sound = answer && answer->have <= sealed_size() &&
                                     (answer->have == sealed_size() || answer->have % proto::kBlobPart == 0);
               if (!is_sound) {
                 return fail_of_file(later, ErrorCode::malformed,
                                     "The server's answer cannot be understood; ask its operator.");
               }
               take_have(later, answer->have);
             });
}

void SendJob::take_have(Context& context, std::uint64_t have) {
  const std::uint64_t before = have_.value_or(have);
  const bool was_asked = !have_.has_value();
  have_ = have;
  if (have > before) moved_ += have - before;
  done_ = std::min(have, transfer_.file.size);
  if (was_asked || have > before) {
    stalled_ = was_asked ? stalled_ : 0;
    return;
  }
  if (++stalled_ >= kMostStalled) {
    return fail_of_file(context, ErrorCode::unavailable, "The server takes none of it; ask its operator.");
  }
  pause(context, kStalledPauseMs, "The server did not take a part; it is sent again.");
}

void SendJob::read_part(Context& context, std::uint64_t number) {
  const std::uint64_t offset = number * proto::kBlobPart;
  const Range range{transfer_.path, offset, proto::vault_part_size(sealed_size(), offset)};
  read_sealed(context, range, transfer_.stamp,
              [this, self = shared_from_this(), number](Context& later, Result<Bytes> sealed, const std::string& why) {
                if (!sealed && sealed.error().code == ErrorCode::conflict) {
                  return fail_of_file(later, ErrorCode::conflict, "It was changed while it was sent; send it again.");
                }
                if (!sealed) return fail_of_file(later, sealed.error().code, why);
                take_part(later, number, std::move(*sealed));
              });
}

void SendJob::take_part(Context& context, std::uint64_t number, Bytes sealed) {
  const Hash digest = crypto::sha256(sealed);
  const auto before = part_digest(context.store, transfer_.id, number);
  if (before && *before != digest) {
    return fail_of_file(context, ErrorCode::conflict, "It was changed while it was sent; send it again.");
  }
  if (!before) save_part_digest(context, transfer_.id, number, digest);
  if (number == hashed_) {
    hasher_.update(sealed);
    ++hashed_;
  }
  if (have_ == number * proto::kBlobPart) put(context, *have_, std::move(sealed));
}

void SendJob::say(Context& context, const Account& account) {
  const auto hash = Hash::from(hasher_.finish());
  CHECK(hash.has_value());
  hasher_ = crypto::Hasher(crypto::HashAlgorithm::sha256);
  transfer_.file.hash = *hash;
  transfer_.file.expires_s = static_cast<std::uint32_t>(after(context.now, proto::kBlobLifeMs).ms / kSecondMs);
  const Bytes preview = preview_to_send(context.store, transfer_.id).value_or(Bytes());
  const auto index =
      rooms_.conversations.say_file(context, account, transfer_.home, transfer_.file.clone(), transfer_.text, preview);
  if (!index) {
    return fail_of_file(context, index.error().code, "This conversation can only be read by now; begin a new one.");
  }
  save_attachment(context, transfer_.home, *index, {transfer_.file.clone(), owner_.seed().clone()});
  if (!preview.empty()) save_preview(context, transfer_.home, *index, preview);
  transfer_.message = *index;
  done_ = transfer_.file.size;
  erase_part_digests(context, transfer_.id);
  erase_preview_to_send(context, transfer_.id);
  succeed(context);
}

void SendJob::fail_of_file(Context& context, ErrorCode code, const std::string& why) {
  fail_with(context, code, transfer_.file.name + " was not sent: " + (why.empty() ? "it cannot be read here." : why));
}

void SendJob::clean_up(Context& context) {
  erase_part_digests(context, transfer_.id);
  erase_preview_to_send(context, transfer_.id);
  if (transfer_.stamp) delete_blob_later(context, transfer_.file.blob, owner_.seed());
}

}  // namespace cairn::client
