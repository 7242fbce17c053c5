// Asks witnesses and auditors for their word on our newest checkpoint (C2SP tlog-witness, add-checkpoint).
//
// All are asked in parallel, each on its own clock: one that is dead or slow holds up nobody else.
#pragma once

#include <span>

#include "core/proto/mind.h"
#include "core/relay/config.h"
#include "core/relay/internal/standing.h"
#include "core/tlog/proof.h"
#include "core/tlog/witness_request.h"

namespace cairn::relay {

class Cosigners {
 public:
  /// `next_call` outlives this, and counts on through rebuilds: call ids are never used twice.
  Cosigners(const RelayConfig& config, std::uint64_t& next_call);

  /// Starts anew. The lines of the served note tell whose word we have and where they were last.
  void rebuild(const std::optional<tlog::SignedCheckpoint>& served);

  /// From now on this is the checkpoint to be cosigned, never a smaller one than before.
  void offer(const tlog::SignedCheckpoint& checkpoint, Time now);

  /// Calls whoever is due. `hashes` are those of the offered tree.
  void call(const tlog::HashReader& hashes, Time now, std::vector<proto::Send>& sends);

  /// What became of a call. True when there is a new cosignature on the offered checkpoint. The log hears what is wrong
  /// with a cosigner, and once nothing is wrong with any.
  bool done(const proto::CallDone& call, Time now, std::vector<proto::Event>& events);

  /// Cosignatures that we hold on a tree of this size.
  std::vector<tlog::VerifiedCosignature> cosignatures(std::uint64_t size) const;
  /// Whether a cosigner answered about the offered checkpoint, and did not cosign it: its record may be too old for one
  /// that has not seen it before.
  bool refused() const;
  /// What they know of our log, as far as they were heard since this object was made: a rebuild forgets nothing of it.
  /// `all`: whether each of them has to be heard, and not only so many that the others are no quorum.
  enum class Ask : std::uint8_t { enough, all };
  Standing standing(Ask ask) const;
  /// The last cosignature of this key that we took, also one on a tree that was overtaken meanwhile; a rebuild does not
  /// forget when that was. `served_size`: of the tree that is served.
  std::optional<NewestCosignature> newest_cosignature(const PublicKey& cosigner, std::uint64_t served_size) const;
  /// Whether everybody who can be reached has cosigned the offered checkpoint.
  bool settled() const;
  Time deadline() const;

 private:
  struct Call {
    proto::CallId id;
    std::uint64_t size = 0;  ///< of the checkpoint that it carries
    std::string text;        ///< that checkpoint's
  };
  struct Cosigner {
    Cosigner(std::string its_name, tlog::VerifierKey its_key, std::string its_url)
        : name(std::move(its_name)), key(std::move(its_key)), url(std::move(its_url)) {}
    std::string name;  ///< in the policy
    tlog::VerifierKey key;
    std::string url;
    std::uint64_t known_size = 0;  ///< what it has cosigned last, as far as we know
    std::optional<Call> call;
    Time next_try;
    unsigned failures = 0;         ///< since it cosigned, or came back
    unsigned conflicts = 0;        ///< since it cosigned
    bool reached = true;           ///< the last call was answered
    bool heard = false;            ///< it has said that it knows no more of the log than we have
    bool ahead = false;            ///< or that it does
    bool strange = false;          ///< what answered last at its address is no witness
    bool refused = false;          ///< the offered checkpoint, without saying from which size it could
    std::optional<Time> cosigned;  ///< last, by our clock
    std::optional<tlog::VerifiedCosignature> line;
    std::uint64_t line_size = 0;
  };

  bool take(const proto::CallDone& call, Time now, std::vector<proto::Event>& events);
  bool all_cosign() const;
  void failed(Cosigner& cosigner, Time now) const;
  static void hear(Cosigner& cosigner, const Result<tlog::AddCheckpointAnswer>& answer, std::uint64_t ours);
  void conflict(Cosigner& cosigner, std::uint64_t size, Time now, std::vector<proto::Event>& events) const;
  bool cosigned(Cosigner& cosigner, const Call& call, const tlog::SignatureLines& lines, Time now) const;

  const tlog::Policy& policy_;
  PublishTimes times_;
  std::uint64_t& next_call_;
  std::vector<Cosigner> cosigners_;
  std::optional<tlog::SignedCheckpoint> offered_;
  bool is_troubled_ = true;  ///< since it was last said that all cosign
};

}  // namespace cairn::relay
