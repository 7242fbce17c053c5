#include "core/mls/proposal.h"

namespace cairn::mls {
namespace {

// ProposalOrRefType of RFC 9420 s.12.4.
constexpr std::uint8_t kProposal = 1;
constexpr std::uint8_t kReference = 2;

struct BodyWriter {
  wire::Writer& writer;

  void operator()(const Add& add) const { add.key_package.write(writer); }
  void operator()(const Update& update) const { update.leaf_node.write(writer); }
  void operator()(const Remove& remove) const { remove.removed.write(writer); }
  void operator()(const PreSharedKey& psk) const { psk.psk.write(writer); }
  void operator()(const ReInit& reinit) const {
    reinit.group_id.write(writer);
    writer.u16(reinit.version);
    writer.u16(reinit.cipher_suite);
    reinit.extensions.write(writer);
  }
  void operator()(const ExternalInit& init) const { writer.opaque(init.kem_output); }
  void operator()(const GroupContextExtensions& change) const { change.extensions.write(writer); }
};

Result<ReInit> read_reinit(wire::Reader& reader) {
  ReInit out;
  out.group_id = TRY(GroupId::read(reader));
  out.version = TRY(reader.u16());
  out.cipher_suite = TRY(reader.u16());
  out.extensions = TRY(ExtensionList::read(reader));
  return out;
}

}  // namespace

void Proposal::write_body(wire::Writer& writer) const { std::visit(BodyWriter{writer}, body); }

void Proposal::write(wire::Writer& writer) const {
  writer.u16(type());
  write_body(writer);
}

// RFC 9420 s.12.1, 13.2.
Result<Proposal> Proposal::read_body(std::uint16_t type, wire::Reader& reader) {
  switch (type) {
    case proposal_type::kAdd: return Proposal{Add{TRY(KeyPackage::read(reader))}};
    case proposal_type::kUpdate: return Proposal{Update{TRY(LeafNode::read(reader))}};
    case proposal_type::kRemove: return Proposal{Remove{TRY(LeafIndex::read(reader))}};
    case proposal_type::kPreSharedKey: return Proposal{PreSharedKey{TRY(PreSharedKeyId::read(reader))}};
    case proposal_type::kReInit: return Proposal { TRY(read_reinit(reader))
      };
    case proposal_type::kExternalInit: return Proposal{ExternalInit{TRY(reader.opaque_bytes(kMaxKemOutputSize))}};
    case proposal_type::kGroupContextExtensions:
      return Proposal{GroupContextExtensions{TRY(ExtensionList::read(reader))}};
    default: return fail(ErrorCode::unsupported, "proposal type");
  }
}

Result<Proposal> Proposal::read(wire::Reader& reader) {
  const std::uint16_t type = TRY(reader.u16());
  return read_body(type, reader);
}

void ProposalOrRef::write(wire::Writer& writer) const {
  if (const auto* proposal = std::get_if<Proposal>(&value)) {
    writer.u8(kProposal);
    proposal->write(writer);
  } else {
    writer.u8(kReference);
    std::get<ProposalRef>(value).write(writer);
  }
}

Result<ProposalOrRef> ProposalOrRef::read(wire::Reader& reader) {
  const std::uint8_t type = TRY(reader.u8());
  if (type == kProposal) return ProposalOrRef {
      TRY(Proposal::read(reader))
    };
  REQUIRE(type == kReference, ErrorCode::malformed, "proposal or reference");
  return ProposalOrRef { TRY(ProposalRef::read(reader)) };
}

}  // namespace cairn::mls
