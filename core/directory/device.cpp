#include "core/directory/device.h"

#include "core/directory/internal/labels.h"

namespace cairn::directory {

DeviceId device_id(const PublicKey& signature_key) {
  const Hash hash = internal::labelled_hash(internal::kDeviceLabel, signature_key);
  DeviceId id;
  std::memcpy(id.mutable_view().data(), hash.data(), DeviceId::kSize);
  return id;
}

Status Device::check() const {
  REQUIRE(!suites.empty() && suites.size() <= kMaxSuites, ErrorCode::malformed, "device: number of suites");
  for (auto suite = suites.begin(); suite != suites.end(); ++suite) {
    REQUIRE(std::find(suites.begin(), suite, *suite) == suite, ErrorCode::malformed, "device: a suite twice");
  }
  return ok();
}

void Device::write(wire::Writer& writer) const {
  writer.raw(signature_key);
  writer.raw(mailbox);
  writer.u16_vector(suites);
}

Result<Device> Device::read(wire::Reader& reader) {
  Device out;
  out.signature_key = TRY(reader.fixed<PublicKey>());
  out.mailbox = TRY(reader.fixed<MailboxId>());
  out.suites = TRY(reader.u16_vector(kMaxSuites));
  TRY(out.check());
  return out;
}

}  // namespace cairn::directory
