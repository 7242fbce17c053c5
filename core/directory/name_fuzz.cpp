// What people type: never more than one name, and explained exactly when refused.
#include "core/directory/name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using cairn::directory::Name;
  const std::string_view typed(reinterpret_cast<const char*>(data), size);
  const auto name = Name::parse(typed);
  CHECK(name.has_value() == cairn::directory::explain_name(typed).empty());
  if (!name) return 0;
  CHECK(*Name::from(name->text()) == *name);
  CHECK(*Name::parse(name->text()) == *name);
  CHECK(name->text() == std::string(name->local()) + "@" + std::string(name->domain()));
  return 0;
}
