// A server that lies in its lookup answers, to show that clients do not fall for it.
//
// It has all that an operator has: the store, the log's key, the VRF key. What it lacks is the owner's keys and the
// auditors'. It is linked into tests and demonstrations only: tests/lying/no_lies.sh looks for it in cairnd.
#pragma once

#include "core/directory/lookup.h"
#include "core/relay/lookup_hook.h"
#include "core/tlog/checkpoint.h"
#include "tests/lying/own_store.h"

namespace cairn::lying {

/// How a false device comes into the answer about a name (or a true one is kept out of it).
enum class Lie : std::uint8_t {
  none,
  unsigned_device,    ///< an add_device at the end that no device of the owner signed
  forged_signature,   ///< one in the name of a device of the owner's, with the attacker's signature in the place of its
  brought_back,       ///< a device that the owner removed is added again, by its own signature
  undone_removal,     ///< its removal and what followed is left out, and it has let the attacker's device in instead
  dropped_statement,  ///< the owner's newest statement is left out
  forked_chain,       ///< the attacker's chain under the name, with the true map
  another_name,     ///< the attacker's own chain in place of the name's, with its proofs (or, where the map is made to
                    ///< fit, in the name's place)
  false_place,      ///< a chain of the name's own form in the attacker's place of the map
  replayed_answer,  ///< an old answer that was true once
  forked_map,       ///< the attacker's chain under the name; map, record and checkpoint made anew, signed by the log:
                    ///< in an epoch more or, where the map is made to fit, in the place of the newest one
  forked_with_lines,  ///< in the place of the newest, with the cosignatures of the true checkpoint under it
  flash,              ///< the same, for a single epoch: at the next one it tells the truth again
  false_absence,      ///< a forked map without the name
  false_reset,        ///< a forked map in which the attacker has reset the name, without any notice
  no_quorum,          ///< the truth, with all cosignatures but one taken off
  own_cosigners,      ///< the truth, cosigned by keys of the attacker's alone
  another_config,     ///< the truth, under a config with another VRF key
  false_proof,        ///< the attacker's chain under the name, with a proof of its place in a map of its own
  false_record,       ///< the attacker's chain under the name, with map and record made anew, and the true checkpoint
  no_notice,          ///< the requests of resets without their notices
  wrong_veto_keys,    ///< notices of resets that name a key of the attacker's as the one that may veto
  hidden_reset,       ///< the chain up to the newest request of a reset
  // Of epochs that no honest auditor cosigns: told to clients whose whole quorum has (colluder.h).
  short_delay,       ///< the newest request of a reset matures in an hour
  early_completion,  ///< it is completed before it has matured
  false_completion,  ///< likewise, in a record whose time says that it has; what came behind the request is left out
  other_config,      ///< the record is of another config
  frozen_clock,      ///< the truth, as it was cosigned a day and an hour ago
  yesterday,         ///< what was true before the owner's newest statement, as it was cosigned then
  fast_clock,        ///< the truth, cosigned in an hour
  rolled_back,       ///< the log as it was before the owner's newest statement, cosigned now
  another_log_key    ///< the attacker's chain in an epoch more, which not the log's key has signed but the attacker's
};

/// Lies about any name.
constexpr Lie kAllLies[] = {
    Lie::unsigned_device, Lie::forged_signature, Lie::brought_back, Lie::dropped_statement, Lie::forked_chain,
    Lie::another_name,    Lie::replayed_answer,  Lie::forked_map,   Lie::forked_with_lines, Lie::flash,
    Lie::false_absence,   Lie::false_reset,      Lie::no_quorum,    Lie::own_cosigners,     Lie::another_config,
    Lie::false_proof,     Lie::false_record};
/// Lies with the key of a device that the owner has removed.
constexpr Lie kRemovalLies[] = {Lie::brought_back, Lie::undone_removal};
/// Lies about a name whose chain has a request of a reset that the client has not seen.
constexpr Lie kResetLies[] = {Lie::no_notice, Lie::wrong_veto_keys, Lie::hidden_reset};
/// Lies that get further with a quorum behind them: about any name, but for undone_removal.
constexpr Lie kChainLies[] = {
    Lie::unsigned_device, Lie::forged_signature, Lie::brought_back, Lie::undone_removal, Lie::dropped_statement,
    Lie::forked_chain,    Lie::another_name,     Lie::false_place,  Lie::forked_map,     Lie::flash,
    Lie::false_absence,   Lie::false_reset,      Lie::rolled_back,  Lie::another_log_key};
/// Lies that need a quorum behind them, about a name with a request that is request_reset()'s.
constexpr Lie kCosignedLies[] = {Lie::short_delay,  Lie::early_completion, Lie::false_completion, Lie::other_config,
                                 Lie::frozen_clock, Lie::yesterday,        Lie::fast_clock};

/// For people who watch: one sentence that begins with "The server".
std::string_view describe(Lie lie);
/// "unsigned-device", as a file says it; none for what is no lie's name.
Lie lie_named(std::string_view word);
std::string_view word_of(Lie lie);
/// When those who lie along say that they have cosigned it.
Time cosigned_at(Lie lie, Time now);

/// How far a lie about a chain goes: the true map beside it, or an epoch more in which map, record, log and checkpoint
/// are what the chain wants, as only a directory can have that all auditors lie for.
enum class Fit : std::uint8_t { chain_alone, all };

/// The entropy of cairn-lying-server: the attacker's keys follow from it.
constexpr std::uint64_t kAttackersSeed = 2014;

class Liar : public relay::LookupHook {
 public:
  /// Lies about `victim` alone. The false device's keys are made from `entropy`, which must outlive this.
  Liar(directory::Name victim, Entropy& entropy);

  /// What to answer from now on. For another_name and false_place the attacker's own name, which must be registered.
  void tell(Lie lie) {
    if (std::exchange(lie_, lie) != lie) flash_size_ = 0;
  }
  void set_fit(Fit fit) { fit_ = fit; }
  void set_own_name(directory::Name name) { own_name_ = std::move(name); }
  /// The key of a device of the victim's that was removed, whose owner helps.
  void set_removed_key(crypto::SigningKey key) { removed_key_ = std::move(key); }

  const directory::Name& victim() const { return victim_; }
  /// The device that must never be encrypted to.
  const directory::Device& false_device() const { return device_; }

  /// The attacker asks for the victim's name, behind this chain of it: to be submitted as anybody's statement.
  directory::Statement request_reset(const directory::NameState& state) {
    return false_request(state.count(), state.head());
  }
  /// The end of that request.
  directory::Statement complete_reset(const directory::NameState& state) const;
  /// A chain of the attacker's own under the name.
  directory::Statement false_genesis();

  Bytes answer(ByteView request, Bytes honest, const StoreView& store, Time now) override;

 private:
  using Request = directory::LookupRequest;
  using Response = directory::LookupResponse;
  directory::Statement add_device(const directory::NameState& state, const directory::Device& device,
                                  const crypto::SigningKey& signer, const crypto::SigningKey& device_key);
  directory::Statement false_request(std::uint32_t sequence, const Hash& previous);

  // Lies about the chain.
  static std::optional<directory::NameLeaf> leaf_of(const Chain& chain);
  Chain told_chain(const StoreView& store, const Chain& truth);
  Chain undo_removal(Chain chain);
  Chain reset_unnoticed(Chain chain);
  directory::Statement bring_back(const directory::NameState& state);
  directory::Statement forge_signature(const directory::NameState& state);
  Response with_chain(const StoreView& store, const Request& request, Response response, Time now);
  Response under_another_name(const StoreView& store, Response response) const;

  // Lies about the map and the log.
  /// Map and record are made anew with this leaf in the place of a name (none: absent).
  void put_into_map(const StoreView& store, const directory::Name& place, std::optional<directory::NameLeaf> leaf,
                    Response& response) const;
  /// The answer with another leaf for the victim (none: absent), and everything above it made to fit.
  Response forked(const StoreView& store, const Request& request, Response response,
                  std::optional<directory::NameLeaf> leaf) const;
  /// The answer as of one epoch more, which leaves this leaf behind; its record's config and time are the response's.
  Response in_one_epoch_more(const StoreView& store, const Request& request, Response response,
                             const std::optional<directory::NameLeaf>& leaf) const;
  Response in_one_epoch_more(const StoreView& store, const Request& request, Response response,
                             const directory::Name& place, const std::optional<directory::NameLeaf>& leaf) const;
  Response at_another_place(const StoreView& store, const Request& request, Response response,
                            const directory::NameLeaf& leaf) const;
  Response with_epoch(const StoreView& store, const Request& request, Response response, Time now) const;
  Response with_completion(const StoreView& store, const Request& request, Response response) const;
  Response in_a_flash(const StoreView& store, const Request& request, Response response, Time now);
  Response rolled_back(const StoreView& store, const Request& request, Response response) const;
  /// The honest checkpoint with other cosignatures.
  std::string cosigned_otherwise(const StoreView& store, const std::string& honest, Time now) const;
  Response with_another_config(Response response) const;

  directory::Name victim_;
  Entropy& entropy_;
  crypto::SigningKey key_;
  directory::Device device_;
  std::optional<directory::Name> own_name_;
  std::optional<crypto::SigningKey> removed_key_;
  Lie lie_ = Lie::none;
  Fit fit_ = Fit::chain_alone;
  Bytes first_answer_;            ///< true once: for replayed_answer
  std::uint64_t flash_size_ = 0;  ///< of the log, when the flash began
};

}  // namespace cairn::lying
