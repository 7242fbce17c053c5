#include "core/directory/closing.h"

#include "core/directory/internal/labels.h"
#include "core/tlog/checkpoint.h"

namespace cairn::directory {
namespace {

enum class CloseState : std::uint8_t { closed = 1, vetoed = 2 };

}  // namespace

void CloseRequest::write(wire::Writer& writer) const {
  writer.opaque(origin);
  writer.raw(request);
}

Result<CloseRequest> CloseRequest::read(wire::Reader& reader) {
  CloseRequest out;
  out.origin = TRY(reader.opaque_text(tlog::kMaxOriginBytes));
  out.request = TRY(reader.fixed<Hash>());
  return out;
}

void CloseAnswer::write(wire::Writer& writer) const {
  if (const auto* veto = std::get_if<VetoNotice>(&body)) {
    writer.u8(static_cast<std::uint8_t>(CloseState::vetoed));
    return veto->write(writer);
  }
  writer.u8(static_cast<std::uint8_t>(CloseState::closed));
  writer.raw(std::get<Signature>(body));
}

Result<CloseAnswer> CloseAnswer::read(wire::Reader& reader) {
  switch (static_cast<CloseState>(TRY(reader.u8()))) {
    case CloseState::closed: return CloseAnswer { TRY(reader.fixed<Signature>())
      };
    case CloseState::vetoed: return CloseAnswer { TRY(VetoNotice::read(reader))
      };
  }
  return fail(ErrorCode::unsupported, "close answer: state");
}

Signature sign_closing(const CloseRequest& request, const crypto::SigningKey& auditor) {
  return crypto::sign_labelled(auditor, internal::kSignClosing, wire::encode(request));
}

Status verify_closing(const CloseRequest& request, const PublicKey& auditor, const Signature& signature) {
  return crypto::verify_labelled(auditor, internal::kSignClosing, wire::encode(request), signature);
}

}  // namespace cairn::directory
