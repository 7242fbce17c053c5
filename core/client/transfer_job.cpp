#include "core/client/transfer_job.h"

#include <algorithm>

namespace cairn::client {
namespace {

constexpr std::uint32_t kPartTimeoutMs = 120'000;
constexpr std::uint64_t kFirstPauseMs = kSecondMs;
constexpr std::uint64_t kLongestPauseMs = kMinuteMs;
constexpr std::uint64_t kFullServerPauseMs = kMinuteMs;
constexpr std::size_t kLongestSentence = 1000;

/// Whether the same request may be answered otherwise later.
bool may_pass_later(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::rate_limited || code == ErrorCode::unauthenticated ||
         code == ErrorCode::storage_full || code == ErrorCode::storage_failed;
}

}  // namespace

/// Chunks of a file that are being read.
struct TransferJob::Reading {
  Range range;
  std::optional<proto::FileStamp>& stamp;  ///< of the job that holds this
  std::uint64_t first_chunk;
  std::uint64_t end;  ///< of the padded plaintext, up to which it is read
  Bytes plaintext;
  ThenSealed then;
};

TransferJob::TransferJob(const TransferRooms& rooms, Transfer transfer)
    : rooms_(rooms), transfer_(std::move(transfer)) {}

void TransferJob::step(Context& context, const Account& account) {
  if (!std::exchange(has_begun_, true)) began_ = context.now;
  if (is_over() || busy_ || (not_before_ && *not_before_ > context.now)) return;
  not_before_.reset();
  do {
    needs_no_answer_ = false;
    work(context, account);
  } while (needs_no_answer_ && !busy_ && !is_over());
}

void TransferJob::cancel(Context& context) {
  if (is_over()) return;
  clean_up(context);
  end(context, Transfer::State::cancelled);
}

void TransferJob::ask_file(Context& context, std::string_view url, Bytes body, ThenAnswer then) {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = std::string(url);
  call.body = std::move(body);
  busy_ = true;
  rooms_.calls.start(context, {}, std::move(call),
                     [self = shared_from_this(), then = std::move(then)](Context& later, const Answer& answer) {
                       self->busy_ = false;
                       if (!self->is_over()) then(later, answer);
                     });
}

void TransferJob::ask_server(Context& context, Request request, ThenBytes then) {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = std::move(request.url);
  call.bearer = std::move(request.bearer);
  call.body = std::move(request.body);
  call.timeout_ms = kPartTimeoutMs;
  call.reach = request.reach;
  busy_ = true;
  const bool logged_in = !call.bearer.empty();
  rooms_.calls.start(context, {}, std::move(call),
                     [self = shared_from_this(), then = std::move(then), gone = std::move(request.gone),
                      says = std::move(request.says), refused = std::move(request.refused),
                      logged_in](Context& later, const Answer& answer) {
                       self->busy_ = false;
                       if (self->is_over()) return;
                       if (answer.body) {
                         self->failures_ = 0;
                         self->trouble_.clear();
                         return then(later, *answer.body);
                       }
                       const ErrorCode code = answer.body.error().code;
                       if (code == ErrorCode::unauthenticated && logged_in) self->rooms_.session.token_refused();
                       if (code == ErrorCode::not_found && !gone.empty()) return self->fail_with(later, code, gone);
                       if (!may_pass_later(code) && refused && refused(later, code)) return;
                       std::string sentence = (answer.status == 0 ? std::string() : says) + answer.message;
                       if (answer.message.empty()) sentence = "The server does not answer; it is asked again.";
                       if (!may_pass_later(code)) return self->fail_with(later, code, sentence);
                       self->interrupted();
                       const std::uint64_t doubled = kFirstPauseMs << std::min(self->failures_++, 10u);
                       const std::uint64_t own_ms =
                           code == ErrorCode::storage_full ? kFullServerPauseMs : std::min(doubled, kLongestPauseMs);
                       self->pause(later, answer.pause_ms(own_ms), std::move(sentence));
                     });
}

void TransferJob::pause(Context& context, std::uint64_t ms, std::string why) {
  trouble_ = std::move(why);
  not_before_ = after(context.now, ms);
}

void TransferJob::read_sealed(Context& context, const Range& range, std::optional<proto::FileStamp>& stamp,
                              ThenSealed then) {
  const std::uint64_t padded = padded_file_size(transfer_.file.size);
  const std::uint64_t first = range.offset / crypto::kStreamSealedChunk;
  const std::uint64_t last = (range.offset + range.size - 1) / crypto::kStreamSealedChunk;
  const std::uint64_t end = std::min(padded, (last + 1) * crypto::kStreamChunk);
  read_more(context, std::make_shared<Reading>(Reading{range, stamp, first, end, {}, std::move(then)}));
}

void TransferJob::read_more(Context& context, const std::shared_ptr<Reading>& reading) {
  const std::uint64_t at = reading->first_chunk * crypto::kStreamChunk + reading->plaintext.size();
  const std::uint64_t end = std::min(reading->end, transfer_.file.size);
  if (at >= end) {
    needs_no_answer_ = true;
    reading->plaintext.resize(reading->end - reading->first_chunk * crypto::kStreamChunk);  // padding
    const Bytes sealed = seal(*reading);
    const std::uint64_t skipped = reading->range.offset - reading->first_chunk * crypto::kStreamSealedChunk;
    return reading->then(context, to_bytes(ByteView(sealed).subspan(skipped, reading->range.size)), {});
  }
  const auto length = static_cast<std::uint32_t>(std::min<std::uint64_t>(end - at, proto::kMaxFilePiece));
  ask_file(context, proto::kUrlFileRead, wire::encode(proto::FileRead{reading->range.path, reading->stamp, at, length}),
           [self = shared_from_this(), reading, length](Context& later, const Answer& answer) {
             if (!answer.body) {
               const std::string why = answer.message.empty() ? "Files cannot be read here." : answer.message;
               return reading->then(later, tl::unexpected<Error>(answer.body.error()), why);
             }
             const auto piece = wire::decode<proto::FilePiece>(*answer.body);
             if (!piece || piece->size != self->transfer_.file.size || piece->data.size() != length) {
               return reading->then(later, fail(ErrorCode::conflict, "another file"),
                                    "The file was changed meanwhile.");
             }
             reading->stamp = piece->stamp;
             append(reading->plaintext, piece->data);
             self->read_more(later, reading);
           });
}

Bytes TransferJob::seal(const Reading& reading) const {
  crypto::StreamSealer sealer(transfer_.file.key.clone(), transfer_.file.nonce, reading.first_chunk);
  const bool has_last = reading.end == padded_file_size(transfer_.file.size);
  Bytes out;
  ByteView rest = reading.plaintext;
  out.reserve(rest.size() + (rest.size() / crypto::kStreamChunk + 1) * crypto::kStreamTag);
  while (!rest.empty()) {
    const ByteView chunk = rest.first(std::min(rest.size(), crypto::kStreamChunk));
    rest = rest.subspan(chunk.size());
    if (rest.empty() && has_last) {
      sealer.seal_last(chunk, out);
    } else {
      sealer.seal(chunk, out);
    }
  }
  return out;
}

void TransferJob::end(Context& context, Transfer::State state) {
  transfer_.state = state;
  transfer_.ended_ms = context.now.ms;
  transfer_.file.key = {};
  transfer_.owner.reset();
  save(context);
}

void TransferJob::fail_with(Context& context, ErrorCode code, const std::string& sentence) {
  if (is_over()) return;
  transfer_.code = code;
  transfer_.sentence = sentence.substr(0, kLongestSentence);
  clean_up(context);
  end(context, Transfer::State::failed);
}

void TransferJob::succeed(Context& context) {
  if (!is_over()) end(context, Transfer::State::done);
}

}  // namespace cairn::client
