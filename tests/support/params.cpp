#include "tests/support/params.h"

namespace cairn::testing {

Params::Value::Value(const char* text) : json_(text) {}
Params::Value::Value(std::string_view text) : json_(text) {}
Params::Value::Value(const std::string& text) : json_(text) {}
Params::Value::Value(bool value) : json_(value) {}
Params::Value::Value(int value) : json_(value) {}
Params::Value::Value(std::uint64_t value) : json_(value) {}
Params::Value::Value(nlohmann::json value) : json_(std::move(value)) {}
Params::Value::Value(std::initializer_list<std::string_view> texts) : json_(nlohmann::json::array()) {
  for (const std::string_view text : texts) json_.push_back(text);
}
Params::Value::~Value() = default;
Params::Value::Value(const Value&) = default;

Params::Params() : json_(nlohmann::json::object()) {}
Params::Params(std::initializer_list<Field> fields) : json_(nlohmann::json::object()) {
  for (const Field& field : fields) json_[std::string(field.key)] = field.value.json();
}
Params::Params(nlohmann::json object) : json_(std::move(object)) {}
Params::Params(const Params&) = default;
Params::~Params() = default;

}  // namespace cairn::testing
