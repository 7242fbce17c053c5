// What a request says, written as a list: {{"to", name}, {"text", text}}. Not nlohmann's own lists: each of those costs
// a third of a second to compile.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace cairn::testing {

class Params {
 public:
  class Value {
   public:
    Value(const char* text);
    Value(std::string_view text);
    Value(const std::string& text);
    Value(bool value);
    Value(int value);
    Value(std::uint64_t value);
    Value(nlohmann::json value);
    Value(std::initializer_list<std::string_view> texts);
    ~Value();
    Value(const Value&);
    Value& operator=(const Value&) = delete;

    const nlohmann::json& json() const { return json_; }

   private:
    nlohmann::json json_;
  };
  struct Field {
    std::string_view key;
    Value value;
  };

  Params();
  Params(std::initializer_list<Field> fields);
  Params(nlohmann::json object);
  Params(const Params&);
  ~Params();
  Params& operator=(const Params&) = delete;

  const nlohmann::json& json() const { return json_; }

 private:
  nlohmann::json json_;
};

}  // namespace cairn::testing
