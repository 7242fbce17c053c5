// A chain as it grows, with what is refused at each place that it reaches.
#pragma once

#include "tests/vectors/make_directory/maker.h"

namespace cairn::testing {

inline const char* name_of(directory::StatementType type) {
  using directory::StatementType;
  switch (type) {
    case StatementType::genesis: return "genesis";
    case StatementType::add_device: return "add_device";
    case StatementType::remove_device: return "remove_device";
    case StatementType::replace_recovery: return "replace_recovery";
    case StatementType::request_reset: return "request_reset";
    case StatementType::veto_reset: return "veto_reset";
    case StatementType::complete_reset: return "complete_reset";
    case StatementType::set_reset_delay: return "set_reset_delay";
  }
  return "";
}

/// One chain as it grows; what is refused is refused at the place that it has reached.
class Chain {
 public:
  Chain(std::string_view name, std::uint64_t seed, Json& refused) : person(name, seed), refused_(refused) {}

  TestPerson person;

  void take(const directory::Statement& statement) {
    person.take(statement);
    Json keys = Json::array();
    for (const PublicKey& key : person.state.veto_holders()) keys.push_back(hex(key));
    std::vector<std::string> active;
    for (const directory::Device& device : person.state.active_devices()) active.push_back(hex(device.id()));
    std::sort(active.begin(), active.end());
    statements_.push_back({{"type", name_of(statement.content.type())},
                           {"statement", hex(wire::encode(statement))},
                           {"commitment", hex(statement.commitment())},
                           {"head", hex(person.state.head())},
                           {"active", active},
                           {"veto_keys", keys},
                           {"recovery_commitment", hex(person.state.recovery_commitment())}});
  }

  void refuse(std::string_view what, std::string_view rule, const directory::Statement& statement) {
    refuse_bytes(what, rule, wire::encode(statement));
  }
  void refuse_bytes(std::string_view what, std::string_view rule, const Bytes& bytes) {
    const auto read = directory::Statement::decode(bytes);
    hold(!read || !directory::apply(person.state, *read), what);
    hold(read.has_value() == (rule != "format"), what);
    Json out = item_of(what, rule);
    out["name"] = person.name().text();
    out["after"] = person.state.count();
    out["statement"] = hex(bytes);
    refused_.push_back(std::move(out));
  }

  Json json() const { return {{"name", person.name().text()}, {"statements", statements_}}; }
  /// The statements alone, and what they come to: of a long chain.
  Json long_json() const {
    Json statements = Json::array();
    for (const directory::Statement& one : person.statements) statements.push_back(hex(wire::encode(one)));
    return {{"name", person.name().text()},
            {"statements", std::move(statements)},
            {"head", hex(person.state.head())},
            {"active", person.state.active_count()},
            {"veto_keys", person.state.veto_holders().size()}};
  }

 private:
  Json& refused_;
  Json statements_ = Json::array();
};

/// Chains and refusals at the edges of the rules; `chains` and `refused` are added to.
void add_chain_edges(Json& chains, Json& refused);
/// Chains with as many devices as there may be: `long`.
Json make_long_chains(Json& refused);
/// Signatures on the edges of Ed25519.
Json make_signatures();

}  // namespace cairn::testing
