// LabeledExtract and LabeledExpand of HPKE (RFC 9180 s.4), which its KEMs and its key schedule share.
#pragma once

#include <string_view>

#include "core/crypto/hash.h"

namespace cairn::crypto::internal {

/// "KEM" || kem_id or "HPKE" || kem_id || kdf_id || aead_id.
using SuiteId = ShortBytes<10>;

/// `out` has hash_size(algorithm) bytes (CHECKed).
void labelled_extract(HashAlgorithm algorithm, const SuiteId& suite_id, ByteView salt, std::string_view label,
                      ByteView ikm, MutableByteView out);

/// info = the concatenation of `info`, at most 4 parts (CHECKed); out.size() <= 255 * hash_size (CHECKed).
void labelled_expand(HashAlgorithm algorithm, const SuiteId& suite_id, ByteView prk, std::string_view label,
                     std::initializer_list<ByteView> info, MutableByteView out);

}  // namespace cairn::crypto::internal
