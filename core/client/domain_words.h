// What devices of one name say to each other of other domains, and what each keeps of that: whose word about a domain
// counts here, and what waits for its owner to decide (docs/spec/client.md s.17, docs/adr/0038).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/domains.h"

namespace cairn::client {

/// What is set later than this from now is not believed (as of settings: sharing.h).
constexpr std::uint64_t kDomainWordAheadMs = kDayMs;
/// Domains of which a device keeps what one other device has said.
constexpr std::size_t kMaxDomainWords = 256;

/// In tables::kDomainMarks: what its owner has just said, which gets its time when it is told; or what is told again.
constexpr std::uint8_t kDomainIsNew = 0;
constexpr std::uint8_t kDomainIsTold = 1;

/// What a device's owner has said on it of another domain. Strict: a policy in one form, nothing in it or in an address
/// that could not stand in a link.
struct DomainWord {
  static constexpr std::uint8_t kTag = 21;  ///< among SelfWords

  struct Said {
    std::string policy_text;             ///< as plain_policy() writes it; empty: that of the own domain
    std::string server_url;              ///< empty: https://DOMAIN
    std::optional<DomainOrigin> origin;  ///< by whose link

    void write(wire::Writer&) const;
    static Result<Said> read(wire::Reader&);
  };

  DeviceId by;                ///< on which it was said
  std::uint64_t time_ms = 0;  ///< by its clock, and later than what it said before
  std::string domain;
  std::optional<Said> said;  ///< none: nothing any more

  /// Of the policy and address, by whomever and whenever they were said.
  Hash content() const;
  void write(wire::Writer&) const;
  static Result<DomainWord> read(wire::Reader&);
};

/// Says everything of it once more, please.
struct DomainsWanted {
  static constexpr std::uint8_t kTag = 22;  ///< among SelfWords

  void write(wire::Writer&) const {}
  static Result<DomainsWanted> read(wire::Reader&) { return DomainsWanted{}; }
};

/// tables::kDomainSources: whose word what counts for a domain is.
struct DomainSource {
  enum class Whose : std::uint8_t { own = 1, other = 2 };
  std::string domain;
  Whose whose = Whose::own;
  std::uint64_t time_ms = 0;  ///< of the own word that was said last; 0: none was
  DeviceId by;                ///< of another device: on which it was said,
  DeviceId through;           ///< and from which this one heard it
  Hash content;               ///< of that word
  bool is_off = false;        ///< nothing counts any more, because of whom it came from

  void write(wire::Writer&) const;
  static Result<DomainSource> read(wire::Reader&);
};

/// What its owner has to decide of what another device has said.
enum class DomainQuestionKind : std::uint8_t {
  none = 0,
  other_word = 1,  ///< something else counts here
  taken_back = 2,  ///< it says nothing any more, and what its owner said here counts
  removed = 3      ///< what counted came from a device that was removed
};

/// tables::kDomainWords: the last word of that device about a domain.
struct HeardDomain {
  DomainWord word;
  DeviceId through;  ///< who told this device
  DomainQuestionKind question = DomainQuestionKind::none;

  void write(wire::Writer&) const;
  static Result<HeardDomain> read(wire::Reader&);
};

std::optional<DomainSource> domain_source(const StoreView& store, const Account& account, std::string_view domain);
/// Whether what counts for that domain is the word of another own device alone.
bool is_by_another_device(const StoreView& store, const Account& account, std::string_view domain);
void save_domain_source(Context& context, const Account& account, const DomainSource& source);
/// All that there are, also of domains for which nothing counts.
std::vector<DomainSource> domain_sources(const StoreView& store);

std::optional<HeardDomain> heard_domain(const StoreView& store, const Account& account, const DeviceId& by,
                                        std::string_view domain);
void save_heard_domain(Context& context, const Account& account, const HeardDomain& heard);
void forget_heard_domain(Context& context, const Account& account, const HeardDomain& heard);
std::vector<HeardDomain> heard_domains(const StoreView& store);
/// How many domains this device has spoken of.
std::size_t count_heard_domains(const StoreView& store, const DeviceId& by);

/// Whether what counts here for that domain is what this word says of it.
bool counts_already(const StoreView& store, const Account& account, const DomainWord& word);
/// What this device can say of a domain; nothing where it is not in the form that others read.
std::optional<DomainWord> own_domain_word(const StoreView& store, const Account& account, const DomainSource& source);

// ---- its owner's part ----

/// What counts for that domain now, or that nothing does, is what its owner said on this device: others are told. What
/// was to be decided of it is, unless it may yet be put back.
enum class SaidHere : std::uint8_t { for_good, on_trial };
void note_said_here(Context& context, const Account& account, std::string_view domain,
                    SaidHere how = SaidHere::for_good);
/// Undoes the last note_said_here(): whose word it was before; nothing: nobody's.
void put_source_back(Context& context, const Account& account, std::string_view domain,
                     const std::optional<DomainSource>& before);

struct DomainQuestion {
  HeardDomain heard;
  std::string digest;  ///< by which its owner names it: what is said meanwhile is another one
  std::string sentence;
};
/// What is still to be decided, by domain.
std::vector<DomainQuestion> domain_questions(const StoreView& store, const Account& account);
/// What the other device has said counts here, as its owner's own word. As pin_domain() where it fails.
Status take_domain_word(Context& context, const Account& account, const DomainQuestion& question);
/// What counts here stays, as its owner's own word. False when nothing was to be decided of that domain.
bool keep_own_domain(Context& context, const Account& account, std::string_view domain);

}  // namespace cairn::client
