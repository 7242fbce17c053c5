#include "core/client/save_job.h"

#include <algorithm>

#include "core/client/domains.h"
#include "core/client/file_name.h"
#include "core/client/kept_files.h"

namespace cairn::client {
namespace {

/// What is asked for at once: as many whole chunks as a part of a blob holds, and a piece of a file.
constexpr std::uint64_t kChunksAtOnce = proto::kMaxFilePiece / crypto::kStreamChunk;
static_assert(kChunksAtOnce * crypto::kStreamSealedChunk == kSealedPiece);
static_assert(kChunksAtOnce * crypto::kStreamSealedChunk <= proto::kBlobPart);
constexpr unsigned kMostNames = 1000;
constexpr std::uint64_t kCheckedAtOnce = proto::kBlobPart;

}  // namespace

SaveJob::SaveJob(const TransferRooms& rooms, Transfer transfer)
    : TransferJob(rooms, std::move(transfer)),
      stage_(transfer_.is_finishing ? Stage::look_back : Stage::place),
      hasher_(crypto::HashAlgorithm::sha256) {}

std::string SaveJob::sender(const StoreView& store) const {
  const auto message = rooms_.conversations.message(store, transfer_.home, transfer_.message);
  return message ? message->sender : "its sender";
}

void SaveJob::work(Context& context, const Account& account) {
  const auto message = rooms_.conversations.message(context.store, transfer_.home, transfer_.message);
  if (!message || message->unsent) {
    return fail_of_file(context, ErrorCode::not_found, "It was taken back, or its message is forgotten.");
  }
  switch (stage_) {
    case Stage::look_back: return look_back(context);
    case Stage::place: return find_place(context);
    case Stage::fetch: return fetch(context, account);
    case Stage::check: return check_more(context);
    case Stage::finish: return finish(context);
  }
}

// The file was to be put at its place when this process, or its machine, stopped.
void SaveJob::look_back(Context& context) {
  doing_ = "checking";
  if (stamp_) return check_more(context);
  ask_file(context, proto::kUrlFileRead, wire::encode(proto::FileRead{transfer_.path, std::nullopt, 0, 0}),
           [this, self = shared_from_this()](Context&, const Answer& answer) {
             const auto piece = answer.body ? wire::decode<proto::FilePiece>(*answer.body)
                                            : Result<proto::FilePiece>(tl::unexpected<Error>(answer.body.error()));
             if (piece && piece->size == transfer_.file.size) {
               stamp_ = piece->stamp;
               gathered_ = transfer_.path;
             } else {
               stage_ = Stage::place;
             }
           });
}

void SaveJob::find_place(Context& context) {
  if (!transfer_.is_exact) {
    const std::string folder = transfer_.path.substr(0, transfer_.path.rfind('/') + 1);
    transfer_.path = folder + numbered_file_name(transfer_.file.name, number_);
  }
  ask_file(context, proto::kUrlFileWrite, wire::encode(proto::FileWrite{transfer_.path, transfer_.part, 0, {}}),
           [this, self = shared_from_this()](Context& later, const Answer& answer) {
             if (!answer.body) return fail_of_file(later, answer.body.error().code, answer.message);
             const auto have = wire::decode<proto::FileHave>(*answer.body);
             if (!have) return fail_of_file(later, ErrorCode::malformed, "Files cannot be written here.");
             take_place(later, *have);
           });
}

void SaveJob::take_place(Context& context, const proto::FileHave& have) {
  if (have.place_is_taken) {
    if (transfer_.is_exact || ++number_ > kMostNames) {
      return fail_of_file(
          context, ErrorCode::conflict,
          "Something stands at " + transfer_.path + " already, and is not overwritten; name another place.");
    }
    return;
  }
  gathered_ = have.part;
  is_resumed_ = have.size > 0;
  // The last chunk is opened in any case: it alone says that there is no more.
  chunk_ = std::min(std::min(have.size, transfer_.file.size) / crypto::kStreamChunk, chunks() - 1);
  stage_ = Stage::fetch;
}

void SaveJob::fetch(Context& context, const Account& account) {
  doing_ = "fetching";
  if (auto here = kept_bytes(context.store, sealed_file_id(transfer_.file), chunk_ * crypto::kStreamSealedChunk)) {
    go_on_at_once();
    const std::size_t size = here->size();
    return take_chunks(context, {transfer_.file.sealed_size(), std::move(*here)}, size);
  }
  const std::uint64_t count = chunk_ < one_by_one_until_ ? 1 : std::min(kChunksAtOnce, chunks() - chunk_);
  const proto::BlobGet request{
      transfer_.file.blob, chunk_ * crypto::kStreamSealedChunk,
      static_cast<std::uint32_t>(std::min(count * crypto::kStreamSealedChunk,
                                          transfer_.file.sealed_size() - chunk_ * crypto::kStreamSealedChunk))};
  const std::string gone = transfer_.file.name + " is not on the server, or not any more; ask " +
                           sender(context.store) + " to send it again.";
  const proto::Call where = call_to(context.store, account, transfer_.file.domain, proto::kPathBlobGet);
  const std::string says = server_says(account, transfer_.file.domain);
  const auto refused = [this, self = shared_from_this(), count](Context& later, ErrorCode code) {
    return not_given(later, code, count);
  };
  ask_server(context, {where.url, {}, wire::encode(request), gone, where.reach, says, refused},
             [this, self = shared_from_this(), asked = request.length](Context& later, const Bytes& body) {
               auto part = wire::decode<proto::BlobPart>(body);
               if (!part || part->size > transfer_.file.sealed_size() || part->data.size() > asked) {
                 return fail_of_file(later, ErrorCode::inconsistent,
                                     "What the server has is longer than what " + sender(later.store) +
                                         " sent; ask them to send it again.");
               }
               if (part->data.size() < asked) {  // what is cut off is not there
                 part->data.resize(part->data.size() / crypto::kStreamSealedChunk * crypto::kStreamSealedChunk);
               }
               take_chunks(later, *part, asked);
             });
}

// A server says no more than that it has a fault (a part of a blob is gone from its store), or that the blob ends
// before these: which of them is gone shows when each is asked for by itself.
bool SaveJob::not_given(Context& context, ErrorCode code, std::uint64_t count) {
  if (code != ErrorCode::internal && code != ErrorCode::over_limit) return false;
  if (count == 1) {
    fail_of_lost_chunk(context, chunk_);
  } else {
    one_by_one_until_ = chunk_ + count;
  }
  return true;
}

std::optional<Bytes> SaveJob::open_chunks(Context& context, const proto::BlobPart& part) {
  ByteView sealed = part.data;
  crypto::StreamOpener opener(transfer_.file.key.clone(), transfer_.file.nonce, chunk_);
  Bytes out;
  out.reserve(sealed.size());
  while (!sealed.empty()) {
    const ByteView one = sealed.first(std::min(sealed.size(), crypto::kStreamSealedChunk));
    sealed = sealed.subspan(one.size());
    const bool is_last = opener.next() + 1 == chunks();
    const Status opened = is_last ? opener.open_last(one, out) : opener.open(one, out);
    if (opened) continue;
    if (part.size < transfer_.file.sealed_size()) {  // another one has moved up
      fail_of_lost_chunk(context, opener.next());
      return std::nullopt;
    }
    fail_of_file(context, ErrorCode::crypto_failed,
                 "Piece " + std::to_string(opener.next() + 1) + " of " + std::to_string(chunks()) + " is not what " +
                     sender(context.store) + " sent: the server has another one in its place. Ask " +
                     "them to send it again.");
    return std::nullopt;
  }
  return out;
}

void SaveJob::take_chunks(Context& context, const proto::BlobPart& part, std::size_t asked) {
  auto plaintext = open_chunks(context, part);
  if (!plaintext) return;
  if (part.data.size() < asked) {
    return fail_of_lost_chunk(context, chunk_ + part.data.size() / crypto::kStreamSealedChunk);
  }
  moved_ += part.data.size();
  const std::uint64_t count = (part.data.size() + crypto::kStreamSealedChunk - 1) / crypto::kStreamSealedChunk;
  const std::uint64_t begin = chunk_ * crypto::kStreamChunk;
  const std::uint64_t wanted = begin < transfer_.file.size ? transfer_.file.size - begin : 0;
  if (wanted < plaintext->size()) {
    const auto padding = ByteView(*plaintext).subspan(wanted);
    if (std::any_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte != 0; })) {
      return fail_of_file(context, ErrorCode::malformed, "It is longer than its message says; ask for it again.");
    }
    plaintext->resize(wanted);
  }
  write_down(context, std::move(*plaintext), count);
}

void SaveJob::write_down(Context& context, Bytes plaintext, std::uint64_t count) {
  const auto go_on = [this, count] {
    chunk_ += count;
    done_ = std::min(chunk_ * crypto::kStreamChunk, transfer_.file.size);
    if (chunk_ < chunks()) return;
    stage_ = Stage::check;
    hasher_ = crypto::Hasher(crypto::HashAlgorithm::sha256);
    hashed_ = 0;
    stamp_.reset();
  };
  if (plaintext.empty()) return go_on();
  const proto::FileWrite request{transfer_.path, transfer_.part, chunk_ * crypto::kStreamChunk, std::move(plaintext)};
  ask_file(context, proto::kUrlFileWrite, wire::encode(request),
           [this, self = shared_from_this(), go_on](Context& later, const Answer& answer) {
             if (!answer.body) return fail_of_file(later, answer.body.error().code, answer.message);
             go_on();
           });
}

// What lies on the disk is sealed once more: the hash is that of the blob, and nothing else gives these bytes.
void SaveJob::check_more(Context& context) {
  doing_ = "checking";
  const std::uint64_t size = std::min(kCheckedAtOnce, transfer_.file.sealed_size() - hashed_);
  read_sealed(context, {gathered_, hashed_, size}, stamp_,
              [this, self = shared_from_this()](Context& later, Result<Bytes> sealed, const std::string& why) {
                if (!sealed && stage_ == Stage::look_back) {
                  stage_ = Stage::place;
                  stamp_.reset();
                  return;
                }
                if (!sealed) return fail_of_file(later, sealed.error().code, why);
                hasher_.update(*sealed);
                hashed_ += sealed->size();
                if (hashed_ < transfer_.file.sealed_size()) return;
                const auto hash = Hash::from(hasher_.finish());
                CHECK(hash.has_value());
                hasher_ = crypto::Hasher(crypto::HashAlgorithm::sha256);
                hashed_ = 0;
                stamp_.reset();
                hash_is_known(later, *hash);
              });
}

void SaveJob::hash_is_known(Context& context, const Hash& hash) {
  const bool is_right = hash == transfer_.file.hash;
  if (stage_ == Stage::look_back) {
    if (is_right) return succeed(context);
    stage_ = Stage::place;
    return;
  }
  if (is_right) {
    stage_ = Stage::finish;
    return;
  }
  // A machine that stopped may have lost what it had written: all of it is fetched once more.
  if (std::exchange(is_resumed_, false)) {
    chunk_ = 0;
    stage_ = Stage::fetch;
    return;
  }
  fail_of_file(context, ErrorCode::inconsistent,
               "It is not the file that the message of " + sender(context.store) +
                   " names (its hash is another one); ask them to send it again.");
}

void SaveJob::finish(Context& context) {
  transfer_.is_finishing = true;
  save(context);
  const proto::FileFinish request{transfer_.path, transfer_.part, transfer_.file.size};
  ask_file(context, proto::kUrlFileFinish, wire::encode(request),
           [this, self = shared_from_this()](Context& later, const Answer& answer) {
             if (answer.body) return succeed(later);
             const ErrorCode code = answer.body.error().code;
             const bool is_taken = code == ErrorCode::conflict && !transfer_.is_exact && ++number_ <= kMostNames;
             if (!is_taken) return fail_of_file(later, code, answer.message);
             transfer_.is_finishing = false;  // somebody else took the name
             save(later);
             stage_ = Stage::place;
           });
}

void SaveJob::fail_of_file(Context& context, ErrorCode code, const std::string& why) {
  fail_with(context, code,
            transfer_.file.name + " was not saved: " + (why.empty() ? "Files cannot be written here." : why));
}

void SaveJob::fail_of_lost_chunk(Context& context, std::uint64_t number) {
  fail_of_file(context, ErrorCode::inconsistent,
               "Piece " + std::to_string(number + 1) + " of " + std::to_string(chunks()) +
                   " is missing on the server, or it has another one in its place; ask " + sender(context.store) +
                   " to send it again.");
}

void SaveJob::clean_up(Context& context) {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = std::string(proto::kUrlFileDrop);
  call.body = wire::encode(proto::FileDrop{transfer_.path, transfer_.part});
  rooms_.calls.start(context, {}, std::move(call), [](Context&, const Answer&) {});
}

}  // namespace cairn::client
