// A domain, a client of it, and the answers that it gets: what the makers of look-ups have in common.
#pragma once

#include "core/directory/verifier.h"
#include "tests/vectors/make_directory/maker.h"

namespace cairn::testing {

using directory::DomainState;
using directory::EpochRecord;
using directory::Known;
using directory::LeafChange;
using directory::LookupResponse;
using directory::Name;
using directory::NameLeaf;
using directory::ResetNotice;
using directory::VerifiedView;
using directory::VetoNotice;

/// A domain and a client of it. Every answer is asked for with what the client knows.
class Lookups {
 public:
  Lookups() : domain("example.org", 61), alice("alice@example.org", 62), bob("bob@example.org", 63) {}

  TestDomain domain;
  TestPerson alice, bob;
  std::vector<VetoNotice> vetoes;

  Known known() const {
    const auto view = views_.find(name_);
    return {state_ ? &*state_ : nullptr, view == views_.end() ? nullptr : &view->second, vetoes};
  }
  LookupResponse answer() const { return domain.answer(make_lookup(asked(), known())); }
  Name asked() const { return *Name::from(name_); }
  void ask_for(const TestPerson& person) { name_ = person.name().text(); }
  void ask_for(std::string name) { name_ = std::move(name); }

  /// The client is as it was when it had taken that over; "" is a client that knows nothing.
  struct Client {
    std::string taken;
    std::optional<DomainState> state;
    std::map<std::string, VerifiedView> views;
  };
  Client client() const { return {taken_, state_, views_}; }
  void be(const Client& client) {
    taken_ = client.taken;
    state_ = client.state;
    views_ = client.views;
  }

  void take(std::string_view what) { take(what, answer()); }
  void take(std::string_view what, const LookupResponse& response) {
    auto lookup = verify_lookup(asked(), known(), *domain.policy, response, domain.now);
    if (!lookup) std::fprintf(stderr, "%s\n", lookup.error().where);
    hold(lookup.has_value(), what);
    Json item = item_with(item_of(what), response);
    const NameLeaf leaf = domain.map.find(domain.key_of(asked())).value_or(NameLeaf{});
    item["count"] = lookup->view.count();
    item["head"] = hex(lookup->view.head());
    item["pending"] = hex(leaf.pending);
    item["resets"] = hex(leaf.resets);
    item["completed"] = lookup->view.completed_resets();
    item["size"] = lookup->domain.newest().size;
    item["root"] = hex(lookup->domain.newest().root);
    item["greatest_s"] = lookup->domain.greatest_time_s;
    items_.push_back(std::move(item));
    taken_ = what;
    state_ = lookup->domain;
    views_.insert_or_assign(name_, lookup->view);
  }
  /// What is no LookupResponse.
  void refuse_bytes(std::string_view what, const Bytes& bytes) {
    hold(!wire::decode<LookupResponse>(bytes), what);
    items_.push_back(item_with(item_of(what, "format"), bytes));
  }
  void refuse(std::string_view what, std::string_view rule, const LookupResponse& response) {
    const auto lookup = verify_lookup(asked(), known(), *domain.policy, response, domain.now);
    const bool said = !lookup && std::string_view(lookup.error().where).starts_with(std::string(rule) + ":");
    if (!said) std::fprintf(stderr, "%s\n", lookup ? "accepted" : lookup.error().where);
    hold(said, what);
    items_.push_back(item_with(item_of(what, rule), response));
  }

  /// The answer after the newest epoch is made again with this record, or this leaf of the name: all proofs fit.
  LookupResponse answer_with(const EpochRecord& record) {
    const EpochRecord honest = domain.records.back();
    remake(record);
    LookupResponse out = answer();
    remake(honest);
    return out;
  }
  LookupResponse answer_with_leaf(const NameLeaf& leaf) {
    const Hash key = domain.key_of(asked());
    const LeafChange honest{key, *domain.map.find(key)}, lie{key, leaf};
    domain.map.update({&lie, 1});
    EpochRecord record = domain.records.back();
    record.map_root = domain.map.root();
    LookupResponse out = answer_with(record);
    domain.map.update({&honest, 1});
    return out;
  }
  /// The answer with another notice of the newest request, which the map shows.
  LookupResponse answer_with_notice(const ResetNotice& notice) {
    const ResetNotice honest = std::exchange(entry().notices.back(), notice);
    NameLeaf shown = leaf();
    shown.pending = notice.hash();
    LookupResponse out = answer_with_leaf(shown);
    entry().notices.back() = honest;
    return out;
  }
  NameLeaf leaf() const { return *domain.map.find(domain.key_of(asked())); }
  TestDomain::Entry& entry() { return domain.entries.at(name_); }

  Json take_all(Json policies) {
    return {{"policies", std::move(policies)}, {"policy", domain.policy_text}, {"lookups", std::move(items_)}};
  }

 private:
  void remake(const EpochRecord& record) {
    domain.records.back() = record;
    domain.log.entries.back() = wire::encode(record);
  }
  Json item_with(Json item, const LookupResponse& response) const {
    return item_with(std::move(item), wire::encode(response));
  }
  Json item_with(Json item, const Bytes& response) const {
    item["known"] = taken_;
    item["name"] = name_;
    item["now_ms"] = domain.now.ms;
    if (!vetoes.empty()) {
      item["vetoes"] = Json::array();
      for (const VetoNotice& veto : vetoes) item["vetoes"].push_back(hex(wire::encode(veto)));
    }
    item["response"] = hex(response);
    return item;
  }

  std::string name_ = "alice@example.org";
  std::string taken_;
  std::optional<DomainState> state_;
  std::map<std::string, VerifiedView> views_;
  Json items_ = Json::array();
};

/// The order of the conditions, and what a client keeps; at the end of all that the client was told.
void add_lookup_edges(Lookups& out);

}  // namespace cairn::testing
