// What the makers of vectors have in common.
#pragma once

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/mls/suite.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

/// Keeps the order in which keys are put in, which is the order of the working group's descriptions.
using Json = nlohmann::ordered_json;

inline std::string hex(ByteView bytes) { return to_hex(bytes); }

/// A suite, and bytes that follow from a seed alone.
struct Maker {
  Maker(mls::SuiteId id, std::uint64_t seed) : suite(mls::cipher_suite(id)), entropy(seed) {}

  Bytes random(std::size_t size) {
    Bytes out(size);
    entropy.fill(out);
    return out;
  }
  /// Nh random bytes.
  Bytes secret() { return random(suite.hash_size()); }

  const mls::CipherSuite& suite;
  SeededEntropy entropy;
};

/// One case each, in the format of the official file of that name.
Json make_crypto_basics(Maker& maker);
Json make_key_schedule(Maker& maker);
Json make_message_protection(Maker& maker);
Json make_welcome(Maker& maker);
/// A group of `leaves` members, after some commits of theirs.
Json make_treekem(Maker& maker, std::uint32_t leaves);
/// Joins by a Welcome, with a PSK or with the tree beside it when told so.
enum class WelcomePsk : std::uint8_t { none, external };
enum class WelcomeTree : std::uint8_t { inside, beside };
Json make_passive_welcome(Maker& maker, WelcomePsk psk, WelcomeTree tree);
/// Joins, and follows so many epochs in which others do random things.
Json make_passive_random(Maker& maker, std::size_t epochs);

}  // namespace cairn::testing
