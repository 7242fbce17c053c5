#include "tests/lying/colluder.h"

#include "tests/lying/own_store.h"
#include "tests/support/naive_log.h"

namespace cairn::lying {
namespace {

/// The log with this record in the place of the newest one.
testing::NaiveLog log_ending_in(const StoreView& store, const directory::EpochRecord& newest) {
  testing::NaiveLog log;
  for (const Row& record : store.scan(relay::table::kRecords, {}, relay::u64_key(newest.epoch), ~std::size_t{0})) {
    log.entries.push_back(record.value);
  }
  log.entries.push_back(wire::encode(newest));
  return log;
}

}  // namespace

Colluder::Colluder(Entropy& entropy) {
  for (const char* name : {"first.example", "second.example"}) {
    cosigners_.push_back({name, crypto::SigningKey::generate(entropy)});
  }
}

std::string Colluder::policy_text() const {
  std::string lines;
  std::string names;
  for (const Cosigner& one : cosigners_) {
    const tlog::VerifierKey key(*tlog::KeyName::from(one.name), tlog::SignatureType::cosignature_v1,
                                one.key.public_key());
    lines += "witness " + one.name + " " + key.to_text() + "\n";
    names += " " + one.name;
  }
  return lines + "group auditors all" + names + "\nquorum auditors\n";
}

Bytes Colluder::answer(ByteView request_bytes, Bytes said, const StoreView& store, Time now) {
  const auto request = wire::decode<directory::LookupRequest>(request_bytes);
  auto response = wire::decode<directory::LookupResponse>(said);
  CHECK(request.has_value() && response.has_value());
  auto checkpoint = *tlog::SignedCheckpoint::parse(response->checkpoint, tlog::ExtensionLines::refuse);
  if (history_ != History::first) {
    response->record.time_ms += 1;
    const testing::NaiveLog log = log_ending_in(store, response->record);
    const std::uint64_t size = log.size();
    if (request->known_size < size) response->growth = *tlog::prove_growth(log, request->known_size, size);
    const auto config = need<directory::DirectoryConfig>(store, relay::table::kKeys, as_bytes(relay::kConfigRow));
    checkpoint = tlog::SignedCheckpoint::sign({config.origin, log.head(size), {}}, log_key(store));
  }
  for (const Cosigner& one : cosigners_) {
    if (missing_ == Missing::the_last && &one == &cosigners_.back()) continue;
    const auto line = tlog::cosign(*tlog::KeyName::from(one.name), one.key, now.ms / kSecondMs, checkpoint.note().text);
    CHECK(checkpoint.add(line).has_value());
  }
  response->checkpoint = checkpoint.encode();
  return wire::encode(*response);
}

}  // namespace cairn::lying
