#include "core/client/attachments.h"

#include <algorithm>

#include "core/client/file_name.h"
#include "core/client/kept_files.h"
#include "core/client/preview.h"
#include "core/client/save_job.h"
#include "core/client/send_job.h"
#include "core/client/tables.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kEndedLifeMs = kDayMs;
constexpr std::uint64_t kDeleteAgainMs = kMinuteMs;
/// By then the server has deleted it by itself.
constexpr std::uint64_t kDeleteLifeMs = proto::kBlobLifeMs + kDayMs;
constexpr const char* kDeleteBlobKey = "delete a blob";

}  // namespace

bool is_fetched_from(const std::string& domain, const Account& account, const std::optional<Message>& message) {
  if (domain == account.domain()) return true;
  const auto sender = message ? directory::Name::from(message->sender)
                              : Result<directory::Name>(fail(ErrorCode::not_found, "no message"));
  return sender && sender->domain() == domain;
}

std::shared_ptr<TransferJob> Attachments::make_job(Transfer transfer) const {
  if (transfer.kind == Transfer::Kind::send) return std::make_shared<SendJob>(rooms_, std::move(transfer));
  return std::make_shared<SaveJob>(rooms_, std::move(transfer));
}

Result<TransferId> Attachments::begin(Context& context, Transfer transfer) {
  std::size_t running = 0;
  for (const Transfer& other : load_transfers(context.store)) {
    if (other.is_over()) continue;
    ++running;
    // A name may have got a number meanwhile.
    const bool same_place = other.path == transfer.path || (transfer.kind == Transfer::Kind::save && !other.is_exact &&
                                                            other.path.substr(0, other.path.rfind('/')) ==
                                                                transfer.path.substr(0, transfer.path.rfind('/')));
    const bool same = other.kind == transfer.kind && other.home == transfer.home && same_place &&
                      other.is_exact == transfer.is_exact && other.text == transfer.text &&
                      (transfer.kind == Transfer::Kind::send || other.message == transfer.message);
    if (same) return other.id;
  }
  REQUIRE(running < kMaxTransfers, ErrorCode::rate_limited, "transfers");
  transfer.id = random_value<TransferId>(context.entropy);
  transfer.began_ms = context.now.ms;
  save_transfer(context, transfer);
  out_.look_for_work = in_.look_for_work = true;
  return transfer.id;
}

Result<TransferId> Attachments::send(Context& context, const ChannelId& home, const std::string& path,
                                     const std::string& text, Bytes preview) {
  CHECK(text.size() <= kMaxTextSize && (preview.empty() || preview_extent(preview)));
  REQUIRE(path.size() <= proto::kMaxPath, ErrorCode::over_limit, "path");
  Transfer transfer;
  transfer.kind = Transfer::Kind::send;
  transfer.home = home;
  transfer.path = path;
  transfer.text = text;
  transfer.file.name = clean_file_name(base_name(path));
  transfer.file.media_type = media_type_of(transfer.file.name);
  transfer.file.blob = random_value<proto::BlobId>(context.entropy);
  transfer.file.key = random_secret<crypto::StreamKey>(context.entropy);
  transfer.file.nonce = random_value<crypto::StreamNonce>(context.entropy);
  transfer.owner = random_secret<crypto::Ed25519Seed>(context.entropy);
  const TransferId id = TRY(begin(context, std::move(transfer)));
  // What was said last counts, also where it is none.
  if (preview.empty()) {
    erase_preview_to_send(context, id);
  } else {
    save_preview_to_send(context, id, std::move(preview));
  }
  return id;
}

Result<TransferId> Attachments::save(Context& context, const Account& account, const ChannelId& home,
                                     std::uint64_t index, const Place& place) {
  auto row = attachment_of(context.store, home, index);
  REQUIRE(row, ErrorCode::not_found, "no file");
  REQUIRE(is_kept(context.store, sealed_file_id(row->file)) ||
              is_fetched_from(row->file.domain, account, rooms_.conversations.message(context.store, home, index)),
          ErrorCode::unsupported, "a file of a third domain");
  // What a number adds to a name has its room.
  REQUIRE(place.path.size() + 1 + kMaxFileName + 16 <= proto::kMaxPath, ErrorCode::over_limit, "path");
  Transfer transfer;
  transfer.kind = Transfer::Kind::save;
  transfer.home = home;
  transfer.message = index;
  transfer.file = std::move(row->file);
  transfer.path = place.is_folder ? place.path + "/" + transfer.file.name : place.path;
  transfer.is_exact = !place.is_folder;
  transfer.part = random_value<proto::FileId>(context.entropy);
  return begin(context, std::move(transfer));
}

Status Attachments::cancel(Context& context, const TransferId& id) {
  auto transfer = load_transfer(context.store, id);
  REQUIRE(transfer, ErrorCode::not_found, "no such transfer");
  REQUIRE(!transfer->is_over(), ErrorCode::invalid_state, "it is over");
  for (Turn* turn : {&out_, &in_}) {
    if (turn->job && turn->job->transfer().id == id) {
      turn->job->cancel(context);
      return ok();  // step() sees it
    }
  }
  const auto job = make_job(std::move(*transfer));
  job->cancel(context);
  ended(context, job->transfer());
  return ok();
}

const TransferJob* Attachments::job(const TransferId& id) const {
  for (const Turn* turn : {&out_, &in_}) {
    if (turn->job && turn->job->transfer().id == id) return turn->job.get();
  }
  return nullptr;
}

void Attachments::ended(Context& context, const Transfer& transfer) {
  out_.look_for_work = in_.look_for_work = true;
  if (transfer.kind == Transfer::Kind::send && transfer.state == Transfer::State::failed) {
    rooms_.conversations.notice(context, transfer.home, transfer.sentence);
  }
  if (listener_) listener_(context, transfer);
}

void Attachments::step_turn(Context& context, const Account& account, Turn& turn) {
  while (turn.job || turn.look_for_work) {
    if (!turn.job) {
      turn.look_for_work = false;
      for (Transfer& one : load_transfers(context.store)) {
        if (one.is_over() || one.kind != turn.kind) continue;
        turn.job = make_job(std::move(one));
        turn.told_percent = 0;
        break;
      }
      continue;
    }
    turn.job->step(context, account);
    if (turn.job->is_over()) {
      const auto job = std::exchange(turn.job, nullptr);
      ended(context, job->transfer());
      continue;
    }
    const std::uint64_t size = std::max<std::uint64_t>(turn.job->transfer().file.size, 1);
    const std::uint64_t percent = turn.job->done() * 100 / size;
    if (std::exchange(turn.told_percent, percent) != percent && listener_) listener_(context, turn.job->transfer());
    return;
  }
}

void Attachments::step(Context& context, const Account& account) {
  if (account.state != AccountState::active) {
    out_.job = in_.job = nullptr;
    blobs_again_ = {};  // nothing is tried again, so no timer is wanted for it
    return;
  }
  forget_ended(context);
  step_turn(context, account, out_);
  step_turn(context, account, in_);
  delete_blobs(context, account);
}

void Attachments::forget_ended(Context& context) {
  if (context.now < next_forgetting_) return;
  next_forgetting_ = after(context.now, kHourMs);
  for (const Transfer& one : load_transfers(context.store)) {
    if (one.is_over() && elapsed_ms(context.now, Time{one.ended_ms}) >= kEndedLifeMs) {
      erase_transfer(context, one.id);
    }
  }
}

void Attachments::delete_blobs(Context& context, const Account& account) {
  if (blobs_again_ > context.now) return;
  blobs_again_ = {};
  if (!rooms_.session.connected() || rooms_.calls.under_way(kDeleteBlobKey)) return;
  const auto rows = context.store.scan(tables::kBlobsToDelete, {}, {}, 1);
  if (rows.empty()) return;
  const auto id = proto::BlobId::from(rows.front().key);
  const auto row = wire::decode<BlobToDelete>(rows.front().value);
  if (!id || !row || elapsed_ms(context.now, Time{row->since_ms}) > kDeleteLifeMs) {
    return context.store.erase(tables::kBlobsToDelete, rows.front().key);
  }
  const auto owner = crypto::SigningKey::from_seed(row->owner.clone());
  proto::BlobDelete request{*id, {}};
  request.signature = crypto::sign_labelled(owner, crypto::kSignBlobDelete, request.content());
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathBlobDelete);
  call.body = wire::encode(request);
  rooms_.calls.start(context, kDeleteBlobKey, std::move(call), [this, id = *id](Context& later, const Answer& answer) {
    const ErrorCode code = answer.body ? ErrorCode::not_found : answer.body.error().code;
    const bool may_pass = code == ErrorCode::unavailable || code == ErrorCode::rate_limited ||
                          code == ErrorCode::storage_full || code == ErrorCode::storage_failed;
    if (!may_pass) return later.store.erase(tables::kBlobsToDelete, to_bytes(id));
    blobs_again_ = after(later.now, answer.pause_ms(kDeleteAgainMs));
  });
}

Time Attachments::next_deadline() const {
  Time next = blobs_again_ != Time{} ? blobs_again_ : Time::never();
  for (const Turn* turn : {&out_, &in_}) {
    if (turn->job) next = std::min(next, turn->job->next_deadline());
  }
  return next;
}

void Attachments::forget_all() {
  out_.job = in_.job = nullptr;
  out_.look_for_work = in_.look_for_work = true;
  blobs_again_ = {};
  next_forgetting_ = {};
}

}  // namespace cairn::client
