// How a NameState lies in its owner's store.
#include "core/directory/chain.h"

namespace cairn::directory {
namespace {

constexpr std::uint8_t kChainFormat = 1;
constexpr std::size_t kMaxListBytes = std::size_t{4} << 20;

template <class Fixed>
void write_list(wire::Writer& writer, const std::vector<Fixed>& items) {
  const std::size_t mark = writer.begin_vector();
  for (const Fixed& item : items) writer.raw(item);
  writer.end_vector(mark);
}

template <class Fixed>
Result<std::vector<Fixed>> read_list(wire::Reader& reader, std::size_t max_count) {
  wire::Reader body = TRY(reader.nested(max_count * Fixed::kSize));
  std::vector<Fixed> out;
  while (!body.done()) out.push_back(TRY(body.template fixed<Fixed>()));
  return out;
}

void write_devices(wire::Writer& writer, const std::vector<AuthorisedDevice>& devices) {
  const std::size_t mark = writer.begin_vector();
  for (const AuthorisedDevice& device : devices) {
    device.device.write(writer);
    writer.u32(device.added);
    writer.u8(device.removed ? 1 : 0);
    if (device.removed) writer.u32(*device.removed);
  }
  writer.end_vector(mark);
}

Result<std::vector<AuthorisedDevice>> read_devices(wire::Reader& reader) {
  wire::Reader body = TRY(reader.nested(kMaxListBytes));
  std::vector<AuthorisedDevice> out;
  while (!body.done()) {
    REQUIRE(out.size() < kMaxStatements, ErrorCode::over_limit, "name state: devices");
    AuthorisedDevice device {
      TRY(Device::read(body))
      , {}, 0, {}
    };
    device.id = device.device.id();
    device.added = TRY(body.u32());
    if (TRY(body.presence())) device.removed = TRY(body.u32());
    out.push_back(std::move(device));
  }
  return out;
}

}  // namespace

void NameState::write(wire::Writer& writer) const {
  writer.u8(kChainFormat);
  name_.write(writer);
  writer.u32(count_);
  writer.raw(head_);
  write_devices(writer, devices_);
  writer.raw(recovery_commitment_);
  write_list(writer, spent_commitments_);
  write_list(writer, requested_ids_);
  write_list(writer, removed_holders_);
  writer.u32(reset_delay_s_);
  writer.u8(open_reset_ ? 1 : 0);
  if (open_reset_) {
    writer.u32(open_reset_->sequence);
    open_reset_->request.device.write(writer);
    writer.raw(open_reset_->request.recovery_commitment);
    writer.u32(open_reset_->request.reset_delay_s);
  }
  const std::size_t mark = writer.begin_vector();
  for (const CompletedReset& reset : completed_resets_) {
    writer.u32(reset.request_sequence);
    writer.u32(reset.sequence);
  }
  writer.end_vector(mark);
}

Result<NameState> NameState::read(wire::Reader& reader) {
  REQUIRE(TRY(reader.u8()) == kChainFormat, ErrorCode::unsupported, "name state: format");
  NameState out(TRY(Name::read(reader)));
  out.count_ = TRY(reader.u32());
  out.head_ = TRY(reader.fixed<Hash>());
  out.devices_ = TRY(read_devices(reader));
  out.recovery_commitment_ = TRY(reader.fixed<Hash>());
  out.spent_commitments_ = TRY(read_list<Hash>(reader, kMaxStatements));
  out.requested_ids_ = TRY(read_list<DeviceId>(reader, kMaxStatements));
  out.removed_holders_ = TRY(read_list<PublicKey>(reader, kMaxVetoHolders));
  out.reset_delay_s_ = TRY(reader.u32());
  if (TRY(reader.presence())) {
    OpenReset open;
    open.sequence = TRY(reader.u32());
    open.request.device = TRY(Device::read(reader));
    open.request.recovery_commitment = TRY(reader.fixed<Hash>());
    open.request.reset_delay_s = TRY(reader.u32());
    out.open_reset_ = std::move(open);
  }
  wire::Reader resets = TRY(reader.nested(kMaxStatements * 8));
  while (!resets.done()) {
    const std::uint32_t request_sequence = TRY(resets.u32());
    out.completed_resets_.push_back({ request_sequence, TRY(resets.u32()) });
  }
  return out;
}

}  // namespace cairn::directory
