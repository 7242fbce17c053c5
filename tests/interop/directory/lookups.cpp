// Random look-ups: a few clients of one domain, each of which knows nothing at first and takes over what is honest.
#include "tests/interop/directory/lookups.h"

#include <algorithm>

#include "core/crypto/hash.h"
#include "tests/interop/directory/frames.h"

namespace cairn::testing {

using namespace directory;

// ---- names ----

std::vector<const TestDevice*> ChainOwner::active() const {
  std::vector<const TestDevice*> out;
  for (const TestDevice& one : devices_) {
    if (state().is_active(one.device.id())) out.push_back(&one);
  }
  return out;
}

Statement ChainOwner::next_statement() {
  const auto devices = active();
  const TestDevice& first = *devices.front();
  switch (person_.entropy.below(8)) {
    case 0: return person_.by_recovery(ReplaceRecovery{});
    case 1: return person_.by_recovery(SetResetDelay{kMinResetDelayS});
    case 2:
    case 3: return request();
    case 4:
    case 5:
      if (devices.size() > 1) return person_.by_device(RemoveDevice{devices.back()->device.id()}, first);
      return person_.add_by_recovery(fresh());
    default: return person_.add(fresh(), first);
  }
}

Statement ChainOwner::request() {
  next_owner_ += 1000;  // so many generations do not come between
  return person_.request(person_.entropy.below(3) == 0 ? *active().front() : fresh(), next_owner_, kMinResetDelayS);
}

/// By a veto, of a device or of the recovery key, or by its completion.
void ChainOwner::end_reset(TestDomain& domain) {
  const ResetNotice notice = domain.entries.at(name().text()).notices.back();
  const OpenReset open = *state().open_reset();
  switch (person_.entropy.below(4)) {
    case 0: {
      const VetoNotice by_device = veto_as_device(notice, active().front()->key);
      person_.take(person_.by_device(VetoReset{}, *active().front()));
      return domain.publish(person_, by_device);
    }
    case 1: {
      const VetoNotice by_recovery = veto_as_recovery(notice, person_.recovery());
      person_.take(person_.by_recovery(VetoReset{}));
      return domain.publish(person_, by_recovery);
    }
    default: break;
  }
  domain.now = std::max(domain.now, Time{notice.matures_ms});
  for (const TestDevice& one : devices_) {
    if (one.device.id() != open.request.device.id()) continue;
    person_.take(person_.by_new_device(CompleteReset{open.sequence}, one));
    break;
  }
  person_.generation = next_owner_;
  domain.publish(person_);
}

void ChainOwner::grow(TestDomain& domain) {
  if (state().open_reset()) return end_reset(domain);
  if (state().count() == 0) {
    person_.take(person_.genesis(fresh()));
    return domain.publish(person_);
  }
  const Statement next = next_statement();
  const auto leaf = domain.map.find(domain.key_of(name()));
  if (next.content.type() == StatementType::request_reset && !leaf->pending.is_zero()) {  // one request in a delay
    domain.now = std::max(domain.now, Time{domain.entries.at(name().text()).notices.back().matures_ms});
  }
  person_.take(next);
  domain.publish(person_);
}

Statement ChainOwner::intrusion() {
  const TestDevice device = person_.new_device();
  return person_.add(device, device);
}

VetoNotice ChainOwner::veto(const ResetNotice& request) const { return veto_as_device(request, devices_.front().key); }

// ---- the domain ----

LookupWorld::LookupWorld(std::uint64_t seed) : entropy(seed), domain("example.org", seed) {
  for (const char* const name : {"ann", "ben", "cleo", "dan", "eve"}) {
    owners.emplace_back(std::string(name) + "@example.org", entropy.next());
  }
  owners[0].grow(domain);
  owners[1].grow(domain);
}

ChainOwner& LookupWorld::owner(const Name& name) {
  const auto at = std::find_if(owners.begin(), owners.end(), [&](const ChainOwner& one) { return one.name() == name; });
  CHECK(at != owners.end());
  return *at;
}

// ---- look-ups ----

namespace {

constexpr std::uint64_t kLookupsOfADomain = 50;
constexpr std::size_t kClients = 3;
/// What the frame says of an answer that is none.
constexpr std::uint8_t kNoAnswer = 255;

/// What a client of the domain has verified.
struct LookupClient {
  std::uint32_t number = 0;
  std::optional<DomainState> domain;
  std::map<std::string, VerifiedView> views;

  Known known(const Name& name, std::span<const VetoNotice> vetoes) const {
    const auto view = views.find(name.text());
    return {domain ? &*domain : nullptr, view == views.end() ? nullptr : &view->second, vetoes, nullptr};
  }
};

/// 0 where it was accepted, kNoAnswer, or the number of the condition that refused it.
std::uint8_t verdict_on(const Result<Lookup>& lookup) {
  constexpr std::string_view kCondition = "condition ";
  if (lookup) return 0;
  const std::string_view where = lookup.error().where;
  if (!where.starts_with(kCondition)) return kNoAnswer;
  return static_cast<std::uint8_t>(where[kCondition.size()] - '0');
}

/// What both must agree on besides the verdict.
Hash summary_of_lookup(const Lookup& lookup) {
  const VerifiedView& view = lookup.view;
  wire::Writer out;
  out.raw(summary_of(view.state()));
  out.raw(view.newest_reset() ? view.newest_reset()->hash() : Hash{});
  out.u64(view.completed_resets());
  out.u64(lookup.domain.newest().size);
  out.raw(lookup.domain.newest().root);
  out.u64(lookup.domain.greatest_time_s);
  return crypto::sha256(out.take());
}

class LookupRun {
 public:
  LookupRun(std::uint64_t seed, std::uint64_t number, std::size_t first_lie, Frames& frames)
      : world_(seed + (number << 32)),
        label_("seed " + std::to_string(seed) + " domain " + std::to_string(number)),
        frames_(frames),
        next_lie_(first_lie) {
    for (LookupClient& client : clients_) client.number = next_client_++;
    wire::Writer fields;
    fields.opaque(world_.domain.policy_text);
    frames_.put('D', fields);
  }

  std::size_t next_lie() const { return next_lie_; }

  void look_up() {
    if (world_.chance(60)) any_owner().grow(world_.domain);
    world_.domain.now = after(world_.domain.now, 1 + world_.entropy.below(world_.chance(10) ? kDayMs : kMinuteMs));
    world_.domain.silent.clear();
    if (world_.chance(30)) world_.domain.silent.insert(1 + world_.entropy.below(3));  // the quorum does without it
    LookupClient& client = clients_[world_.entropy.below(kClients)];
    if (world_.chance(12)) client = LookupClient{next_client_++, {}, {}};

    const Name name = any_owner().name();
    const LookupRequest request = make_lookup(name, client.known(name, {}));
    Told told{name, request, world_.domain.answer(request), world_.domain.now, {}};
    if (world_.chance(40)) return honest(client, told);
    lie(client, told);
  }

 private:
  ChainOwner& any_owner() { return world_.owners[world_.entropy.below(world_.owners.size())]; }

  void honest(LookupClient& client, const Told& told) {
    const auto lookup = judge_answer(client, told, wire::encode(told.answer), "honest", true);
    CHECK(lookup.has_value());
    client.domain = lookup->domain;
    client.views.insert_or_assign(told.name.text(), lookup->view);
    world_.said.push_back({told.name, told.answer});
  }

  /// The next lie that fits: the client does not go on with what came of it, whatever it was.
  void lie(const LookupClient& client, const Told& told) {
    const auto& lies = all_lookup_lies();
    for (std::size_t tries = 0; tries < lies.size(); ++tries) {
      const LookupLie& next = lies[next_lie_++ % lies.size()];
      Told spoilt = told;
      if (next.tell && !next.tell(world_, spoilt)) continue;
      Bytes bytes = wire::encode(spoilt.answer);
      if (next.bytes) next.bytes(world_, bytes);
      (void)judge_answer(client, spoilt, bytes, next.name, false);
      return;
    }
  }

  Result<Lookup> judge_answer(const LookupClient& client, const Told& told, const Bytes& bytes, const char* what,
                              bool keep) {
    const auto read = wire::decode<LookupResponse>(bytes);
    auto lookup =
        read ? verify_lookup(told.name, client.known(told.name, told.vetoes), *world_.domain.policy, *read, told.now)
             : Result<Lookup>(fail(read.error().code, read.error().where));
    wire::Writer fields;
    fields.u8(verdict_on(lookup));
    fields.u8(keep ? 1 : 0);
    fields.u32(client.number);
    fields.u64(told.now.ms);
    fields.raw(lookup ? summary_of_lookup(*lookup) : Hash{});
    fields.opaque(label_ + " look-up " + std::to_string(++items_) + " (" + what + ")");
    told.name.write(fields);
    fields.vector(told.vetoes);
    fields.raw(bytes);
    frames_.put('L', fields);
    return lookup;
  }

  LookupWorld world_;
  std::string label_;
  Frames& frames_;
  std::size_t next_lie_;
  std::uint32_t next_client_ = 0;
  LookupClient clients_[kClients];
  std::uint64_t items_ = 0;
};

}  // namespace

void write_lookups(std::uint64_t seed, std::uint64_t count, Frames& frames) {
  std::size_t next_lie = 0;  // goes on from domain to domain: so each lie is told about as often
  for (std::uint64_t done = 0; done < count;) {
    LookupRun run(seed, done / kLookupsOfADomain, next_lie, frames);
    for (std::uint64_t i = 0; i < kLookupsOfADomain && done < count; ++i, ++done) run.look_up();
    next_lie = run.next_lie();
  }
}

}  // namespace cairn::testing
