// Names and recovery keys.
#include "tests/vectors/make_directory/maker.h"

namespace cairn::testing {
namespace {

using directory::Name;

std::string label_of(std::size_t size) { return std::string(size, 'l'); }

std::vector<std::string> valid_names() {
  const std::string most = label_of(63) + "." + label_of(63) + "." + label_of(63) + "." + label_of(61);
  return {"alice@example.org",
          "a@b.c",
          "0@localhost",
          "a.b_c-d@sub.example.org",
          "a..b@example.org",
          "alice@xn--bcher-kva.example",
          "alice@123.example",
          "alice@1e1.1e1",
          std::string(64, 'a') + "@" + label_of(63) + ".org",
          "a@" + most};
}

std::vector<std::pair<std::string, std::string>> invalid_names() {
  return {{"no @", "alice"},
          {"no local part", "@example.org"},
          {"no domain", "alice@"},
          {"two @", "alice@bob@example.org"},
          {"upper case", "Alice@example.org"},
          {"upper case", "alice@Example.org"},
          {"white space", "alice@example.org "},
          {"begins with a dot", ".alice@example.org"},
          {"ends with a hyphen", "alice-@example.org"},
          {"another character", "al+ice@example.org"},
          {"65 bytes before the @", std::string(65, 'a') + "@example.org"},
          {"one label", "alice@example"},
          {"an empty label", "alice@example..org"},
          {"a dot at the end", "alice@example.org."},
          {"a label that begins with a hyphen", "alice@-example.org"},
          {"a label that ends with a hyphen", "alice@example-.org"},
          {"an underscore in the domain", "alice@exa_mple.org"},
          {"a label of 64 bytes", "alice@" + label_of(64) + ".org"},
          {"a domain of 254 bytes", "a@" + label_of(63) + "." + label_of(63) + "." + label_of(63) + "." + label_of(62)},
          {"a last label of digits", "alice@192.0.2.1"},
          {"a letter that only looks like k", "\xe2\x84\xaa@example.org"}};
}

}  // namespace

Json make_names() {
  Json out{{"valid", Json::array()}, {"invalid", Json::array()}, {"typed", Json::array()}};
  for (const std::string& name : valid_names()) {
    hold(Name::from(name).has_value(), name);
    out["valid"].push_back(name);
  }
  for (const auto& [why, name] : invalid_names()) {
    hold(!Name::from(name).has_value(), name);
    out["invalid"].push_back({{"what", why}, {"name", name}});
  }
  for (const char* typed : {"Alice@Example.ORG", " \t\nalice@example.org\r\n\v\f", "ALICE@LOCALHOST",
                            "\xe2\x84\xaa@example.org", "alice @example.org", ""}) {
    const auto name = Name::parse(typed);
    out["typed"].push_back({{"typed", typed}, {"name", name ? Json(name->text()) : Json()}});
  }
  return out;
}

Json make_recovery() {
  Json out{{"keys", Json::array()}};
  for (const char* text : {"alice@example.org", "bob@localhost"}) {
    const TestPerson person(text, 11);
    for (std::uint32_t generation = 0; generation < 3; ++generation) {
      const directory::RecoveryKey key = person.recovery(generation);
      const ByteView signing_seed = key.signing_key().seed().expose();
      const ByteView kem_seed = key.kem_private_key().expose();
      out["keys"].push_back({{"name", text},
                             {"secret", hex(person.secret.expose())},
                             {"generation", generation},
                             {"seed", hex(signing_seed) + hex(kem_seed)},
                             {"sign_key", hex(key.signing_key().public_key())},
                             {"kem_key", hex(key.kem_public_key())},
                             {"kem_hash", hex(key.kem_hash())},
                             {"commitment", hex(key.commitment())}});
    }
  }
  return out;
}

}  // namespace cairn::testing
