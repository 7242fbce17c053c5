#include "core/client/backup_storage.h"

#include <algorithm>

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

constexpr std::uint32_t kTimeoutMs = 30'000;
constexpr std::uint64_t kAgainMs = kSecondMs;
constexpr unsigned kTriesOfServer = 60;
constexpr unsigned kTriesOfFolder = 3;
/// So long all requests of a job together are waited for in vain: each may fail many times, and there may be many.
constexpr std::uint64_t kMostLostMs = 30 * kMinuteMs;
/// Pages of a list that holds as much as any can. Each may be empty: a storage leaves out what is not whole.
constexpr std::size_t kMostPages = proto::kMaxVaultObjects / proto::kMaxVaultList + 1;
/// An upload goes back so often: a storage that was set back, or dropped what was old, is not a broken one.
constexpr unsigned kMaxLosses = 3;
constexpr const char* kLoses =
    "The storage of the backup loses what it is given, so nothing can be kept there; use another storage, or ask its "
    "operator.";
constexpr const char* kMakesNoSense =
    "The storage of the backup gives answers that make no sense; use another copy of the backup, or ask its operator.";

/// Whether asking again may help.
bool may_pass(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::rate_limited || code == ErrorCode::unauthenticated ||
         code == ErrorCode::storage_failed;
}

/// Whether a request changes anything: then a server asks who it is that has the write key, an active device of the
/// owner. Reading needs no login, and says nothing of who reads.
bool changes(std::string_view path) {
  return path != proto::kPathVaultGet && path != proto::kPathVaultList && path != proto::kPathKeyBoxGet;
}

proto::ObjectId wire_id(const vault::ObjectId& id) { return *proto::ObjectId::from(id); }

}  // namespace

struct BackupStorage::Upload {
  proto::ObjectId id;
  Bytes object;
  Hash digest;
  Then then;
  unsigned losses = 0;  ///< how often it had less of it than before
};

struct BackupStorage::Download {
  proto::ObjectId id;
  std::size_t most = 0;
  Bytes object;
  Then then;
};

struct BackupStorage::Listing {
  std::vector<proto::VaultItem> items;
  ThenList then;
  std::size_t pages = 0;
};

BackupStorage::BackupStorage(Calls& calls, Session& session, std::string base)
    : calls_(calls), session_(session), base_(std::move(base)), is_folder_(client::is_folder(base_)) {}

void BackupStorage::ask(Context& context, std::string_view path, Bytes body, Then then) {
  send(context, std::make_shared<Request>(Request{path, std::move(body), std::move(then)}));
}

void BackupStorage::send(Context& context, const std::shared_ptr<Request>& request) {
  if (stopped_) return;
  request->sent = context.now;
  proto::Call call;
  call.method = proto::Method::post;
  call.url = base_ + std::string(request->path);
  if (!is_folder_ && changes(request->path)) call.bearer = session_.token();
  call.body = request->body;
  call.timeout_ms = kTimeoutMs;
  calls_.start(context, {}, std::move(call),
               [self = shared_from_this(), request](Context& later, const Answer& answer) {
                 self->answered(later, request, answer);
               });
}

void BackupStorage::answered(Context& context, const std::shared_ptr<Request>& request, const Answer& answer) {
  if (stopped_) return;
  if (answer.body) return request->then(context, *answer.body);
  const ErrorCode code = answer.body.error().code;
  if (code == ErrorCode::unauthenticated) session_.token_refused();
  refusal_ = answer.message.empty() ? "The storage of the backup does not answer; try again later." : answer.message;
  const std::uint64_t pause_ms = answer.pause_ms(kAgainMs);
  if (may_pass(code)) lost_ms_ += elapsed_ms(context.now, request->sent) + pause_ms;
  if (may_pass(code) && lost_ms_ < kMostLostMs && ++request->tries < (is_folder_ ? kTriesOfFolder : kTriesOfServer)) {
    waiting_.push_back({after(context.now, pause_ms), request});
    return;
  }
  request->then(context, fail(code, "refused by the storage"));
}

void BackupStorage::stop() {
  stopped_ = true;
  waiting_.clear();
}

void BackupStorage::step(Context& context) {
  while (!waiting_.empty() && waiting_.front().at <= context.now) {
    const auto request = std::move(waiting_.front().request);
    waiting_.pop_front();
    send(context, request);
  }
}

void BackupStorage::open_vault(const vault::VaultId& id, crypto::SigningKey write_key) {
  vault_ = *proto::VaultId::from(id);
  write_key_ = std::move(write_key);
}

void BackupStorage::create_vault(Context& context, Then then) {
  proto::VaultCreate create{vault_, write_key_->public_key(), {}};
  create.signature = crypto::sign_labelled(*write_key_, crypto::kSignVaultCreate, create.content());
  ask(context, proto::kPathVaultCreate, wire::encode(create),
      [self = shared_from_this(), then = std::move(then)](Context& later, Result<Bytes> body) {
        const auto room = body ? wire::decode<proto::VaultRoom>(*body) : Result<proto::VaultRoom>(proto::VaultRoom{});
        if (room) self->left_ = room->left;
        then(later, std::move(body));
      });
}

void BackupStorage::put(Context& context, const vault::ObjectId& id, Bytes object, Then then) {
  const Hash digest = crypto::sha256(object);
  put_from(context, std::make_shared<Upload>(Upload{wire_id(id), std::move(object), digest, std::move(then)}), 0);
}

void BackupStorage::put_from(Context& context, const std::shared_ptr<Upload>& upload, std::uint64_t offset) {
  const std::size_t size = proto::vault_part_size(upload->object.size(), offset);
  if (size == 0) return upload->then(context, broken("the storage has more than there is", kMakesNoSense));
  proto::VaultPut put{vault_, upload->id, upload->object.size(), upload->digest, offset, {}, {}};
  put.data = to_bytes(ByteView(upload->object).subspan(offset, size));
  put.signature = crypto::sign_labelled(*write_key_, crypto::kSignVaultPut, put.content(crypto::sha256(put.data)));
  ask(context, proto::kPathVaultPut, wire::encode(put),
      [self = shared_from_this(), upload, offset](Context& later, Result<Bytes> body) {
        if (!body) return upload->then(later, std::move(body));
        const auto answer = wire::decode<proto::VaultPutAnswer>(*body);
        const bool moved = answer && answer->have != offset;
        if (!moved) return upload->then(later, self->broken("the storage takes no part", kMakesNoSense));
        if (answer->have < offset && ++upload->losses > kMaxLosses) {
          return upload->then(later, self->broken("the storage loses parts", kLoses));
        }
        self->bytes_moved_ += answer->have > offset ? answer->have - offset : 0;
        self->left_ = answer->left;
        if (answer->have == upload->object.size()) return upload->then(later, Bytes{});
        self->put_from(later, upload, answer->have);
      });
}

void BackupStorage::get(Context& context, const vault::ObjectId& id, std::size_t most, Then then) {
  get_from(context, std::make_shared<Download>(Download{wire_id(id), most, {}, std::move(then)}));
}

void BackupStorage::get_from(Context& context, const std::shared_ptr<Download>& download) {
  const proto::VaultGet get{vault_, download->id, download->object.size(), proto::kVaultPart};
  ask(context, proto::kPathVaultGet, wire::encode(get),
      [self = shared_from_this(), download](Context& later, Result<Bytes> body) {
        if (!body) return download->then(later, std::move(body));
        const auto part = wire::decode<proto::VaultPart>(*body);
        Bytes& object = download->object;
        const bool fits = part && !part->data.empty() && object.size() + part->data.size() <= part->size;
        if (!fits) return download->then(later, self->broken("the storage gives no part", kMakesNoSense));
        // Whatever is so large is not the object, and is not fetched to its end.
        if (part->size > download->most) {
          return download->then(later, fail(ErrorCode::not_found, "larger than it can be"));
        }
        append(object, part->data);
        self->bytes_moved_ += part->data.size();
        if (object.size() == part->size) return download->then(later, std::move(object));
        self->get_from(later, download);
      });
}

tl::unexpected<Error> BackupStorage::broken(const char* where, const char* sentence) {
  refusal_ = sentence;
  return fail(ErrorCode::malformed, where);
}

void BackupStorage::list(Context& context, ThenList then) {
  list_from(context, std::make_shared<Listing>(Listing{{}, std::move(then), 0}), std::nullopt);
}

void BackupStorage::list_from(Context& context, const std::shared_ptr<Listing>& listing,
                              std::optional<proto::ObjectId> after) {
  ask(context, proto::kPathVaultList, wire::encode(proto::VaultList{vault_, after}),
      [self = shared_from_this(), listing, after](Context& later, Result<Bytes> body) {
        if (!body) return listing->then(later, tl::unexpected<Error>(body.error()));
        const auto page = wire::decode<proto::VaultListAnswer>(*body);
        // A storage that goes round in circles is not followed.
        const bool onward = page && (!page->next || !after || *after < *page->next) &&
                            listing->items.size() <= proto::kMaxVaultObjects && ++listing->pages <= kMostPages;
        if (!onward) return listing->then(later, self->broken("a list that cannot be", kMakesNoSense));
        listing->items.insert(listing->items.end(), page->items.begin(), page->items.end());
        if (!page->next) return listing->then(later, std::move(listing->items));
        self->list_from(later, listing, page->next);
      });
}

void BackupStorage::prune(Context& context, std::span<const vault::ObjectId> ids, Then then) {
  proto::VaultPrune prune{vault_, {}, {}};
  for (const vault::ObjectId& id : ids) prune.objects.push_back(wire_id(id));
  std::ranges::sort(prune.objects);
  prune.signature = crypto::sign_labelled(*write_key_, crypto::kSignVaultPrune, prune.content());
  ask(context, proto::kPathVaultPrune, wire::encode(prune), std::move(then));
}

void BackupStorage::delete_vault(Context& context, Then then) {
  proto::VaultDelete gone{vault_, {}};
  gone.signature = crypto::sign_labelled(*write_key_, crypto::kSignVaultDelete, gone.content());
  ask(context, proto::kPathVaultDelete, wire::encode(gone), std::move(then));
}

}  // namespace cairn::client
