// A server that lies in its lookup answers, to show that clients do not fall for it.
//
// It has all that an operator has: the store, the log's key, the VRF key. What it lacks is the owner's keys and the
// auditors'. It is linked into tests and demonstrations only: tests/lying/no_lies.sh looks for it in cairnd.
#pragma once

#include "core/directory/lookup.h"
#include "core/relay/lookup_hook.h"

namespace cairn::lying {

/// How a false device comes into the answer about a name (or a true one is kept out of it).
enum class Lie : std::uint8_t {
  none,
  unsigned_device,    ///< an add_device at the end that no device of the owner signed
  dropped_statement,  ///< the owner's newest statement is left out
  another_name,       ///< the attacker's own chain, with its proofs, in place of the name's
  replayed_answer,    ///< an old answer that was true once
  forked_map,         ///< the attacker's chain under the name; map, record and checkpoint made anew, signed by the log
  forked_with_lines,  ///< the same, with the cosignatures of the true checkpoint under it
  false_absence,      ///< a forked map without the name
  false_reset         ///< a forked map in which the attacker has reset the name, without any notice
};

constexpr Lie kAllLies[] = {Lie::unsigned_device, Lie::dropped_statement, Lie::another_name,  Lie::replayed_answer,
                            Lie::forked_map,      Lie::forked_with_lines, Lie::false_absence, Lie::false_reset};

/// For people who watch: one sentence that begins with "The server".
std::string_view describe(Lie lie);

class Liar : public relay::LookupHook {
 public:
  /// Lies about `victim` alone. The false device's keys are made from `entropy`, which must outlive this.
  Liar(directory::Name victim, Entropy& entropy);

  /// What to answer from now on. For another_name the attacker's own name, which must be registered.
  void tell(Lie lie) { lie_ = lie; }
  void set_own_name(directory::Name name) { own_name_ = std::move(name); }

  /// The device that must never be encrypted to.
  const directory::Device& false_device() const { return device_; }

  Bytes answer(ByteView request, Bytes honest, const StoreView& store, Time now) override;

 private:
  using Request = directory::LookupRequest;
  using Response = directory::LookupResponse;

  directory::Statement add_false_device(const directory::NameState& state);
  directory::Statement false_genesis();
  directory::Statement false_request(std::uint32_t sequence, const Hash& previous);
  Response under_another_name(const StoreView& store, Response response) const;
  /// The answer with another leaf for the victim (none: absent), and everything above it made to fit.
  Response forked(const StoreView& store, const Request& request, Response response,
                  std::optional<directory::NameLeaf> leaf) const;
  Response with_false_chain(const StoreView& store, const Request& request, Response response);
  Response with_false_reset(const StoreView& store, const Request& request, Response response);

  directory::Name victim_;
  Entropy& entropy_;
  crypto::SigningKey key_;
  directory::Device device_;
  std::optional<directory::Name> own_name_;
  Lie lie_ = Lie::none;
  Bytes first_answer_;  ///< true once: for replayed_answer
};

}  // namespace cairn::lying
