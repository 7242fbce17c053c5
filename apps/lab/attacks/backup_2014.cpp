// What lies at the provider: mud-puddle, subpoena, kept-copy, escrow; and confirm-file.
#include <chrono>
#include <cmath>
#include <cstdio>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/legacy/account.h"
#include "apps/lab/legacy/escrow.h"
#include "apps/lab/legacy/openssl.h"
#include "apps/lab/legacy/person.h"

namespace cairn::lab {
namespace {

using namespace legacy;

/// Months of a conversation.
std::vector<Shown> months() {
  std::vector<Shown> out;
  for (int day = 1; day <= 90; ++day) {
    out.push_back(
        {day % 2 == 0 ? "alice@example.org" : "bob@example.org", "Day " + std::to_string(day) + ": all is well."});
  }
  return out;
}

bool same(const std::vector<Shown>& a, const std::vector<Shown>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Shown& x, const Shown& y) {
           return x.from == y.from && x.text == y.text;
         });
}

/// Alice's phone, backed up into her account.
struct Backed {
  Backed() : phone("Alice's phone") {
    phone.conversation = months();
    accounts.open(name, "correct horse battery staple", "alice@elsewhere.example", questions);
    accounts.store_backup(name, back_up(phone));
  }
  const std::string name = "alice@example.org";
  const std::map<std::string, std::string> questions = {{"first pet", "rex"}, {"street", "lake road"}};
  Device phone;
  Accounts accounts;
};

}  // namespace

Side mud_puddle_2014() {
  Backed alice;
  Side side;
  side.step("attacker", "account", "first pet? rex. street? lake road.");
  CHECK(alice.accounts.reset_by_questions(alice.name, alice.questions, "mine now").has_value());
  const auto set = alice.accounts.download(alice.name, "mine now");
  side.step("account", "attacker", "a new password, and the backup", stolen_if(set.has_value()));
  const Device fresh("a new phone");
  const auto restored = set ? restore(*set, fresh) : Result<Restored>(fail(ErrorCode::not_found, "backup"));
  const bool all = restored && same(restored->conversation, alice.phone.conversation);
  side.step("attacker", "new phone", "restore: three months of messages", stolen_if(all));
  side.conclude(all, "three months of messages, on a phone that Alice never held, with a password she never set");
  side.show("messages restored", of(restored ? restored->conversation.size() : 0, alice.phone.conversation.size()));
  side.show("private keys restored (they are bound to the old phone)", restored ? restored->keychain.size() : 0);
  side.show("the last message", restored && !restored->conversation.empty() ? restored->conversation.back().text : "-");
  return side;
}

Side subpoena_2014() {
  const Backed alice;
  const BackupSet set = *alice.accounts.everything_about(alice.name).backup;
  Side side;
  side.step("court", "provider", "hand over all you store of Alice");
  side.step("provider", "court", "the backup, its key inside");
  const auto opened = restore(set, Device("a machine of the court's"));
  const bool all = opened && same(opened->conversation, alice.phone.conversation);
  side.step("court", "court", "opens it without any password", stolen_if(all));
  side.conclude(all, "the backup was read without Alice and without her password");
  side.show("messages read", of(opened ? opened->conversation.size() : 0, alice.phone.conversation.size()));
  BackupSet without = set;
  without.keybag_key = random_bytes(set.keybag_key.size());
  side.show("with another key in the place of the one that is stored with the backup",
            restore(without, Device("another machine")) ? "opens" : "does not open");
  return side;
}

Side kept_copy_2014() {
  Backed alice;
  const BackupSet kept = *alice.accounts.everything_about(alice.name).backup;
  alice.accounts.delete_backup(alice.name);
  const bool gone = !alice.accounts.download(alice.name, "correct horse battery staple").has_value();
  Side side;
  side.step("Alice", "provider", "delete my backup");
  side.step("provider", "provider", "keeps a copy", Step::Kind::swapped);
  const auto opened = restore(kept, Device("a machine of the provider's"));
  const bool all = opened && same(opened->conversation, alice.phone.conversation);
  side.step("provider", "provider", "opens the copy", stolen_if(all));
  side.conclude(gone && all, "the copy opens after the deletion: its key lies in it");
  side.show("for Alice the backup is gone", gone ? "yes" : "no");
  side.show("messages read from the copy",
            of(opened ? opened->conversation.size() : 0, alice.phone.conversation.size()));
  return side;
}

Side escrow_2014() {
  const std::string keychain = "the password of Alice's bank: moss-on-stone-71";
  char code[8];
  const Bytes random = random_bytes(2);
  std::snprintf(code, sizeof code, "%04u", (unsigned{random[0]} << 8 | random[1]) % 10'000U);
  HsmCluster honest, operators;
  honest.escrow(code, as_bytes(keychain));
  operators.escrow(code, as_bytes(keychain));
  unsigned honest_tries = 0;
  while (true) {
    const auto tried = honest.recover("none");  // no code of four digits
    if (!tried && tried.error().code == ErrorCode::not_found) break;
    ++honest_tries;
  }
  Side side;
  side.step("attacker", "machines", "wrong codes, through the front door");
  side.step("machines", "attacker", "destroyed after " + std::to_string(honest_tries), Step::Kind::refused);
  side.step("operator", "machines", "a program without the counter", Step::Kind::swapped);
  const auto start = std::chrono::steady_clock::now();
  const auto guessed = operators.guess_all();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  const bool right = guessed && guessed->code == code && as_text(guessed->keychain) == keychain;
  side.step("machines", "operator", right ? "code " + guessed->code + ": all that it protects" : "nothing",
            stolen_if(right));
  side.conclude(
      right,
      "all that the code protects (here the password of Alice's bank), by trying the codes with a program of its own; "
      "that it can put that on the machines was taken for granted");
  side.show("codes tried", guessed ? guessed->tries : 0);
  side.show("seconds that this took", static_cast<std::uint64_t>(std::ceil(passed.count())));
  side.show("tries before the honest program destroys the record", honest_tries);
  side.show("read", guessed ? as_text(guessed->keychain) : "-");
  side.reduced.push_back(
      {"Each guess is made about six times cheaper than it was; their number is the same. The machines are programs "
       "here, "
       "and the lab takes for granted that whoever runs the real ones could put another program on them.",
       "SRP in the 1024-bit group of RFC 2409 instead of 2048 bits."});
  return side;
}

Side confirm_file_2014() {
  ChunkStore store;
  Bytes wanted = random_bytes(10 * kChunkBytes);
  Bytes other = random_bytes(10 * kChunkBytes);
  store.put("alice@example.org", seal_chunks(wanted));
  store.put("bob@example.org", seal_chunks(other));
  const auto asked = seal_chunks(wanted);
  const std::size_t alices = store.held_by("alice@example.org", asked);
  const std::size_t bobs = store.held_by("bob@example.org", asked);
  Side side;
  side.step("Alice", "storage", "a file, its key made from itself");
  side.step("asker", "storage", "who stores this known file?");
  const bool told = alices == asked.size() && bobs == 0;
  side.step("storage", "asker", told ? "Alice does, Bob does not" : "no clear answer", stolen_if(told));
  side.conclude(told, "who stores a known file, without opening anything");
  side.show("pieces of the known file that Alice stores", of(alices, asked.size()));
  side.show("that Bob stores", of(bobs, asked.size()));
  return side;
}

}  // namespace cairn::lab
