#include "core/client/domain_words.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "core/client/domain_tables.h"
#include "core/client/invitation.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/proto/limits.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMostSources = 2 * kMaxDomainPins;
constexpr std::size_t kMostHeard = 65'536;
constexpr std::size_t kQuestionDigits = 12;

Bytes heard_key(const Account& account, const DeviceId& by, std::string_view domain) {
  return concat({by, name_key(account, domain)});
}

template <class T>
std::optional<T> read_row(const StoreView& store, Table table, ByteView key) {
  const auto row = store.get(table, key);
  auto value = row ? wire::decode<T>(*row) : Result<T>(fail(ErrorCode::not_found, "row"));
  if (!value) return std::nullopt;
  return std::move(*value);
}

const std::string& spoken_of(const DomainSource& source) { return source.domain; }
const std::string& spoken_of(const HeardDomain& heard) { return heard.word.domain; }

template <class T>
std::vector<T> rows_by_domain(const StoreView& store, Table table, std::size_t most) {
  std::vector<T> out;
  for (const Row& row : store.scan(table, {}, {}, most)) {
    if (auto value = wire::decode<T>(row.value)) out.push_back(std::move(*value));
  }
  std::stable_sort(out.begin(), out.end(), [](const T& a, const T& b) { return spoken_of(a) < spoken_of(b); });
  return out;
}
DomainPin pin_in(const DomainWord& word) { return {word.domain, word.said->policy_text, word.said->server_url}; }

bool is_still_to_be_decided(const StoreView& store, const Account& account, const HeardDomain& heard) {
  switch (heard.question) {
    case DomainQuestionKind::none: return false;
    case DomainQuestionKind::taken_back: return domain_pin(store, account, heard.word.domain).has_value();
    default: return heard.word.said && !counts_already(store, account, heard.word);
  }
}

std::string question_digest(const HeardDomain& heard) {
  return to_hex(crypto::sha256(wire::encode(heard))).substr(0, kQuestionDigits);
}

std::string question_sentence(const HeardDomain& heard, const std::string& digest) {
  const std::string& domain = heard.word.domain;
  const std::string device = "your device " + to_hex(heard.word.by);
  const std::string take = "cairn domain confirm " + domain + " " + digest;
  const std::string keep = "cairn domain keep " + domain;
  switch (heard.question) {
    case DomainQuestionKind::taken_back:
      return "Nothing is said of " + domain + " any more on " + device +
             ", and what you said of it here counts: " + keep + " stays with it, and " + take +
             " forgets it here, too.";
    case DomainQuestionKind::removed:
      return "What counted for " + domain + " came from " + device +
             ", which is not to be believed any more, so it counts no more until you have looked at it with domain "
             "list: " +
             take + " takes it as your own word, and " + keep + " drops it.";
    default:
      return "Something else is said of " + domain + " on " + device +
             " than counts here, which stays until you have looked at both with domain list: " + take +
             " takes it, and " + keep + " stays with what counts here.";
  }
}

/// Its owner has decided: nothing is to be decided any more, and of a device that is out nothing is kept.
void close_questions(Context& context, const Account& account, std::string_view domain) {
  for (HeardDomain& heard : heard_domains(context.store)) {
    if (heard.word.domain != domain || heard.question == DomainQuestionKind::none) continue;
    if (heard.question == DomainQuestionKind::removed) {
      forget_heard_domain(context, account, heard);
    } else {
      heard.question = DomainQuestionKind::none;
      save_heard_domain(context, account, heard);
    }
  }
}

}  // namespace

void DomainWord::Said::write(wire::Writer& w) const {
  w.opaque(policy_text);
  w.opaque(server_url);
  w.u8(origin ? 1 : 0);
  if (origin) origin->write(w);
}
Result<DomainWord::Said> DomainWord::Said::read(wire::Reader& r) {
  Said out;
  out.policy_text = TRY(r.opaque_text(kMaxInvitationPolicy));
  if (!out.policy_text.empty()) TRY(check_told_policy(out.policy_text));
  out.server_url = TRY(r.opaque_text(kMaxServerUrl));
  REQUIRE(out.server_url.empty() || is_told_address(out.server_url), ErrorCode::malformed, "a server's address");
  out.origin = TRY(r.optional<DomainOrigin>());
  return out;
}

Hash DomainWord::content() const {
  wire::Writer w;
  w.opaque(domain);
  w.opaque(said ? said->policy_text : std::string());
  w.opaque(said ? said->server_url : std::string());
  return crypto::sha256(w.view());
}

void DomainWord::write(wire::Writer& w) const {
  w.raw(by);
  w.u64(time_ms);
  w.opaque(domain);
  w.u8(said ? 1 : 0);
  if (said) said->write(w);
}
Result<DomainWord> DomainWord::read(wire::Reader& r) {
  DomainWord out;
  out.by = TRY(r.fixed<DeviceId>());
  out.time_ms = TRY(r.u64());
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  TRY(directory::check_domain(out.domain));
  out.said = TRY(r.optional<Said>());
  if (out.said && out.said->origin) {
    const auto name = TRY(directory::Name::from(out.said->origin->name));
    REQUIRE(name.domain() == out.domain, ErrorCode::malformed, "whose link said it");
  }
  return out;
}

void DomainSource::write(wire::Writer& w) const {
  w.opaque(domain);
  w.u8(static_cast<std::uint8_t>(whose));
  w.u64(time_ms);
  w.raw(by);
  w.raw(through);
  w.raw(content);
  w.u8(is_off ? 1 : 0);
}
Result<DomainSource> DomainSource::read(wire::Reader& r) {
  DomainSource out;
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  TRY(directory::check_domain(out.domain));
  const std::uint8_t whose = TRY(r.u8());
  REQUIRE(whose == 1 || whose == 2, ErrorCode::malformed, "whose word it is");
  out.whose = static_cast<Whose>(whose);
  out.time_ms = TRY(r.u64());
  out.by = TRY(r.fixed<DeviceId>());
  out.through = TRY(r.fixed<DeviceId>());
  out.content = TRY(r.fixed<Hash>());
  out.is_off = TRY(r.presence());
  return out;
}

void HeardDomain::write(wire::Writer& w) const {
  word.write(w);
  w.raw(through);
  w.u8(static_cast<std::uint8_t>(question));
}
Result<HeardDomain> HeardDomain::read(wire::Reader& r) {
  HeardDomain out;
  out.word = TRY(DomainWord::read(r));
  out.through = TRY(r.fixed<DeviceId>());
  const std::uint8_t question = TRY(r.u8());
  REQUIRE(question <= static_cast<std::uint8_t>(DomainQuestionKind::removed), ErrorCode::malformed, "a question");
  out.question = static_cast<DomainQuestionKind>(question);
  return out;
}

// ---- rows ----

std::optional<DomainSource> domain_source(const StoreView& store, const Account& account, std::string_view domain) {
  return read_row<DomainSource>(store, tables::kDomainSources, name_key(account, domain));
}
bool is_by_another_device(const StoreView& store, const Account& account, std::string_view domain) {
  const auto source = domain_source(store, account, domain);
  return source && source->whose == DomainSource::Whose::other && !source->is_off;
}
void save_domain_source(Context& context, const Account& account, const DomainSource& source) {
  context.store.put(tables::kDomainSources, name_key(account, source.domain), wire::encode(source));
}
std::vector<DomainSource> domain_sources(const StoreView& store) {
  return rows_by_domain<DomainSource>(store, tables::kDomainSources, kMostSources);
}

std::optional<HeardDomain> heard_domain(const StoreView& store, const Account& account, const DeviceId& by,
                                        std::string_view domain) {
  return read_row<HeardDomain>(store, tables::kDomainWords, heard_key(account, by, domain));
}
void save_heard_domain(Context& context, const Account& account, const HeardDomain& heard) {
  context.store.put(tables::kDomainWords, heard_key(account, heard.word.by, heard.word.domain), wire::encode(heard));
}
void forget_heard_domain(Context& context, const Account& account, const HeardDomain& heard) {
  context.store.erase(tables::kDomainWords, heard_key(account, heard.word.by, heard.word.domain));
}
std::vector<HeardDomain> heard_domains(const StoreView& store) {
  return rows_by_domain<HeardDomain>(store, tables::kDomainWords, kMostHeard);
}
std::size_t count_heard_domains(const StoreView& store, const DeviceId& by) {
  return store.scan_prefix(tables::kDomainWords, by, kMaxDomainWords).size();
}

bool counts_already(const StoreView& store, const Account& account, const DomainWord& word) {
  const auto pin = domain_pin(store, account, word.domain);
  if (!word.said) return !pin;
  const std::string& policy = word.said->policy_text;
  return plain_policy(policy_of(store, account, word.domain)) ==
             plain_policy(policy.empty() ? account.policy_text : policy) &&
         (pin ? pin->server_url : std::string()) == word.said->server_url;
}

std::optional<DomainWord> own_domain_word(const StoreView& store, const Account& account, const DomainSource& source) {
  DomainWord out{account.device_id(), source.time_ms, source.domain, std::nullopt};
  const auto pin = domain_pin(store, account, source.domain);
  if (!pin) return out;
  out.said =
      DomainWord::Said{plain_policy(pin->policy_text), pin->server_url, domain_origin(store, account, source.domain)};
  if (!wire::decode<DomainWord>(wire::encode(out))) return std::nullopt;
  return out;
}

// ---- its owner's part ----

void note_said_here(Context& context, const Account& account, std::string_view domain, SaidHere how) {
  DomainSource source;
  source.domain = domain;
  const auto before = domain_source(context.store, account, domain);
  if (before && before->whose == DomainSource::Whose::own) source.time_ms = before->time_ms;
  source.is_off = !domain_pin(context.store, account, domain);
  save_domain_source(context, account, source);
  context.store.put(tables::kDomainMarks, name_key(account, domain), Bytes{kDomainIsNew});
  if (how == SaidHere::for_good) close_questions(context, account, domain);
}

void put_source_back(Context& context, const Account& account, std::string_view domain,
                     const std::optional<DomainSource>& before) {
  const Bytes key = name_key(account, domain);
  context.store.erase(tables::kDomainMarks, key);
  if (!before) return context.store.erase(tables::kDomainSources, key);
  save_domain_source(context, account, *before);
  if (before->whose == DomainSource::Whose::other) return;
  context.store.put(tables::kDomainMarks, key, Bytes{before->time_ms == 0 ? kDomainIsNew : kDomainIsTold});
}

std::vector<DomainQuestion> domain_questions(const StoreView& store, const Account& account) {
  std::vector<DomainQuestion> out;
  for (HeardDomain& heard : heard_domains(store)) {
    if (!is_still_to_be_decided(store, account, heard)) continue;
    std::string digest = question_digest(heard);
    std::string sentence = question_sentence(heard, digest);
    out.push_back({std::move(heard), std::move(digest), std::move(sentence)});
  }
  return out;
}

Status take_domain_word(Context& context, const Account& account, const DomainQuestion& question) {
  const DomainWord& word = question.heard.word;
  if (word.said) {
    TRY(pin_domain(context, account, pin_in(word)));
    if (word.said->origin) note_origin(context, account, word.domain, *word.said->origin);
  } else {
    unpin_domain(context, account, word.domain);
  }
  note_said_here(context, account, word.domain);
  return ok();
}

bool keep_own_domain(Context& context, const Account& account, std::string_view domain) {
  const std::vector<DomainQuestion> open = domain_questions(context.store, account);
  const bool is_asked =
      std::any_of(open.begin(), open.end(), [&](const auto& one) { return one.heard.word.domain == domain; });
  if (!is_asked) return false;
  note_said_here(context, account, domain);
  // Where nothing counts others have heard nothing from here that would have to be taken back.
  if (!domain_pin(context.store, account, domain)) context.store.erase(tables::kDomainMarks, name_key(account, domain));
  return true;
}

}  // namespace cairn::client
