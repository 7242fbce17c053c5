// Proposals (RFC 9420 s.12.1): what may change in a group.
#pragma once

#include "core/mls/key_package.h"
#include "core/mls/psk.h"

namespace cairn::mls {

/// Numbers of s.17.4.
namespace proposal_type {
inline constexpr std::uint16_t kAdd = 1;
inline constexpr std::uint16_t kUpdate = 2;
inline constexpr std::uint16_t kRemove = 3;
inline constexpr std::uint16_t kPreSharedKey = 4;
inline constexpr std::uint16_t kReInit = 5;
inline constexpr std::uint16_t kExternalInit = 6;
inline constexpr std::uint16_t kGroupContextExtensions = 7;
}  // namespace proposal_type

/// Somebody new (s.12.1.1).
struct Add {
  KeyPackage key_package;
  friend bool operator==(const Add&, const Add&) = default;
};
/// The sender's new leaf (s.12.1.2).
struct Update {
  LeafNode leaf_node;
  friend bool operator==(const Update&, const Update&) = default;
};
/// A member shall go (s.12.1.3).
struct Remove {
  LeafIndex removed;
  friend bool operator==(const Remove&, const Remove&) = default;
};
/// A key that goes into the next epoch's secrets (s.12.1.4).
struct PreSharedKey {
  PreSharedKeyId psk;
  friend bool operator==(const PreSharedKey&, const PreSharedKey&) = default;
};
/// Ends the group, and says with which parameters it goes on (s.12.1.5).
struct ReInit {
  GroupId group_id;
  std::uint16_t version = kVersionMls10;
  std::uint16_t cipher_suite = 0;
  ExtensionList extensions;
  friend bool operator==(const ReInit&, const ReInit&) = default;
};
/// Only in external commits (s.8.3, 12.1.6); at most kMaxKemOutputSize bytes.
struct ExternalInit {
  Bytes kem_output;
  friend bool operator==(const ExternalInit&, const ExternalInit&) = default;
};
/// The whole of the new list (s.12.1.7).
struct GroupContextExtensions {
  ExtensionList extensions;
  friend bool operator==(const GroupContextExtensions&, const GroupContextExtensions&) = default;
};

/// A proposal as it travels: nothing in it is verified.
struct Proposal {
  /// In the order of the type numbers, from 1.
  using Body = std::variant<Add, Update, Remove, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions>;
  Body body;

  std::uint16_t type() const { return static_cast<std::uint16_t>(body.index() + 1); }

  void write(wire::Writer& writer) const;
  /// `unsupported` for a type that we do not know: nobody who does not can tell where it ends.
  static Result<Proposal> read(wire::Reader& reader);
  /// One without the type in front; read_body() needs it told.
  void write_body(wire::Writer& writer) const;
  static Result<Proposal> read_body(std::uint16_t type, wire::Reader& reader);
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// A proposal, or the reference of one that was sent before (s.12.4).
struct ProposalOrRef {
  std::variant<Proposal, ProposalRef> value;

  void write(wire::Writer& writer) const;
  static Result<ProposalOrRef> read(wire::Reader& reader);
  friend bool operator==(const ProposalOrRef&, const ProposalOrRef&) = default;
};

}  // namespace cairn::mls
