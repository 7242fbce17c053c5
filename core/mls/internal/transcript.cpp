#include "core/mls/internal/transcript.h"

namespace cairn::mls::internal {

// RFC 9420 s.8.2.
ConfirmedTranscriptHash confirmed_hash(const CipherSuite& suite, const InterimTranscriptHash& before,
                                       const AuthenticatedContent& commit) {
  wire::Writer input;  // ConfirmedTranscriptHashInput
  input.u16(static_cast<std::uint16_t>(commit.wire_format));
  commit.content.write(input);
  commit.auth.signature.write(input);
  return {crypto::hash(suite.hash, {before.view(), input.view()})};
}

InterimTranscriptHash interim_hash(const CipherSuite& suite, const ConfirmedTranscriptHash& confirmed,
                                   const ConfirmationTag& tag) {
  wire::Writer input;  // InterimTranscriptHashInput
  tag.write(input);
  return {crypto::hash(suite.hash, {confirmed.view(), input.view()})};
}

}  // namespace cairn::mls::internal
