// A device as its name's chain announces it (docs/spec/directory.md s.2).
#pragma once

#include "core/base/types.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::directory {

constexpr std::size_t kMaxSuites = 16;

/// device_id of a signature key: H("cairn/v1 device" || 0x00 || key), the first 16 bytes.
DeviceId device_id(const PublicKey& signature_key);

struct Device {
  PublicKey signature_key;
  MailboxId mailbox;
  std::vector<std::uint16_t> suites;  ///< MLS suites, the best first; 1 to kMaxSuites, none twice

  DeviceId id() const { return device_id(signature_key); }
  /// `malformed` unless `suites` is as said.
  Status check() const;

  void write(wire::Writer& writer) const;
  static Result<Device> read(wire::Reader& reader);
  friend bool operator==(const Device&, const Device&) = default;
};

}  // namespace cairn::directory
