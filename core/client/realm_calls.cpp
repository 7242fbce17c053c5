#include "core/client/realm_calls.h"

#include "core/proto/api.h"

namespace cairn::client {
namespace {

using vault::PinRecovery;

template <class T>
proto::Call post(const std::string& url, std::string_view path, const T& body) {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = url + std::string(path);
  call.body = to_bytes(wire::encode_secret(body).expose());  // wiped by who sends it (shell/net)
  return call;
}

/// The body of a 200; `unavailable` when nothing of use came, else the code of the refusal.
Result<SecretBytes> body_of(const Result<proto::CallReply>& reply) {
  constexpr int kOk = 200;
  REQUIRE(reply, ErrorCode::unavailable, "a realm does not answer");
  if (reply->status == kOk) return SecretBytes(to_bytes(reply->body));
  const auto refusal = wire::decode<proto::ErrorAnswer>(reply->body);
  const bool known = refusal && refusal->code >= ErrorCode::malformed && refusal->code <= ErrorCode::internal;
  return fail(known ? refusal->code : ErrorCode::unavailable, "a realm refuses");
}

template <class T>
Result<T> answer_of(const Result<proto::CallReply>& reply) {
  const SecretBytes body = TRY(body_of(reply));
  auto answer = wire::decode<T>(body.expose());
  REQUIRE(answer, ErrorCode::unavailable, "a realm's answer is not understood");
  return answer;
}

}  // namespace

proto::Call pin_register_call(const std::string& url, const proto::RealmWho& who, const PinShare& share, ByteView token,
                              const std::optional<Signature>& replaces) {
  auto copy = PinShare::from(share.encode().expose());
  CHECK(copy.has_value());
  return post(url, proto::kPathPinRegister,
              proto::PinRegisterRequest{who, to_bytes(token), replaces, std::move(*copy)});
}

proto::Call pin_call(const std::string& url, const proto::RealmWho& who, const PinRecovery::Ask& ask, ByteView token) {
  if (std::holds_alternative<PinRecovery::AskVersion>(ask.what)) return post(url, proto::kPathPinVersion, who);
  if (const auto* evaluation = std::get_if<PinRecovery::AskEvaluation>(&ask.what)) {
    return post(url, proto::kPathPinEvaluate,
                proto::PinEvaluateRequest{to_bytes(token), evaluation->version, evaluation->element});
  }
  const auto& release = std::get<PinRecovery::AskRelease>(ask.what);
  return post(url, proto::kPathPinRelease, proto::PinReleaseRequest{who, release.version, release.tag.clone()});
}

proto::Call pin_owner_call(const std::string& url, const proto::PinOwnerRequest& request) {
  return post(url, proto::kPathPinOwner, request);
}

proto::Call token_store_call(const std::string& url, const TokenRecordId& record, const PublicKey& release_key,
                             const std::optional<PublicKey>& erase_key, const TokenShare& share, ByteView token) {
  return post(url, proto::kPathTokenStore,
              proto::TokenStoreRequest{to_bytes(token), record, release_key, erase_key,
                                       TokenShare{share.index, share.share.clone(), share.check, share.mac}});
}

proto::Call token_note_call(const std::string& url, const vault::TokenNoteAsk& ask, ByteView note) {
  return post(url, proto::kPathTokenNote, proto::TokenNoteRequest{ask.record, to_bytes(note), ask.signature});
}

proto::Call token_call(const std::string& url, const vault::TokenAsk& ask) {
  return post(url, proto::kPathTokenRequest,
              proto::TokenRequest{ask.record, ask.action, ask.by, ask.change, ask.signature});
}

Status realm_done(const Result<proto::CallReply>& reply) {
  REQUIRE(TRY(body_of(reply)).empty(), ErrorCode::unavailable, "a realm's answer is not understood");
  return ok();
}

Result<proto::PinVersionAnswer> pin_version_reply(const Result<proto::CallReply>& reply) {
  return answer_of<proto::PinVersionAnswer>(reply);
}

Result<proto::PinOwnerAnswer> pin_owner_reply(const Result<proto::CallReply>& reply) {
  return answer_of<proto::PinOwnerAnswer>(reply);
}

Result<Bytes> token_note_reply(const Result<proto::CallReply>& reply) {
  return TRY(answer_of<proto::TokenNoteAnswer>(reply))
  .note;
}

Result<TokenState> token_reply(const Result<proto::CallReply>& reply) {
  auto answer = answer_of<proto::TokenAnswer>(reply);
  if (!answer) return tl::unexpected<Error>(answer.error());
  return std::move(answer->value);
}

void take_pin_reply(PinRecovery& recovery, const PinRecovery::Ask& ask, const Result<proto::CallReply>& reply) {
  if (std::holds_alternative<PinRecovery::AskVersion>(ask.what)) {
    const auto answer = answer_of<proto::PinVersionAnswer>(reply);
    return recovery.take(ask.realm, answer ? Result<PinVersion>(answer->version)
                                           : Result<PinVersion>(tl::unexpected<Error>(answer.error())));
  }
  if (std::holds_alternative<PinRecovery::AskEvaluation>(ask.what)) {
    const auto answer = answer_of<proto::PinEvaluateAnswer>(reply);
    return recovery.take(ask.realm, answer ? Result<PinEvaluation>(answer->value)
                                           : Result<PinEvaluation>(tl::unexpected<Error>(answer.error())));
  }
  auto answer = answer_of<proto::PinReleaseAnswer>(reply);
  recovery.take(ask.realm, answer ? Result<PinRelease>(std::move(answer->value))
                                  : Result<PinRelease>(tl::unexpected<Error>(answer.error())));
}

}  // namespace cairn::client
