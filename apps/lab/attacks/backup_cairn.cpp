// Cairn's backups, at the domain's server and in a folder with realms: mud-puddle, kept-copy.
#include <filesystem>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/attacks/owner.h"
#include "apps/lab/attacks/taken_name.h"
#include "apps/lab/cairn/stolen_backup.h"

namespace cairn::lab {
namespace {

namespace fs = std::filesystem;

/// What came of alice's backup at the server, in the hands of its operator and of mallory.
struct Puddle {
  demo::Said other_key, no_key, in_place, anew, own;  ///< what each of these was answered
  bool taken = false;                                 ///< the first of them has the name, whatever else it was answered
  Searched server;
  std::size_t laid = 0;        ///< key boxes and objects of hers in mallory's place
  std::size_t by_program = 0;  ///< sentences read by an attacker's own program without a key of hers
  std::size_t tool_works = 0;  ///< and by the same program with it
  std::size_t stolen = 0;      ///< sentences that the attacker has in the end
  std::size_t back = 0;        ///< and alice on her new device
  /// Whether somebody without her paper was given her name, or a reset of it, which she does not allow.
  bool named() const { return taken || no_key.good(); }
};

Puddle fall_into_the_puddle(Owner& alice) {
  Puddle out;
  must(alice.backup("alice-1", "create", alice.alices_key()));
  const std::set<Bytes> boxes = Operator(alice.world()).key_boxes();
  out.other_key = alice.ask("recover", "thief-1", "alice@localhost", alice.mallorys_key());
  const demo::Said status = alice.run("thief-1", {"status"});
  out.taken = out.other_key.good() || (status.good() && status.json.value("state", "") == "active");
  out.no_key = alice.ask("reset", "thief-2", "alice@localhost", {});
  must(alice.backup("mallory-1", "create", alice.mallorys_key()));
  std::set<std::string> read;
  {
    Operator at_rest(alice.world());
    out.server = search_files(alice.world().village().server_folder(), alice.said());
    read.insert(out.server.found.begin(), out.server.found.end());
    const StolenBackup all = stolen_from_server(at_rest, boxes);
    auto keys = keys_of_paper(alice.mallorys_key(), "mallory@localhost");
    for (auto& key : keys_of_paper(alice.mallorys_key(), "alice@localhost")) keys.push_back(std::move(key));
    std::set<std::string> opened = read_packs(all, open_with_keys(all, keys), alice.said());
    opened.merge(read_packs(all, open_with_what_lies_beside(all), alice.said()));
    out.by_program = opened.size();
    read.merge(opened);
    const auto hers = open_with_keys(all, keys_of_paper(alice.alices_key(), "alice@localhost"));
    out.tool_works = read_packs(all, hers, alice.said()).size();
    out.laid = at_rest.lay_backup("alice@localhost", boxes, "mallory@localhost");
  }
  out.in_place = alice.backup("mallory-1", "restore", alice.mallorys_key());
  out.anew = alice.ask("recover", "mallory-2", "mallory@localhost", alice.mallorys_key());
  out.stolen = read.size();
  for (const std::string thief : {"thief-1", "thief-2", "mallory-1", "mallory-2"})
    out.stolen += alice.sentences_on(thief);
  out.own = alice.ask("recover", "alice-2", "alice@localhost", alice.alices_key(), {"--remove-others"});
  out.back = alice.sentences_on("alice-2");
  return out;
}

constexpr const char* kDaysAreSet =
    "The three days are not waited for: the clocks of all programs are set ahead, and those by which auditors count "
    "are, in steps of two minutes, until the auditors themselves say that three days are over.";
constexpr const char* kNoReset =
    "No name was reset here, which takes minutes: \"cairn-lab run mud-puddle --with-reset\" tries it.";

/// What the attacker got, of all that he tried; empty for nothing.
std::string got_of(const Puddle& found, const TakenNames& names) {
  if (found.stolen != 0 || names.sentences != 0) return "messages, without a key of their owner's";
  if (names.against_its_owner) return "a name whose owner had said no";
  if (names.before_its_time) return "a name before the time was over that its owner has to say no";
  if (found.taken) return "Alice's name, with another paper than hers";
  return found.no_key.good() ? "a reset of Alice's name, which she does not allow" : "";
}

}  // namespace

Side mud_puddle_cairn(const WorldOptions& options) {
  Owner alice(options, options.with_reset ? Clocks::movable : Clocks::the_machines);
  const Puddle found = fall_into_the_puddle(alice);
  TakenNames names;
  if (options.with_reset) names = take_names(alice);
  const std::size_t all = alice.said().size();
  const bool stolen = found.stolen != 0 || names.sentences != 0;
  Side side;
  side.step("Alice", "server", "a backup that the paper alone opens");
  side.step("attacker", "server", "I am Alice: with another paper, then with none");
  side.step("server", "attacker", found.named() ? "yes" : "no", stolen_if(found.named()));
  side.step("server", "attacker", "all that it stores of the backup", Step::Kind::swapped);
  side.step(
      "attacker", "attacker",
      stolen ? "\"" + alice.said().front() + "\"" : "every key that he has, and all that lies beside: none opens it",
      stolen ? Step::Kind::stolen : Step::Kind::refused);
  side.step("Alice", "new phone", "types what is on her paper: " + of(found.back, all) + " messages are back");
  if (options.with_reset) draw(side, names);
  const std::string got = got_of(found, names);
  const bool both_work = found.tool_works == all && names.tool_works == names.all;
  if (got.empty() && (found.laid == 0 || !found.own.good() || found.back != all || !both_work)) {
    side.got = "nothing to conclude: Alice's own restore, with which it is compared, brought " + of(found.back, all) +
               " sentences, the attack's own program " + of(found.tool_works, all) + " with her key, and " +
               std::to_string(found.laid) + " pieces of her backup were laid in another's place";
    side.said("Alice's own restore", answer(found.own));
    return side;
  }
  if (options.with_reset && got.empty() && (!names.dora || names.auditors_told == 0)) {
    side.got = "nothing to conclude: of the resets " + std::string(names.dora ? "one was" : "none was") +
               " completed, and " + std::to_string(names.auditors_told) + " auditors had Bob's word";
    return side;
  }
  side.conclude(!got.empty(), got);
  if (side.outcome == Outcome::refused) {
    side.got =
        "neither the operator nor a stranger opened a backup in any of the ways that were tried, and Alice did, with "
        "her paper";
  }
  if (side.outcome == Outcome::refused && options.with_reset) {
    side.besides =
        "Dora's name, which she allowed to be reset, was the thief's after three days in which nobody said no. Of what "
        "was written before he got nothing; who is fooled by it from then on was not tried";
  }
  side.show("Alice's sentences that the attacker got", of(found.stolen, all));
  side.show("her own restore, on a new phone with her paper", of(found.back, all));
  side.show("her name with another paper", found.taken ? "given" : "refused");
  side.show("her name with no key at all (she allows no reset)", found.no_key.good() ? "given" : "refused");
  side.show("a program of the attacker's own, with his keys and with every 32 bytes stored beside the backup",
            of(found.by_program, all));
  side.show("the same program with Alice's key (so it works)", of(found.tool_works, all));
  side.show("pieces of Alice's backup that the operator laid in the place of Mallory's", found.laid);
  side.show("Mallory restores that, on the phone that made her own backup", found.in_place.good() ? "done" : "refused");
  side.show("and on a new one, which remembers nothing", found.anew.good() ? "done" : "refused");
  side.show("bytes of the server's, searched for the sentences", found.server.bytes);
  if (options.with_reset) show(side, names);
  side.said("another paper", answer(found.other_key));
  side.said("no key at all", answer(found.no_key));
  side.said("Mallory's restore, on the phone that made her own backup", answer(found.in_place));
  side.said("Mallory's restore, on a new one", answer(found.anew));
  side.reduced.push_back({options.with_reset ? kDaysAreSet : kNoReset, ""});
  side.reduced.push_back({"The PIN was not tried: that is \"Few digits and a counter\".", ""});
  return side;
}

namespace {

/// What opens of a copy that was kept, after its owner has deleted the backup and lost her recovery key to a thief.
struct Kept {
  demo::Said waiting, erased, gone, opened;  ///< what each of these was answered
  std::size_t left = 0;                      ///< snapshots that her storage still lists for her
  std::size_t receipts = 0;                  ///< of erasure, that alice was given
  std::size_t without = 0;                   ///< sentences read without a key of hers
  std::size_t by_client = 0;                 ///< with it, by the program as it is shipped
  std::size_t by_realms = 0;                 ///< by a program of his own that asks the realms
  std::size_t by_disks = 0;                  ///< by that program with every realm's disk of now, and one of before
  std::size_t by_one_part = 0;               ///< and with that one of before alone, as if its part were the whole
  std::size_t two_of_before = 0;             ///< and with two disks of before the deletion
};

std::size_t read_with_disks(const StolenBackup& copy, const OpenedBox& box, const vault::RealmSet& set,
                            const std::vector<const RealmDisk*>& disks, const std::vector<std::string>& sentences) {
  std::set<std::string> read;
  for (std::size_t i = 0; box && i < box->generations.size(); ++i) {
    const auto token = token_from_disks(set, box->generations[i], disks);
    if (token) read.merge(read_packs(copy, box->generations[i], *token, sentences));
  }
  return read.size();
}

std::size_t read_with_realms(const StolenBackup& copy, const OpenedBox& box, const Realms& realms,
                             const std::vector<std::string>& sentences) {
  std::set<std::string> read;
  for (std::size_t i = 0; box && i < box->generations.size(); ++i) {
    const auto token = token_from_realms(realms, box->generations[i]);
    if (token) read.merge(read_packs(copy, box->generations[i], *token, sentences));
  }
  return read.size();
}

Kept keep_a_copy(Owner& alice, Realms& realms) {
  Kept out;
  const std::string stick = alice.world().folder() + "/stick", kept = stick + "-kept";
  must(alice.backup("alice-1", "create", alice.alices_key(), {"--to", stick, "--realms", realms.file()}));
  fs::copy(stick, kept, fs::copy_options::recursive);
  must(alice.backup("alice-1", "restore", alice.alices_key(), {"--from", kept}));  // it is whole
  const auto before = realms.copy_disks("before");
  out.waiting = alice.run("alice-1", {"backup", "delete"});
  must(out.waiting);
  realms.pass_three_days();
  out.erased = alice.run("alice-1", {"backup", "delete"});
  must(out.erased);
  out.receipts = out.erased.json["receipts"].size();
  // The key box may stay, for what was begun after the first deletion and holds nothing.
  out.gone = alice.backup("alice-1", "list", alice.alices_key(), {"--from", stick});
  out.left = out.gone.good() ? out.gone.json["snapshots"].size() : 0;
  const auto after = realms.copy_disks("after");

  const StolenBackup copy = stolen_from_folder(kept);
  (void)alice.backup("mallory-1", "restore", alice.mallorys_key(), {"--from", kept});
  const OpenedBox beside = open_with_what_lies_beside(copy);
  out.without = search_files(kept, alice.said()).found.size() + read_packs(copy, beside, alice.said()).size() +
                alice.sentences_on("mallory-1");
  out.opened = alice.ask("recover", "thief-1", "alice@localhost", alice.alices_key(), {"--from", kept});
  out.by_client = alice.sentences_on("thief-1");
  const OpenedBox box = open_with_keys(copy, keys_of_paper(alice.alices_key(), "alice@localhost"));
  out.by_realms = read_with_realms(copy, box, realms, alice.said());
  const RealmDisk one(before[0]), two(before[1]), now_0(after[0]), now_1(after[1]), now_2(after[2]);
  out.by_disks = read_with_disks(copy, box, realms.set(), {&one, &now_0, &now_1, &now_2}, alice.said());
  const vault::RealmSet alone{{realms.set().realms.front()}, 1};
  out.by_one_part = read_with_disks(copy, box, alone, {&one}, alice.said());
  out.two_of_before = read_with_disks(copy, box, realms.set(), {&one, &two}, alice.said());
  return out;
}

}  // namespace

Side kept_copy_cairn(const WorldOptions& options) {
  Owner alice(options);
  Realms realms(alice.world(), options);
  const Kept found = keep_a_copy(alice, realms);
  const std::size_t all = alice.said().size();
  const std::size_t with = found.by_client + found.by_realms + found.by_disks + found.by_one_part;
  Side side;
  side.step("Alice", "storage", "a backup that the paper and two of three realms open");
  side.step("storage", "storage", "keeps a copy", Step::Kind::swapped);
  side.step("Alice", "realms",
            "erase your parts: done after three days, " + std::to_string(found.receipts) + " receipts");
  side.step("Alice", "thief", "her paper, stolen", Step::Kind::swapped);
  side.step("storage", "thief", "the copy");
  side.step("realms", "thief", "all their disks, as they are now", Step::Kind::swapped);
  side.step("thief", "thief", with == 0 ? "the copy stays shut" : "\"" + alice.said().front() + "\"",
            with == 0 ? Step::Kind::refused : Step::Kind::stolen);
  if (found.left != 0 || found.receipts < Realms::kThreshold || found.two_of_before != all) {
    side.got = "nothing to conclude: " + std::to_string(found.receipts) +
               " receipts of erasure, and with two disks of " + "before the deletion the attack's own program read " +
               of(found.two_of_before, all) + " sentences";
    return side;
  }
  side.conclude(found.without + with != 0,
                found.without != 0 ? "the copy opens without a key of Alice's"
                                   : "the copy opens after the deletion, with a paper that was stolen later");
  if (side.outcome == Outcome::refused) {
    side.got =
        "the realms erased their parts of the key, and the copy did not open for a thief with Alice's paper, all three "
        "realms' disks of today, and one realm's old disk";
    side.besides =
        "with the old disks of two realms it opens, and would with a printout of their part (Alice made none). A "
        "receipt is a promise, too: it shows what a realm says, not that it kept no copy";
  }
  side.show("Alice herself finds the backup that she deleted", found.left != 0 ? "yes" : "no");
  side.show("receipts of erasure, signed by realms", found.receipts);
  side.show("sentences read from the copy without a key of hers", of(found.without, all));
  side.show("with her paper, by the program as it is shipped", of(found.by_client, all));
  side.said("the thief's restore with Alice's paper", answer(found.opened));
  side.said("what Alice finds of the deleted backup", answer(found.gone));
  side.show("by a program of the thief's own, which asks the realms", of(found.by_realms, all));
  side.show("by that program with the disks of all three realms, and a copy of one from before the deletion",
            of(found.by_disks, all));
  side.show("by that program with that one copy alone, as if its part were the whole key", of(found.by_one_part, all));
  side.show("with copies of two from before the deletion (two of three in league with the storage)",
            of(found.two_of_before, all));
  side.reduced.push_back(
      {"The three days are not waited for: the realms' clocks are set ahead while they stand still.", ""});
  return side;
}

}  // namespace cairn::lab
