#include "core/client/domain_sharing.h"

#include <algorithm>
#include <set>

#include "core/client/domain_tables.h"
#include "core/client/history_rows.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

/// Everything is told no sooner again, however often it is asked for.
constexpr std::uint64_t kTellPauseMs = kMinuteMs;
constexpr std::uint64_t kAskPauseMs = 6 * kHourMs;
constexpr std::size_t kDomainMarksAtOnce = 64;
constexpr std::size_t kMostWanting = 1024;

/// Whether nothing ever counted for that domain here but, perhaps, this very word.
bool is_unknown(const StoreView& store, const Account& account, const DomainWord& word) {
  if (domain_pin(store, account, word.domain)) return false;
  if (const auto source = domain_source(store, account, word.domain)) {
    return source->whose == DomainSource::Whose::other && source->content == word.content(account);
  }
  return !store.get(tables::kDomains, name_key(account, word.domain));
}

/// Whether as many domains as may count by other devices' words.
bool has_no_room(const StoreView& store) {
  const std::vector<DomainSource> sources = domain_sources(store);
  const auto is_theirs = [](const DomainSource& one) { return one.whose == DomainSource::Whose::other && !one.is_off; };
  return static_cast<std::size_t>(std::count_if(sources.begin(), sources.end(), is_theirs)) >= kMaxPinsByWord;
}

bool is_believed(const directory::NameState& own_name, const DomainSource& source) {
  return own_name.is_active(source.by) && own_name.is_active(source.through);
}

}  // namespace

// ---- what others say ----

const char* DomainSharing::why_not_believed(Context& context, const Account& account, const DeviceId& by, Says says,
                                            const DomainWord& word) const {
  const auto view = views_.view(context.store, account, account.name);
  if (word.by != by && says == Says::its_own) return "a word about a domain in another own device's name was ignored";
  if (word.by == account.device_id()) return "a word about a domain in the name of this device was ignored";
  if (!view || !view->state().is_active(word.by)) return "a word about a domain of no own device was ignored";
  if (word.domain == account.domain()) return "a word about the own domain was ignored";
  return nullptr;
}

void DomainSharing::heard(Context& context, const Account& account, const DeviceId& by, Says says,
                          const DomainWord& word) {
  if (const char* why = why_not_believed(context, account, by, says, word)) {
    return context.note(proto::Event::Level::warning, why);
  }
  if (word.time_ms > after(context.now, kDomainWordAheadMs).ms) {
    // A clock was ahead, and may be right by now: what was said with it is said again, as of the time that it is then.
    mail_is_missing(context);
    return context.note(proto::Event::Level::warning, "a word about a domain from the future was ignored");
  }
  const auto before = heard_domain(context.store, account, word.by, word.domain);
  const bool is_direct = word.by == by;
  if (before) {
    const bool was_direct = before->through == before->word.by;
    // What it says itself counts more than what another one says that it has said.
    if (was_direct && (!is_direct || word.time_ms <= before->word.time_ms)) return;
    if (!was_direct && !is_direct && word.time_ms <= before->word.time_ms) return;
  } else if (count_heard_domains(context.store, word.by) >= kMaxDomainWords) {
    return context.note(proto::Event::Level::warning, "a word about a domain more was not kept");
  }
  HeardDomain heard{word, by, DomainQuestionKind::none};
  save_heard_domain(context, account, heard);
  heard.question = judge(context, account, heard);
  save_heard_domain(context, account, heard);
  ++looks_;
}

DomainQuestionKind DomainSharing::judge(Context& context, const Account& account, const HeardDomain& heard) {
  const DomainWord& word = heard.word;
  auto source = domain_source(context.store, account, word.domain);
  const bool is_its = source && source->whose == DomainSource::Whose::other && source->by == word.by;
  if (counts_already(context.store, account, word)) {
    // What came through another one comes from the device itself now.
    if (is_its && word.said && !source->is_off) {
      source->through = heard.through;
      save_domain_source(context, account, *source);
    }
    return DomainQuestionKind::none;
  }
  if (word.said) {
    const bool is_taken = is_unknown(context.store, account, word) && pin_by_word(context, account, heard);
    return is_taken ? DomainQuestionKind::none : DomainQuestionKind::other_word;
  }
  if (is_its && !source->is_off) {
    const auto view = views_.view(context.store, account, account.name);
    if (!view || !follow_another(context, account, *source, view->state())) switch_off(context, account, *source);
    return DomainQuestionKind::none;
  }
  const bool is_own = !source || source->whose == DomainSource::Whose::own;
  return is_own ? DomainQuestionKind::taken_back : DomainQuestionKind::none;
}

bool DomainSharing::pin_by_word(Context& context, const Account& account, const HeardDomain& heard) {
  const DomainWord& word = heard.word;
  if (has_no_room(context.store) ||
      !pin_domain(context, account, {word.domain, word.said->policy_text, word.said->server_url})) {
    context.note(proto::Event::Level::warning, "what another own device says of a domain could not be pinned");
    return false;
  }
  if (word.said->origin) note_origin(context, account, word.domain, *word.said->origin);
  DomainSource source;
  source.domain = word.domain;
  source.whose = DomainSource::Whose::other;
  source.by = word.by;
  source.through = heard.through;
  source.content = word.content(account);
  save_domain_source(context, account, source);
  look_up_who_waits(context, account, word.domain);
  return true;
}

void DomainSharing::look_up_who_waits(Context& context, const Account& account, std::string_view domain) {
  std::set<directory::Name> names = views_.refused_of(domain);
  for (const Conversation& one : conversations_.list(context.store)) {
    for (const std::string& text : one.names) {
      auto name = directory::Name::from(text);
      if (name && name->domain() == domain) names.insert(std::move(*name));
    }
  }
  for (const directory::Name& name : names) views_.look_up_now(context, account, name);
}

bool DomainSharing::follow_another(Context& context, const Account& account, const DomainSource& source,
                                   const directory::NameState& own_name) {
  for (const HeardDomain& other : heard_domains(context.store)) {
    DomainSource next = source;
    next.by = other.word.by;
    next.through = other.through;
    if (other.word.domain != source.domain || !other.word.said || other.word.by == source.by) continue;
    if (other.word.content(account) != source.content || !is_believed(own_name, next)) continue;
    save_domain_source(context, account, next);
    return true;
  }
  return false;
}

void DomainSharing::switch_off(Context& context, const Account& account, DomainSource source) {
  unpin_domain(context, account, source.domain);
  source.is_off = true;
  save_domain_source(context, account, source);
  ++looks_;
}

void DomainSharing::ask_of_removed(Context& context, const Account& account, const DomainSource& source) {
  const auto pin = domain_pin(context.store, account, source.domain);
  if (!pin) return;
  const auto last = heard_domain(context.store, account, source.by, source.domain);
  HeardDomain counted;
  counted.word = {source.by, last ? last->word.time_ms : 0, source.domain, std::nullopt};
  counted.word.said =
      DomainWord::Said{pin->policy_text, pin->server_url, domain_origin(context.store, account, source.domain)};
  counted.through = source.through;
  counted.question = DomainQuestionKind::removed;
  save_heard_domain(context, account, counted);
}

void DomainSharing::devices_changed(Context& context, const Account& account, const directory::NameState& own_name) {
  for (const DomainSource& source : domain_sources(context.store)) {
    if (source.whose == DomainSource::Whose::own || source.is_off || is_believed(own_name, source)) continue;
    if (follow_another(context, account, source, own_name)) continue;
    if (!own_name.is_active(source.by)) ask_of_removed(context, account, source);
    switch_off(context, account, source);
  }
  bool came_through_another = false;
  for (const HeardDomain& heard : heard_domains(context.store)) {
    const bool is_out = !own_name.is_active(heard.word.by);
    if (!is_out && own_name.is_active(heard.through)) continue;
    came_through_another = came_through_another || !is_out;
    const auto source = domain_source(context.store, account, heard.word.domain);
    // Of what else it said before it was removed nothing is shown as if it had counted.
    const bool is_asked = is_out && heard.question == DomainQuestionKind::removed && source && source->is_off &&
                          source->by == heard.word.by;
    if (!is_asked) forget_heard_domain(context, account, heard);
  }
  // Of what counts no more, and nobody is asked of, nothing is kept for a device that never speaks again.
  for (const DomainSource& source : domain_sources(context.store)) {
    const bool is_gone = source.whose == DomainSource::Whose::other && source.is_off && !own_name.is_active(source.by);
    if (!is_gone || heard_domain(context.store, account, source.by, source.domain)) continue;
    context.store.erase(tables::kDomainSources, name_key(account, source.domain));
  }
  // Who gave this device the word of another one is gone: that one says it itself.
  if (came_through_another) mail_is_missing(context);
}

void DomainSharing::put_back(Context& context, const Account& account, std::string_view domain,
                             const SourceBefore& before) {
  put_source_back(context, account, domain, before);
  const auto view = views_.view(context.store, account, account.name);
  if (view && view->state().is_active(account.device_id())) devices_changed(context, account, view->state());
  const auto was_there = [&](const HeardDomain& heard) {
    const Bytes row = wire::encode(heard);
    return std::any_of(before.heard.begin(), before.heard.end(),
                       [&](const HeardDomain& one) { return wire::encode(one) == row; });
  };
  for (HeardDomain& heard : heard_domains(context.store)) {
    if (heard.word.domain != domain || heard.question == DomainQuestionKind::removed || was_there(heard)) continue;
    heard.question = judge(context, account, heard);
    save_heard_domain(context, account, heard);
    ++looks_;
  }
}

// ---- what is said here ----

void DomainSharing::mail_is_missing(Context& context) { context.store.erase(tables::kDomainsAsked, {}); }

void DomainSharing::mark_all(Context& context, const Account& account) {
  const auto mark = [&](const DomainSource& source, std::uint8_t how) {
    const Bytes key = name_key(account, source.domain);
    if (!context.store.get(tables::kDomainMarks, key)) context.store.put(tables::kDomainMarks, key, Bytes{how});
  };
  for (const DomainPin& pin : domain_pins(context.store)) {  // of an earlier build: its owner's word
    if (domain_source(context.store, account, pin.domain)) continue;
    DomainSource source;
    source.domain = pin.domain;
    save_domain_source(context, account, source);
  }
  for (const DomainSource& source : domain_sources(context.store)) {
    if (source.whose != DomainSource::Whose::own) continue;
    if (source.time_ms == 0 && source.is_off) continue;  // nobody has heard what would have to be taken back
    mark(source, source.time_ms == 0 ? kDomainIsNew : kDomainIsTold);
  }
}

void DomainSharing::wanted(Context& context, const DeviceId& by) {
  context.store.put(tables::kDomainsWanted, to_bytes(by), {});
}

void DomainSharing::ask(Context& context, const Account& account) {
  next_ask_ = Time::never();
  if (context.store.get(tables::kDomainsAsked, {})) return;
  if (asked_at_ && elapsed_ms(context.now, *asked_at_) < kAskPauseMs) {
    next_ask_ = after(*asked_at_, kAskPauseMs);
    return;
  }
  mark_all(context, account);
  if (!line_.say(context, account, DomainsWanted{})) return;
  asked_at_ = context.now;
  context.store.put(tables::kDomainsAsked, {}, {});
}

void DomainSharing::tell_who_wants(Context& context, const Account& account) {
  next_tell_ = Time::never();
  const auto all = context.store.scan(tables::kDomainsWanted, {}, {}, kMostWanting);
  if (all.empty()) return;
  if (told_at_ && elapsed_ms(context.now, *told_at_) < kTellPauseMs) {
    next_tell_ = after(*told_at_, kTellPauseMs);
    return;
  }
  told_at_ = context.now;
  mark_all(context, account);
  bool let_in = false;
  for (const Row& row : all) {
    const auto by = DeviceId::from(row.key);
    let_in = let_in || (by && load_give(context.store, *by));
    context.store.erase(tables::kDomainsWanted, row.key);
  }
  if (let_in) pass_on(context, account);
}

void DomainSharing::pass_on(Context& context, const Account& account) {
  for (const HeardDomain& heard : heard_domains(context.store)) {
    const auto source = domain_source(context.store, account, heard.word.domain);
    const bool counts = source && source->whose == DomainSource::Whose::other && !source->is_off &&
                        source->by == heard.word.by && heard.word.said && heard.through == heard.word.by;
    if (counts) line_.say(context, account, heard.word);
  }
}

bool DomainSharing::is_borne_out(const StoreView& store, const Account& account, std::string_view domain) const {
  const auto origin = domain_origin(store, account, domain);
  if (!origin) return true;
  const auto name = directory::Name::from(origin->name);
  const auto view = name ? views_.view(store, account, *name) : std::nullopt;
  return view && view->exists() && !is_of_former_policy(store, account, *name);
}

bool DomainSharing::tell(Context& context, const Account& account, const Bytes& key, std::uint8_t mark) {
  const auto row = context.store.get(tables::kDomainSources, key);
  auto source = row ? wire::decode<DomainSource>(*row) : Result<DomainSource>(fail(ErrorCode::not_found, "row"));
  const bool waits = source && mark == kDomainIsOnTrial && !is_borne_out(context.store, account, source->domain);
  if (waits) return false;  // it is looked at again
  context.store.erase(tables::kDomainMarks, key);
  if (!source || source->whose != DomainSource::Whose::own) return true;
  const bool was_told = source->time_ms != 0;
  // A clock that was ahead once must not make all later words ones that nobody believes.
  const bool is_ahead = source->time_ms >= after(context.now, kDomainWordAheadMs).ms;
  if (is_ahead) source->time_ms = context.now.ms;
  if (!is_ahead && mark != kDomainIsTold) source->time_ms = std::max(context.now.ms, source->time_ms + 1);
  auto word = own_domain_word(context.store, account, *source);
  // What cannot be told takes the place of what was told before.
  if (!word && was_told) word = DomainWord{account.device_id(), source->time_ms, source->domain, std::nullopt};
  if (!word) return true;
  save_domain_source(context, account, *source);
  line_.say(context, account, *word);
  return true;
}

void DomainSharing::tell_what_is_marked(Context& context, const Account& account) {
  std::size_t told = 0;
  Bytes first;
  for (std::vector<Row> page;
       !(page = context.store.scan(tables::kDomainMarks, first, {}, kDomainMarksAtOnce)).empty();) {
    for (const Row& row : page) {
      if (row.value.size() == 1 && tell(context, account, row.key, row.value.front())) ++told;
      if (told == kDomainMarksAtOnce) return;
    }
    first = std::move(page.back().key);
    first.push_back(0);
  }
}

void DomainSharing::step(Context& context, const Account& account, Others others) {
  if (others == Others::none) return;  // who comes asks for everything
  if (!line_.home(context.store, account)) return;
  ask(context, account);
  tell_who_wants(context, account);
  tell_what_is_marked(context, account);
}

}  // namespace cairn::client
