#include "core/directory/closing.h"

#include "core/directory/internal/labels.h"
#include "core/tlog/checkpoint.h"

namespace cairn::directory {
namespace {

enum class CloseState : std::uint8_t { closed = 1, vetoed = 2, not_yet = 3 };

/// What `closed` is signed over: a CloseRequest without its nonce.
Bytes closing_of(const CloseRequest& request) {
  wire::Writer writer;
  writer.opaque(request.origin);
  writer.raw(request.request);
  return writer.take();
}

void write_state(wire::Writer& writer, CloseState state) { writer.u8(static_cast<std::uint8_t>(state)); }

}  // namespace

void CloseRequest::write(wire::Writer& writer) const {
  writer.opaque(origin);
  writer.raw(request);
  writer.raw(nonce);
}

Result<CloseRequest> CloseRequest::read(wire::Reader& reader) {
  CloseRequest out;
  out.origin = TRY(reader.opaque_text(tlog::kMaxOriginBytes));
  out.request = TRY(reader.fixed<Hash>());
  out.nonce = TRY(reader.fixed<Nonce16>());
  return out;
}

void CloseAnswer::write(wire::Writer& writer) const {
  if (const auto* veto = std::get_if<VetoNotice>(&body)) {
    write_state(writer, CloseState::vetoed);
    return veto->write(writer);
  }
  const auto* closed = std::get_if<Closed>(&body);
  write_state(writer, closed != nullptr ? CloseState::closed : CloseState::not_yet);
  writer.raw(closed != nullptr ? closed->signature : std::get<NotYet>(body).signature);
}

Result<CloseAnswer> CloseAnswer::read(wire::Reader& reader) {
  switch (static_cast<CloseState>(TRY(reader.u8()))) {
    case CloseState::closed: return CloseAnswer{Closed{TRY(reader.fixed<Signature>())}};
    case CloseState::vetoed: return CloseAnswer { TRY(VetoNotice::read(reader))
      };
    case CloseState::not_yet: return CloseAnswer{NotYet{TRY(reader.fixed<Signature>())}};
  }
  return fail(ErrorCode::unsupported, "close answer: state");
}

Closed sign_closed(const CloseRequest& request, const crypto::SigningKey& auditor) {
  return {crypto::sign_labelled(auditor, internal::kSignClosing, closing_of(request))};
}

Status verify_closed(const CloseRequest& request, const PublicKey& auditor, const Closed& answer) {
  return crypto::verify_labelled(auditor, internal::kSignClosing, closing_of(request), answer.signature);
}

NotYet sign_not_yet(const CloseRequest& request, const crypto::SigningKey& auditor) {
  return {crypto::sign_labelled(auditor, internal::kSignNotYet, wire::encode(request))};
}

Status verify_not_yet(const CloseRequest& request, const PublicKey& auditor, const NotYet& answer) {
  return crypto::verify_labelled(auditor, internal::kSignNotYet, wire::encode(request), answer.signature);
}

}  // namespace cairn::directory
