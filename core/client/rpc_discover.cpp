// The methods as a machine reads them: a document of the OpenRPC specification 1.2.6, made from the table itself.
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

json schema_of(RpcParameter::Kind kind) {
  switch (kind) {
    case RpcParameter::Kind::text: return {{"type", "string"}};
    case RpcParameter::Kind::yes_or_no: return {{"type", "boolean"}};
    case RpcParameter::Kind::number: return {{"type", "integer"}, {"minimum", 0}};
    case RpcParameter::Kind::texts: return {{"type", "array"}, {"items", {{"type", "string"}}}};
  }
  return json::object();
}

}  // namespace

RpcBegun rpc_discover(const RpcRooms&, const ClientConfig&, Context&, const json&) {
  json methods = json::array();
  for (const auto& [name, entry] : rpc_methods()) {
    json parameters = json::array();
    // "required parameters ... before any optional" (OpenRPC, Method Object).
    for (const auto need : {RpcParameter::Need::required, RpcParameter::Need::optional}) {
      for (const RpcParameter& one : entry.parameters) {
        if (one.need != need) continue;
        parameters.push_back(
            {{"name", one.name}, {"required", need == RpcParameter::Need::required}, {"schema", schema_of(one.kind)}});
      }
    }
    methods.push_back({{"name", name},
                       {"paramStructure", "by-name"},
                       {"params", std::move(parameters)},
                       {"result", {{"name", "result"}, {"schema", {{"type", "object"}}}}}});
  }
  return json{
      {"openrpc", "1.2.6"}, {"info", {{"title", "Cairn's client"}, {"version", "1"}}}, {"methods", std::move(methods)}};
}

}  // namespace cairn::client
