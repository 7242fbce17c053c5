// The transcript (RFC 9420 s.8.2): a running hash over all commits of a group.
#pragma once

#include "core/mls/message.h"

namespace cairn::mls::internal {

/// confirmed_transcript_hash after `commit`, whose signature is set and whose confirmation tag may still be missing.
ConfirmedTranscriptHash confirmed_hash(const CipherSuite& suite, const InterimTranscriptHash& before,
                                       const AuthenticatedContent& commit);

/// interim_transcript_hash after the commit with this tag.
InterimTranscriptHash interim_hash(const CipherSuite& suite, const ConfirmedTranscriptHash& confirmed,
                                   const ConfirmationTag& tag);

}  // namespace cairn::mls::internal
